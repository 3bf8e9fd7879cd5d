-- The projections: what readers see. Every row is made by replaying the log and the documents it names
-- (`imprimatur audit replay` does so and compares), so nothing here comes from a clock, a sequence or chance.

SET LOCAL ROLE imprimatur_owner;

CREATE SCHEMA registry;
GRANT USAGE ON SCHEMA registry TO imprimatur_writer;

-- The per-subject sequence number: the row that a command locks for every subject it reads or changes.
CREATE TABLE registry.subject (
    name text CONSTRAINT subject_pkey PRIMARY KEY,
    seq  bigint NOT NULL CONSTRAINT subject_seq_range CHECK (seq >= 0)
) WITH (fillfactor = 70);

CREATE TABLE registry.policy_pack (
    digest       bytea CONSTRAINT policy_pack_pkey PRIMARY KEY,
    name         text NOT NULL,
    version      text NOT NULL,
    statement    bytea NOT NULL,
    files        bytea NOT NULL,
    activated_at timestamptz NOT NULL
);

CREATE TABLE registry.principal (
    id               text CONSTRAINT principal_pkey PRIMARY KEY,
    kind             text NOT NULL CONSTRAINT principal_kind CHECK (kind IN ('person', 'service')),
    person           text NOT NULL,
    name_commitment  bytea,
    registered_at    timestamptz NOT NULL
);

CREATE TABLE registry.credential (
    key_id         text CONSTRAINT credential_pkey PRIMARY KEY,
    principal      text NOT NULL CONSTRAINT credential_principal_fkey REFERENCES registry.principal,
    statement      bytea NOT NULL,
    document       bytea NOT NULL,
    valid_from     timestamptz NOT NULL,
    valid_until    timestamptz NOT NULL,
    revoked_at     timestamptz,
    revoked_reason text
);
CREATE INDEX credential_principal_index ON registry.credential (principal);

CREATE TABLE registry.assignment (
    statement      bytea CONSTRAINT assignment_pkey PRIMARY KEY,
    document       bytea NOT NULL,
    principal      text NOT NULL CONSTRAINT assignment_principal_fkey REFERENCES registry.principal,
    person         text NOT NULL,
    role           text NOT NULL,
    namespace      text NOT NULL,
    valid_from     timestamptz NOT NULL,
    valid_until    timestamptz NOT NULL,
    revoked_at     timestamptz,
    revoked_reason text
);
CREATE INDEX assignment_principal_index ON registry.assignment (principal);

CREATE TABLE registry.token (
    id         text CONSTRAINT token_pkey PRIMARY KEY,
    principal  text NOT NULL CONSTRAINT token_principal_fkey REFERENCES registry.principal,
    hash       bytea NOT NULL CONSTRAINT token_hash_key UNIQUE,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);

CREATE TABLE registry.model (
    name     text CONSTRAINT model_pkey PRIMARY KEY,
    versions bigint NOT NULL
);

CREATE TABLE registry.version (
    name               text CONSTRAINT version_pkey PRIMARY KEY,
    model              text NOT NULL CONSTRAINT version_model_fkey REFERENCES registry.model,
    number             bigint NOT NULL,
    label              text NOT NULL,
    tier               text NOT NULL,
    state              text NOT NULL CONSTRAINT version_state
        CHECK (state IN ('open', 'rejected', 'withdrawn', 'retired')),
    card_statement     bytea NOT NULL,
    card_document      bytea NOT NULL,
    artifact_digest    bytea NOT NULL,
    manifest_document  bytea NOT NULL,
    signature_document bytea NOT NULL,
    signature_key      text NOT NULL,
    submitter          text NOT NULL CONSTRAINT version_submitter_fkey REFERENCES registry.principal,
    person             text NOT NULL,
    request_id         text NOT NULL CONSTRAINT version_request_key UNIQUE,
    request_nonce      text NOT NULL,
    policy             bytea NOT NULL,
    submitted_at       timestamptz NOT NULL,
    CONSTRAINT version_number_key UNIQUE (model, number)
);

CREATE TABLE registry.lineage (
    version  text NOT NULL CONSTRAINT lineage_version_fkey REFERENCES registry.version,
    position bigint NOT NULL,
    kind     text NOT NULL,
    label    text NOT NULL,
    name     text NOT NULL,
    digest   text NOT NULL,
    CONSTRAINT lineage_pkey PRIMARY KEY (version, position)
);
CREATE INDEX lineage_digest_index ON registry.lineage (digest);

CREATE TABLE registry.evaluation (
    statement    bytea CONSTRAINT evaluation_pkey PRIMARY KEY,
    document     bytea NOT NULL,
    version      text NOT NULL CONSTRAINT evaluation_version_fkey REFERENCES registry.version,
    kind         text NOT NULL,
    signer       text NOT NULL,
    evaluated_at timestamptz NOT NULL
);
CREATE INDEX evaluation_version_index ON registry.evaluation (version);

CREATE TABLE registry.approval (
    statement  bytea CONSTRAINT approval_pkey PRIMARY KEY,
    document   bytea NOT NULL,
    version    text NOT NULL CONSTRAINT approval_version_fkey REFERENCES registry.version,
    request_id text NOT NULL,
    principal  text NOT NULL CONSTRAINT approval_principal_fkey REFERENCES registry.principal,
    person     text NOT NULL,
    role       text NOT NULL,
    meaning    text NOT NULL CONSTRAINT approval_meaning CHECK (meaning IN ('approve', 'reject', 'withdraw')),
    signed_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX approval_version_index ON registry.approval (version);

CREATE TABLE registry.restriction (
    id      text CONSTRAINT restriction_pkey PRIMARY KEY,
    version text NOT NULL CONSTRAINT restriction_version_fkey REFERENCES registry.version,
    kind    text NOT NULL,
    reason  text NOT NULL,
    actor   text NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX restriction_version_index ON registry.restriction (version);

CREATE TABLE registry.decision (
    digest      bytea CONSTRAINT decision_pkey PRIMARY KEY,
    gate        text NOT NULL,
    version     text NOT NULL CONSTRAINT decision_version_fkey REFERENCES registry.version,
    environment text NOT NULL,
    verdict     text NOT NULL CONSTRAINT decision_verdict CHECK (verdict IN ('allow', 'deny')),
    requester   text NOT NULL,
    facts       bytea NOT NULL,
    policy      bytea NOT NULL,
    at          timestamptz NOT NULL
);
CREATE INDEX decision_version_index ON registry.decision (version);

CREATE TABLE registry.deployment (
    id           text CONSTRAINT deployment_pkey PRIMARY KEY,
    version      text NOT NULL CONSTRAINT deployment_version_fkey REFERENCES registry.version,
    environment  text NOT NULL,
    target       text NOT NULL,
    state        text NOT NULL CONSTRAINT deployment_state CHECK (state IN ('permitted', 'active', 'ended')),
    permit       bytea NOT NULL,
    decision     bytea NOT NULL,
    permitted_at timestamptz NOT NULL,
    not_after    timestamptz NOT NULL,
    confirmed_at timestamptz,
    ended_at     timestamptz
);
CREATE INDEX deployment_version_index ON registry.deployment (version);

CREATE TABLE registry.retirement (
    version     text CONSTRAINT retirement_pkey PRIMARY KEY
        CONSTRAINT retirement_version_fkey REFERENCES registry.version,
    certificate bytea NOT NULL,
    decision    bytea NOT NULL,
    reason      text NOT NULL,
    successor   text NOT NULL,
    at          timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA registry TO imprimatur_writer;

-- Personal data, outside everything that is signed: each value with its salt, sealed under its subject's key,
-- and that key wrapped by the key-encryption key, which is not in this database.
CREATE SCHEMA personal;
GRANT USAGE ON SCHEMA personal TO imprimatur_writer;
CREATE TABLE personal.subject_key (
    subject text CONSTRAINT subject_key_pkey PRIMARY KEY,
    kek     text NOT NULL,
    wrapped bytea NOT NULL
);
CREATE TABLE personal.secret (
    commitment bytea CONSTRAINT secret_pkey PRIMARY KEY,
    subject    text NOT NULL CONSTRAINT secret_subject_fkey REFERENCES personal.subject_key,
    sealed     bytea NOT NULL
);
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA personal TO imprimatur_writer;
