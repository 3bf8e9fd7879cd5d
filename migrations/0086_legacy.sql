-- What ran before anybody asked for approval: these bytes in this environment, due by a date.

SET LOCAL ROLE imprimatur_owner;

CREATE TABLE registry.legacy (
    id          text CONSTRAINT legacy_pkey PRIMARY KEY,
    statement   bytea NOT NULL,
    document    bytea NOT NULL,
    model       text NOT NULL,
    artifact    bytea NOT NULL,
    environment text NOT NULL,
    due_at      timestamptz NOT NULL,
    at          timestamptz NOT NULL
);
CREATE INDEX legacy_model_index ON registry.legacy (model);
GRANT SELECT, INSERT ON registry.legacy TO imprimatur_writer;
