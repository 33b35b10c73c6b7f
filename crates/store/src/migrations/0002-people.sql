-- People around the key: who signs in, with what grants, and what they and their programs did. The release before runs on this schema
-- as well: it only adds.
--
-- Whatever proves something (a session, a link, a code, a token) is kept as a digest; what must be sent on is sealed under the master key.

CREATE TABLE operator (
    person_id TEXT COLLATE "C" PRIMARY KEY REFERENCES person (id),
    created_us BIGINT NOT NULL
) /*STRICT*/;

-- A sign-in that was asked for. Without a browser it is the API's (named by its id) or, with a link only, one that was made at the machine.
CREATE TABLE sign_in (
    id TEXT COLLATE "C" PRIMARY KEY,
    -- None: the first operator's, who says on the page which address is theirs.
    mail TEXT COLLATE "C",
    browser_digest BYTEA,
    link_digest BYTEA UNIQUE,
    code_digest BYTEA,
    tries BIGINT NOT NULL,
    -- Where to go afterwards, within the hub.
    return_to TEXT COLLATE "C",
    -- Makes the person an operator: a link for the first one.
    operator BOOLEAN NOT NULL,
    mail_id TEXT COLLATE "C",
    -- Where it was asked from, so that nobody asks without end.
    source TEXT COLLATE "C",
    created_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    used_us BIGINT
) /*STRICT*/;
CREATE INDEX sign_in_of_mail ON sign_in (mail, created_us);
CREATE INDEX sign_in_of_source ON sign_in (source, created_us);
CREATE INDEX sign_in_of_browser ON sign_in (browser_digest);
CREATE INDEX sign_in_until ON sign_in (until_us);

CREATE TABLE session (
    id TEXT COLLATE "C" PRIMARY KEY,
    digest BYTEA NOT NULL UNIQUE,
    person_id TEXT COLLATE "C" NOT NULL REFERENCES person (id),
    -- None: a session of the hub. Otherwise an access token for the API.
    access_token BOOLEAN NOT NULL,
    organisation_id TEXT COLLATE "C" REFERENCES organisation (id),
    agent TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C",
    signed_in_us BIGINT NOT NULL,
    seen_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL
) /*STRICT*/;
CREATE INDEX session_of_person ON session (person_id);
CREATE INDEX session_until ON session (until_us);

CREATE TABLE application_grant (
    application_id TEXT COLLATE "C" NOT NULL REFERENCES application (id),
    member_id TEXT COLLATE "C" NOT NULL REFERENCES member (id),
    grants TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (application_id, member_id)
) /*STRICT, WITHOUT ROWID*/;
CREATE INDEX application_grant_of_member ON application_grant (member_id, application_id);
CREATE INDEX member_of_person ON member (person_id);

CREATE TABLE management_token (
    id TEXT COLLATE "C" PRIMARY KEY,
    organisation_id TEXT COLLATE "C" NOT NULL REFERENCES organisation (id),
    -- None: made at the machine.
    person_id TEXT COLLATE "C" REFERENCES person (id),
    name TEXT COLLATE "C" NOT NULL,
    grants TEXT COLLATE "C" NOT NULL,
    application_grants TEXT COLLATE "C" NOT NULL,
    digest BYTEA NOT NULL UNIQUE,
    hint TEXT COLLATE "C" NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT,
    revoked_us BIGINT,
    seen_us BIGINT
) /*STRICT*/;
CREATE INDEX management_token_of_organisation ON management_token (organisation_id, id);
CREATE INDEX management_token_of_person ON management_token (person_id);

CREATE TABLE invitation (
    id TEXT COLLATE "C" PRIMARY KEY,
    organisation_id TEXT COLLATE "C" NOT NULL REFERENCES organisation (id),
    mail TEXT COLLATE "C" NOT NULL,
    grants TEXT COLLATE "C" NOT NULL,
    -- One application and the grants on it, separated by a space; several, by newlines.
    application_grants TEXT COLLATE "C" NOT NULL,
    -- None: invited from the machine, or with a token that was made there.
    inviter_id TEXT COLLATE "C" REFERENCES person (id),
    -- None: invited without a token.
    inviter_token_id TEXT COLLATE "C" REFERENCES management_token (id),
    created_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    accepted_us BIGINT,
    withdrawn_us BIGINT
) /*STRICT*/;
CREATE INDEX invitation_of_organisation ON invitation (organisation_id, id);
-- How many were made lately.
CREATE INDEX invitation_made ON invitation (organisation_id, created_us);
CREATE INDEX invitation_of_mail ON invitation (mail, created_us);

-- What an organisation says of itself: for its review, and for its bills.
CREATE TABLE organisation_profile (
    organisation_id TEXT COLLATE "C" PRIMARY KEY REFERENCES organisation (id),
    legal_name TEXT COLLATE "C",
    address TEXT COLLATE "C",
    country TEXT COLLATE "C",
    tax_id TEXT COLLATE "C",
    billing_mail TEXT COLLATE "C",
    website TEXT COLLATE "C",
    purpose TEXT COLLATE "C",
    handed_in_us BIGINT,
    -- What the operator wrote when handing it back.
    remark TEXT COLLATE "C"
) /*STRICT*/;
CREATE INDEX organisation_of_name ON organisation (name);

CREATE TABLE image (
    -- Hexadecimal SHA-256 of the bytes, which are those that were encoded here.
    digest TEXT COLLATE "C" PRIMARY KEY,
    bytes BYTEA NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    created_us BIGINT NOT NULL
) /*STRICT*/;

ALTER TABLE application ADD COLUMN internal_name TEXT COLLATE "C";
ALTER TABLE application ADD COLUMN description TEXT COLLATE "C";
ALTER TABLE application ADD COLUMN privacy_url TEXT COLLATE "C";
ALTER TABLE application ADD COLUMN logo TEXT COLLATE "C";

CREATE INDEX application_own ON application (organisation_id) WHERE own;
CREATE INDEX application_logo ON application (logo) WHERE logo IS NOT NULL;

-- Services that are not open to everybody, and who may have them.
CREATE TABLE organisation_service (
    organisation_id TEXT COLLATE "C" NOT NULL REFERENCES organisation (id),
    service TEXT COLLATE "C" NOT NULL,
    -- None: all permissions of the service.
    permissions TEXT COLLATE "C",
    created_us BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, service)
) /*STRICT, WITHOUT ROWID*/;

-- Mails that wait to leave, sealed.
CREATE TABLE mail (
    id TEXT COLLATE "C" PRIMARY KEY,
    sealed BYTEA NOT NULL,
    tries BIGINT NOT NULL,
    next_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    -- What went wrong the last time, without addresses.
    trouble TEXT COLLATE "C"
) /*STRICT*/;
CREATE INDEX mail_next ON mail (next_us);

CREATE TABLE idempotency (
    caller TEXT COLLATE "C" NOT NULL,
    route TEXT COLLATE "C" NOT NULL,
    key_digest BYTEA NOT NULL,
    body_digest BYTEA NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C",
    subject_version BIGINT,
    status BIGINT,
    location TEXT COLLATE "C",
    answer TEXT COLLATE "C",
    sealed BYTEA,
    sealed_until_us BIGINT,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (caller, route, key_digest)
) /*STRICT, WITHOUT ROWID*/;
CREATE INDEX idempotency_created ON idempotency (created_us);
CREATE INDEX idempotency_sealed ON idempotency (sealed_until_us);

-- Lists show one environment at a time.
DROP INDEX credential_of_application;
CREATE INDEX credential_of_environment ON credential (application_id, environment, id);
-- What ends soon is told about; most rows are in neither.
CREATE INDEX credential_expiring_of_organisation ON credential (organisation_id, expires_us) WHERE expires_us IS NOT NULL;
CREATE INDEX version_retiring ON version (until_us) WHERE state = 'retiring';

ALTER TABLE audit ADD COLUMN application_id TEXT COLLATE "C";
CREATE INDEX audit_of_organisation ON audit (organisation_id, id);
CREATE INDEX audit_of_application ON audit (application_id, id) WHERE application_id IS NOT NULL;
CREATE INDEX audit_of_subject ON audit (subject, id);
CREATE INDEX audit_of_actor ON audit (actor, id);

-- Verdicts by the hour (in hours since 1970), for charts: about an application or, added up, about an organisation.
CREATE TABLE usage_hour (
    subject TEXT COLLATE "C" NOT NULL,
    hour BIGINT NOT NULL,
    -- The organisation of an application; none: the subject is an organisation.
    organisation_id TEXT COLLATE "C",
    accepted BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    last_us BIGINT NOT NULL,
    PRIMARY KEY (subject, hour)
) /*STRICT, WITHOUT ROWID*/;
CREATE INDEX usage_hour_of_organisation ON usage_hour (organisation_id, hour) WHERE organisation_id IS NOT NULL;
CREATE INDEX usage_hour_old ON usage_hour (hour);
