-- What the former log held against artifacts, when this log takes the place of one that could not go on.

SET LOCAL ROLE imprimatur_owner;

CREATE TABLE registry.carried (
    id       text CONSTRAINT carried_pkey PRIMARY KEY,
    artifact bytea NOT NULL,
    former   text NOT NULL,
    reason   text NOT NULL,
    entry    bytea NOT NULL,
    at       timestamptz NOT NULL
);
CREATE INDEX carried_artifact_index ON registry.carried (artifact);
GRANT SELECT, INSERT ON registry.carried TO imprimatur_writer;
