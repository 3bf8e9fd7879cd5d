-- Trust roots that came into force after the first, and what witnesses said of checkpoints.

SET LOCAL ROLE imprimatur_owner;

-- A projection of `root.changed`: only an index to the envelope, which is a signed document.
CREATE TABLE registry.trust_root (
    digest       bytea CONSTRAINT trust_root_pkey PRIMARY KEY,
    version      bigint NOT NULL CONSTRAINT trust_root_version_key UNIQUE,
    document     bytea NOT NULL,
    installed_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON registry.trust_root TO imprimatur_writer;
-- The sequencer looks whether its key still counts before it signs.
GRANT USAGE ON SCHEMA registry TO imprimatur_sequencer;
GRANT SELECT ON registry.trust_root TO imprimatur_sequencer;

-- Signature lines of witnesses over checkpoints, each verified before it is stored.
CREATE TABLE audit.cosignature (
    size    bigint NOT NULL,
    witness text NOT NULL,
    line    bytea NOT NULL CONSTRAINT cosignature_line_size CHECK (octet_length(line) BETWEEN 1 AND 16384),
    CONSTRAINT cosignature_pkey PRIMARY KEY (size, witness)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit.cosignature
    FOR EACH ROW EXECUTE FUNCTION audit.refuse();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.cosignature
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
ALTER TABLE audit.cosignature ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit.cosignature ENABLE ALWAYS TRIGGER no_truncate;
GRANT SELECT ON audit.cosignature TO imprimatur_writer, imprimatur_sequencer;
GRANT INSERT ON audit.cosignature TO imprimatur_sequencer;
