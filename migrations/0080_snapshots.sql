-- What agents said runs in an environment, by the digest of the statement that each signed.

SET LOCAL ROLE imprimatur_owner;

CREATE TABLE registry.snapshot (
    statement             bytea CONSTRAINT snapshot_pkey PRIMARY KEY,
    document              bytea NOT NULL,
    comparison            bytea NOT NULL,
    namespace             text NOT NULL,
    environment           text NOT NULL,
    principal             text NOT NULL,
    taken_at              timestamptz NOT NULL,
    due_at                timestamptz NOT NULL,
    items                 bigint NOT NULL,
    running               text[] NOT NULL,
    running_not_permitted bigint NOT NULL,
    permitted_not_running bigint NOT NULL,
    digest_differs        bigint NOT NULL,
    at                    timestamptz NOT NULL
);
CREATE INDEX snapshot_place_index ON registry.snapshot (namespace, environment, taken_at);
GRANT SELECT, INSERT ON registry.snapshot TO imprimatur_writer;
