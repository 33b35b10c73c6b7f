-- The first schema: what one needs to make, verify, rotate and revoke a key, and to prove the revocation.
--
-- Ids are texts with a prefix; times are microseconds since 1970 (UTC); tags and epochs are 16 bytes. Texts compare byte for byte on
-- both engines, so that lists have one order. The tables with many rows have as few indexes as their queries allow, because each
-- costs every creation. The change log names kind and id, never values.

CREATE TABLE installation (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    epoch BYTEA NOT NULL,
    lease_ms BIGINT NOT NULL,
    master_key_check BYTEA,
    proof_key_sealed BYTEA,
    proof_public_key BYTEA,
    created_us BIGINT NOT NULL,
    -- The newest time of the store that could be trusted; it never goes back by itself.
    seen_us BIGINT NOT NULL
) /*STRICT*/;

CREATE TABLE head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    position BIGINT NOT NULL,
    tag BYTEA NOT NULL
) /*STRICT*/;

CREATE TABLE change_log (
    position BIGINT PRIMARY KEY,
    tag BYTEA NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    at_us BIGINT NOT NULL
) /*STRICT*/;

CREATE TABLE catalogue (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    text TEXT COLLATE "C" NOT NULL,
    applied_us BIGINT NOT NULL
) /*STRICT*/;
-- The row is there from the beginning, so that it can be locked; no time says that the built-in catalogue holds.
INSERT INTO catalogue (id, text, applied_us) VALUES (1, '', 0);

CREATE TABLE person (
    id TEXT COLLATE "C" PRIMARY KEY,
    mail TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    created_us BIGINT NOT NULL
) /*STRICT*/;

CREATE TABLE organisation (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    review TEXT COLLATE "C" NOT NULL,
    suspended BOOLEAN NOT NULL,
    created_us BIGINT NOT NULL
) /*STRICT*/;

CREATE TABLE member (
    id TEXT COLLATE "C" PRIMARY KEY,
    organisation_id TEXT COLLATE "C" NOT NULL REFERENCES organisation (id),
    person_id TEXT COLLATE "C" NOT NULL REFERENCES person (id),
    grants TEXT COLLATE "C" NOT NULL,
    created_us BIGINT NOT NULL,
    UNIQUE (organisation_id, person_id)
) /*STRICT*/;

CREATE TABLE application (
    id TEXT COLLATE "C" PRIMARY KEY,
    organisation_id TEXT COLLATE "C" NOT NULL REFERENCES organisation (id),
    name TEXT COLLATE "C" NOT NULL,
    domain TEXT COLLATE "C",
    own BOOLEAN NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    created_us BIGINT NOT NULL
) /*STRICT*/;
CREATE INDEX application_of_organisation ON application (organisation_id, id);

CREATE TABLE application_service (
    application_id TEXT COLLATE "C" NOT NULL REFERENCES application (id),
    service TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (application_id, service)
) /*STRICT, WITHOUT ROWID*/;

CREATE TABLE credential (
    id TEXT COLLATE "C" PRIMARY KEY,
    organisation_id TEXT COLLATE "C" NOT NULL REFERENCES organisation (id),
    application_id TEXT COLLATE "C" NOT NULL REFERENCES application (id),
    kind TEXT COLLATE "C" NOT NULL,
    service TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    permissions TEXT COLLATE "C" NOT NULL,
    networks TEXT COLLATE "C" NOT NULL,
    origins TEXT COLLATE "C" NOT NULL,
    rate_requests BIGINT,
    rate_per_us BIGINT,
    state TEXT COLLATE "C" NOT NULL,
    expires_us BIGINT,
    revoked_us BIGINT,
    created_us BIGINT NOT NULL,
    overlap_us BIGINT
) /*STRICT, WITHOUT ROWID*/;
CREATE INDEX credential_of_application ON credential (application_id, id);
-- For housekeeping; most rows are in none of these, so making a credential costs nothing more.
CREATE INDEX credential_revoked ON credential (revoked_us) WHERE revoked_us IS NOT NULL;
CREATE INDEX credential_expiring ON credential (expires_us) WHERE expires_us IS NOT NULL;

CREATE TABLE version (
    credential_id TEXT COLLATE "C" NOT NULL REFERENCES credential (id),
    number BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    until_us BIGINT,
    digest BYTEA NOT NULL UNIQUE,
    hint TEXT COLLATE "C" NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (credential_id, number)
) /*STRICT, WITHOUT ROWID*/;
CREATE INDEX version_ending ON version (until_us) WHERE until_us IS NOT NULL;
CREATE INDEX version_pending ON version (credential_id) WHERE state = 'pending';

CREATE TABLE resource_server (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    services TEXT COLLATE "C" NOT NULL,
    environments TEXT COLLATE "C" NOT NULL,
    created_us BIGINT NOT NULL,
    revoked_us BIGINT
) /*STRICT*/;

CREATE TABLE resource_server_token (
    resource_server_id TEXT COLLATE "C" NOT NULL REFERENCES resource_server (id),
    digest BYTEA NOT NULL UNIQUE,
    until_us BIGINT,
    created_us BIGINT NOT NULL
) /*STRICT*/;
CREATE INDEX resource_server_token_of_resource_server ON resource_server_token (resource_server_id);

CREATE TABLE verifier (
    id TEXT COLLATE "C" PRIMARY KEY,
    node TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    software TEXT COLLATE "C" NOT NULL,
    epoch BYTEA NOT NULL,
    applied_position BIGINT NOT NULL,
    reported_us BIGINT NOT NULL,
    registered_us BIGINT NOT NULL
) /*STRICT*/;

CREATE TABLE usage (
    credential_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL,
    last_us BIGINT NOT NULL,
    last_source TEXT COLLATE "C",
    PRIMARY KEY (credential_id, version, code)
) /*STRICT, WITHOUT ROWID*/;

CREATE TABLE usage_segment (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    node TEXT COLLATE "C" NOT NULL,
    folded BIGINT NOT NULL,
    data BYTEA NOT NULL,
    at_us BIGINT NOT NULL
) /*STRICT*/;

CREATE TABLE audit (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    at_us BIGINT NOT NULL,
    organisation_id TEXT COLLATE "C",
    actor TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL
) /*STRICT*/;

CREATE TABLE audit_personal (
    audit_id BIGINT PRIMARY KEY REFERENCES audit (id),
    value TEXT COLLATE "C" NOT NULL
) /*STRICT*/;
