-- The log: entries, their places in the tree, and what is served of it.
-- Roles (owner, migrator, writer, sequencer) exist before this runs; see docs/architecture.md.

SET LOCAL ROLE imprimatur_owner;

CREATE SCHEMA audit;
GRANT USAGE ON SCHEMA audit TO imprimatur_writer, imprimatur_sequencer;

-- What happened, as the exact bytes that are hashed. CACHE 1: an entry that saw another has the higher id.
CREATE TABLE audit.entry (
    id        bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) CONSTRAINT entry_pkey PRIMARY KEY,
    bytes     bytea NOT NULL CONSTRAINT entry_bytes_size CHECK (octet_length(bytes) BETWEEN 2 AND 65535),
    leaf_hash bytea GENERATED ALWAYS AS (sha256('\x00'::bytea || bytes)) STORED
);
ALTER TABLE audit.entry ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- Entries that have no place in the log yet (no foreign keys here or in audit.leaf: the sequencer reads and
-- re-hashes the entry itself, and `audit verify` names a row without one). Narrow, and emptied by the sequencer all the time.
CREATE TABLE audit.pending (
    entry_id bigint CONSTRAINT pending_pkey PRIMARY KEY
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- The place of each entry, its leaf hash as it was when it was integrated, and the hash chain.
CREATE TABLE audit.leaf (
    index      bigint CONSTRAINT leaf_pkey PRIMARY KEY CONSTRAINT leaf_index_range CHECK (index >= 0),
    entry_id   bigint NOT NULL CONSTRAINT leaf_entry_key UNIQUE,
    leaf_hash  bytea NOT NULL CONSTRAINT leaf_hash_size CHECK (octet_length(leaf_hash) = 32),
    chain_hash bytea NOT NULL CONSTRAINT leaf_chain_size CHECK (octet_length(chain_hash) = 32)
);

-- Receipts are asked for by leaf hash.
CREATE INDEX leaf_hash_index ON audit.leaf USING hash (leaf_hash);

-- The state of the tree at its right edge: one row, locked by the sequencer. `epoch` is its fence.
CREATE TABLE audit.head (
    one     boolean CONSTRAINT head_pkey PRIMARY KEY DEFAULT true CONSTRAINT head_one CHECK (one),
    origin  text NOT NULL,
    size    bigint NOT NULL CONSTRAINT head_size_range CHECK (size >= 0),
    compact bytea NOT NULL,
    chain   bytea NOT NULL CONSTRAINT head_chain_size CHECK (octet_length(chain) = 32),
    epoch   bigint NOT NULL
);

-- Hash tiles of 256, each with as many hashes as exist so far; narrower widths are prefixes.
CREATE TABLE audit.tile (
    level  bigint NOT NULL CONSTRAINT tile_level_range CHECK (level BETWEEN 0 AND 7),
    number bigint NOT NULL CONSTRAINT tile_number_range CHECK (number >= 0),
    hashes bytea NOT NULL
        CONSTRAINT tile_width CHECK (octet_length(hashes) BETWEEN 32 AND 8192
                                     AND octet_length(hashes) % 32 = 0),
    CONSTRAINT tile_pkey PRIMARY KEY (level, number)
);
-- Hashes cannot be compressed: trying costs time at every batch.
ALTER TABLE audit.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- Every checkpoint that was ever signed, before anyone sees it.
CREATE TABLE audit.checkpoint (
    size bigint CONSTRAINT checkpoint_pkey PRIMARY KEY,
    root bytea NOT NULL CONSTRAINT checkpoint_root_size CHECK (octet_length(root) = 32),
    note bytea NOT NULL
);

-- Things too large for an entry, or signed by others: named by their digest.
CREATE TABLE audit.document (
    sha256 bytea CONSTRAINT document_pkey PRIMARY KEY,
    bytes  bytea NOT NULL CONSTRAINT document_size CHECK (octet_length(bytes) <= 67108864),
    CONSTRAINT document_digest CHECK (sha256 = sha256(bytes))
);

-- One row for each write that came with an Idempotency-Key; what it says stands in the entry too.
CREATE TABLE audit.idempotency (
    key_digest  bytea CONSTRAINT idempotency_pkey PRIMARY KEY,
    body_digest bytea NOT NULL,
    entry_id    bigint NOT NULL
);

CREATE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: the record is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- ENABLE ALWAYS: these fire even where session_replication_role is 'replica'.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['entry', 'leaf', 'checkpoint', 'document', 'idempotency'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit.%I
                        FOR EACH ROW EXECUTE FUNCTION audit.refuse()', name);
        EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.%I
                        FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse()', name);
        EXECUTE format('ALTER TABLE audit.%I ENABLE ALWAYS TRIGGER append_only', name);
        EXECUTE format('ALTER TABLE audit.%I ENABLE ALWAYS TRIGGER no_truncate', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['head', 'tile', 'pending'] LOOP
        EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.%I
                        FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse()', name);
        EXECUTE format('ALTER TABLE audit.%I ENABLE ALWAYS TRIGGER no_truncate', name);
    END LOOP;
END $$;

-- Tiles and head only grow.
CREATE FUNCTION audit.only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'DELETE on %.% is refused: the log only grows', TG_TABLE_SCHEMA, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_TABLE_NAME = 'tile' THEN
        IF substring(NEW.hashes FROM 1 FOR octet_length(OLD.hashes)) <> OLD.hashes
            OR NEW.level <> OLD.level OR NEW.number <> OLD.number THEN
            RAISE EXCEPTION 'tile %/% may only be extended', OLD.level, OLD.number
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    ELSIF NEW.size < OLD.size OR NEW.epoch < OLD.epoch OR NEW.origin <> OLD.origin THEN
        RAISE EXCEPTION 'the head may only grow' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_grow BEFORE UPDATE OR DELETE ON audit.tile
    FOR EACH ROW EXECUTE FUNCTION audit.only_grow();
CREATE TRIGGER only_grow BEFORE UPDATE OR DELETE ON audit.head
    FOR EACH ROW EXECUTE FUNCTION audit.only_grow();
ALTER TABLE audit.tile ENABLE ALWAYS TRIGGER only_grow;
ALTER TABLE audit.head ENABLE ALWAYS TRIGGER only_grow;

GRANT SELECT ON ALL TABLES IN SCHEMA audit TO imprimatur_writer, imprimatur_sequencer;
GRANT INSERT ON audit.entry, audit.pending, audit.document, audit.idempotency TO imprimatur_writer;
GRANT DELETE ON audit.pending TO imprimatur_sequencer;
GRANT INSERT ON audit.leaf, audit.checkpoint, audit.tile TO imprimatur_sequencer;
GRANT UPDATE (size, compact, chain, epoch) ON audit.head TO imprimatur_sequencer;
GRANT UPDATE (hashes) ON audit.tile TO imprimatur_sequencer;
