-- When the glass was broken for a version in an environment, and what a third person found of it.

SET LOCAL ROLE imprimatur_owner;

CREATE TABLE registry.break_glass (
    statement     bytea CONSTRAINT break_glass_pkey PRIMARY KEY,
    document      bytea NOT NULL,
    version       text NOT NULL,
    artifact      bytea NOT NULL,
    environment   text NOT NULL,
    policy        bytea NOT NULL,
    incident      text NOT NULL,
    reason        text NOT NULL,
    principals    text[] NOT NULL,
    roles         text[] NOT NULL,
    at            timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    review_due_at timestamptz NOT NULL
);
CREATE INDEX break_glass_version_index ON registry.break_glass (version);
GRANT SELECT, INSERT ON registry.break_glass TO imprimatur_writer;

CREATE TABLE registry.break_glass_review (
    statement   bytea CONSTRAINT break_glass_review_pkey PRIMARY KEY,
    document    bytea NOT NULL,
    version     text NOT NULL,
    break_glass bytea NOT NULL,
    principal   text NOT NULL,
    role        text NOT NULL,
    verdict     text NOT NULL,
    reason      text NOT NULL,
    at          timestamptz NOT NULL
);
CREATE INDEX break_glass_review_version_index ON registry.break_glass_review (version);
GRANT SELECT, INSERT ON registry.break_glass_review TO imprimatur_writer;
