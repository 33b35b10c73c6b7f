-- Further kinds of credential: what names one openly, and what is kept of a secret beside its digest (a sealed secret, or a public key).
-- A previous release goes on working meanwhile: all it writes are API keys, which have neither.
ALTER TABLE credential ADD COLUMN public_id TEXT COLLATE "C";
CREATE UNIQUE INDEX credential_public_id ON credential (public_id) WHERE public_id IS NOT NULL;

ALTER TABLE version ADD COLUMN material_form TEXT COLLATE "C" NOT NULL DEFAULT 'digest';
ALTER TABLE version ADD COLUMN material BYTEA;
-- Secrets side by side: what each is for, and when it ends by itself.
ALTER TABLE version ADD COLUMN description TEXT COLLATE "C";
ALTER TABLE version ADD COLUMN expires_us BIGINT;
-- 1: it is retired because its time was over, and access tokens that were got by it live on. What a previous release retires takes them along.
ALTER TABLE version ADD COLUMN ran_out BIGINT NOT NULL DEFAULT 0;

-- Fingerprints of public keys that were ever a credential's, also of those that are forgotten: a key is one credential's for ever.
CREATE TABLE public_key_taken (
    digest BYTEA PRIMARY KEY,
    -- Whose it is said to be, without proof: until that credential's version ends, or somebody proves that they hold the key. None: it was proved.
    unproved_by TEXT COLLATE "C"
) /*STRICT, WITHOUT ROWID*/;
CREATE INDEX public_key_unproved ON public_key_taken (unproved_by) WHERE unproved_by IS NOT NULL;

-- Nonces of signed requests, for all nodes of a cluster; a single node keeps its own in memory. What has to outlive a crash is in nonce_ahead.
CREATE /*UNLOGGED*/ TABLE nonce (
    key BYTEA PRIMARY KEY,
    until_us BIGINT NOT NULL,
    -- Tells whose claim it was, where the answer was lost on its way.
    claim BIGINT NOT NULL
) /*STRICT, WITHOUT ROWID*/;
CREATE INDEX nonce_until ON nonce (until_us);
-- When this memory began; no row: just now.
CREATE /*UNLOGGED*/ TABLE nonce_memory (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    born_us BIGINT NOT NULL
) /*STRICT*/;

-- Nonces of signatures that say they are of a time ahead. These would still be good for a memory that begins after a crash, so they are written ahead.
CREATE TABLE nonce_ahead (
    key BYTEA PRIMARY KEY,
    created_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    claim BIGINT NOT NULL
) /*STRICT, WITHOUT ROWID*/;
CREATE INDEX nonce_ahead_until ON nonce_ahead (until_us);

-- Access tokens: their form where a credential has one of its own, and from when on those that were issued before have ended.
ALTER TABLE credential ADD COLUMN token_form TEXT COLLATE "C";
ALTER TABLE credential ADD COLUMN tokens_not_before_us BIGINT;
-- Tokens that were ended one by one, until they would have expired anyway.
CREATE TABLE ended_token (
    id TEXT COLLATE "C" PRIMARY KEY,
    credential_id TEXT COLLATE "C" NOT NULL,
    until_us BIGINT NOT NULL
) /*STRICT, WITHOUT ROWID*/;
CREATE INDEX ended_token_of_credential ON ended_token (credential_id, until_us);
CREATE INDEX ended_token_until ON ended_token (until_us);
-- Keys that sign access tokens; the private half is sealed.
CREATE TABLE signing_key (
    id TEXT COLLATE "C" PRIMARY KEY,
    algorithm TEXT COLLATE "C" NOT NULL,
    public_key BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    -- It signs from then on, until a later one does.
    active_us BIGINT NOT NULL,
    -- Nothing that it has signed is still good from then on; none: it has no successor.
    ends_us BIGINT
) /*STRICT, WITHOUT ROWID*/;

-- Initial access tokens: whoever holds one registers clients of one application, for one service in one environment (RFC 7591 section 3).
CREATE TABLE registration_token (
    id TEXT COLLATE "C" PRIMARY KEY,
    organisation_id TEXT COLLATE "C" NOT NULL,
    application_id TEXT COLLATE "C" NOT NULL,
    -- Who made it, and bounds it with what they hold; none: somebody at the machine.
    person_id TEXT COLLATE "C",
    name TEXT COLLATE "C" NOT NULL,
    service TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    digest BYTEA NOT NULL UNIQUE,
    hint TEXT COLLATE "C" NOT NULL,
    clients_max BIGINT NOT NULL,
    clients BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    revoked_us BIGINT
) /*STRICT, WITHOUT ROWID*/;
CREATE INDEX registration_token_of_application ON registration_token (application_id, id);
-- Clients that registered themselves, each with the token by which it changes itself (RFC 7592 section 3).
CREATE TABLE registered_client (
    credential_id TEXT COLLATE "C" PRIMARY KEY,
    registration_token_id TEXT COLLATE "C" NOT NULL,
    digest BYTEA NOT NULL UNIQUE,
    authentication TEXT COLLATE "C" NOT NULL
) /*STRICT, WITHOUT ROWID*/;
