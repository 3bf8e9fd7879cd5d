-- What builders say of how versions were built, by statement and version.

SET LOCAL ROLE imprimatur_owner;

CREATE TABLE registry.provenance (
    id             text CONSTRAINT provenance_pkey PRIMARY KEY,
    statement      bytea NOT NULL,
    document       bytea NOT NULL,
    version        text NOT NULL,
    predicate_type text NOT NULL,
    subject        bytea NOT NULL,
    file           text NOT NULL,
    signer         text NOT NULL,
    principal      text NOT NULL,
    builder        text NOT NULL,
    build_type     text NOT NULL,
    materials      bigint NOT NULL,
    lineage        text NOT NULL,
    at             timestamptz NOT NULL
);
CREATE INDEX provenance_version_index ON registry.provenance (version);
GRANT SELECT, INSERT ON registry.provenance TO imprimatur_writer;
