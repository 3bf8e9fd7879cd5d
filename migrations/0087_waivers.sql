-- Which rules of a pack were set aside for a version, by the digest of the statement that did so.

SET LOCAL ROLE imprimatur_owner;

CREATE TABLE registry.waiver (
    statement  bytea CONSTRAINT waiver_pkey PRIMARY KEY,
    document   bytea NOT NULL,
    version    text NOT NULL,
    rule       text NOT NULL,
    policy     bytea NOT NULL,
    principal  text NOT NULL,
    role       text NOT NULL,
    reason     text NOT NULL,
    at         timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX waiver_version_index ON registry.waiver (version);
GRANT SELECT, INSERT ON registry.waiver TO imprimatur_writer;
