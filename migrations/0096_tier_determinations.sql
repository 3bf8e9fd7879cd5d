-- In which tier validators put versions, by the digest of the statement that did so.

SET LOCAL ROLE imprimatur_owner;

CREATE TABLE registry.tier_determination (
    statement  bytea CONSTRAINT tier_determination_pkey PRIMARY KEY,
    document   bytea NOT NULL,
    version    text NOT NULL,
    derived    bigint NOT NULL,
    tier       bigint NOT NULL,
    policy     bytea NOT NULL,
    reason     text NOT NULL,
    principals text[] NOT NULL,
    roles      text[] NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX tier_determination_version_index ON registry.tier_determination (version);
GRANT SELECT, INSERT ON registry.tier_determination TO imprimatur_writer;
