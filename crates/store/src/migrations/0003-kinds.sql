-- Further kinds of credential: what names one openly, and what is kept of a secret beside its digest (a sealed secret, or a public key).
-- A previous release goes on working meanwhile: all it writes are API keys, which have neither.
ALTER TABLE credential ADD COLUMN public_id TEXT COLLATE "C";
CREATE UNIQUE INDEX credential_public_id ON credential (public_id) WHERE public_id IS NOT NULL;

ALTER TABLE version ADD COLUMN material_form TEXT COLLATE "C" NOT NULL DEFAULT 'digest';
ALTER TABLE version ADD COLUMN material BYTEA;
-- Secrets side by side: what each is for, and when it ends by itself.
ALTER TABLE version ADD COLUMN description TEXT COLLATE "C";
ALTER TABLE version ADD COLUMN expires_us BIGINT;
