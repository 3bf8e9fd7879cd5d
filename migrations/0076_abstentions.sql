-- Who abstained from judging a version or is not to judge it, by the digest of the statement that each signed.

SET LOCAL ROLE imprimatur_owner;

CREATE TABLE registry.abstention (
    statement  bytea CONSTRAINT abstention_pkey PRIMARY KEY,
    document   bytea NOT NULL,
    version    text NOT NULL,
    request_id text NOT NULL,
    principal  text NOT NULL,
    role       text NOT NULL,
    meaning    text NOT NULL,
    reason     text NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX abstention_version_index ON registry.abstention (version);
GRANT SELECT, INSERT ON registry.abstention TO imprimatur_writer;
