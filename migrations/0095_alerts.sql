-- What monitors and officers said of versions: that they drift, or did harm.

SET LOCAL ROLE imprimatur_owner;

CREATE TABLE registry.alert (
    id        text CONSTRAINT alert_pkey PRIMARY KEY,
    version   text NOT NULL,
    cause     text NOT NULL,
    name      text NOT NULL,
    value     text,
    threshold text,
    reason    text NOT NULL,
    actor     text NOT NULL,
    at        timestamptz NOT NULL
);
CREATE INDEX alert_version_index ON registry.alert (version);
GRANT SELECT, INSERT ON registry.alert TO imprimatur_writer;
