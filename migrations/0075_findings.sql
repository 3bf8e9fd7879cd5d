-- What reviewers found about versions, by the digest of the statement that each signed; a closed one keeps
-- its row: when, and by which signed statement.

SET LOCAL ROLE imprimatur_owner;

CREATE TABLE registry.finding (
    statement  bytea CONSTRAINT finding_pkey PRIMARY KEY,
    document   bytea NOT NULL,
    version    text NOT NULL,
    severity   text NOT NULL,
    blocking   boolean NOT NULL,
    summary    text NOT NULL,
    owner      text NOT NULL,
    due_at     timestamptz NOT NULL,
    approval   bytea,
    principal  text NOT NULL,
    role       text NOT NULL,
    raised_at  timestamptz NOT NULL,
    closed_at  timestamptz,
    closure    bytea,
    resolution text,
    CONSTRAINT finding_closure CHECK ((closed_at IS NULL) = (closure IS NULL))
);
CREATE INDEX finding_version_index ON registry.finding (version);
GRANT SELECT, INSERT, UPDATE ON registry.finding TO imprimatur_writer;
