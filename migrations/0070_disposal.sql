-- Disposal: what an entry of the log says may go, goes; everything else is refused as before.

SET LOCAL ROLE imprimatur_owner;

-- One row for each disposal, by the digest of the statement that two officers signed.
CREATE TABLE registry.disposal (
    statement  bytea CONSTRAINT disposal_pkey PRIMARY KEY,
    document   bytea NOT NULL,
    version    text NOT NULL,
    list       bytea NOT NULL,
    documents  bigint NOT NULL,
    bytes      bigint NOT NULL,
    kept_until timestamptz NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX disposal_version_index ON registry.disposal (version);
GRANT SELECT, INSERT ON registry.disposal TO imprimatur_writer;

-- A document is deleted by audit.dispose, below, and by nothing else that a role of the service can do. It
-- fires always, whatever session_replication_role is. The owner, whom nobody logs in as, can mean to get
-- round it, as round every trigger: what is gone without an entry that counts, `audit verify` names.
CREATE FUNCTION audit.refuse_unless_disposed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_user = 'imprimatur_owner'
        AND current_setting('imprimatur.disposing', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% on %.% is refused: the record is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
DROP TRIGGER append_only ON audit.document;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit.document
    FOR EACH ROW EXECUTE FUNCTION audit.refuse_unless_disposed();
ALTER TABLE audit.document ENABLE ALWAYS TRIGGER append_only;

-- Until the transaction ends nobody stores a document: one that is about to go could be named anew by
-- somebody who finds it still there.
CREATE FUNCTION audit.begin_disposal() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    LOCK TABLE audit.document IN SHARE ROW EXCLUSIVE MODE;
END $$;

-- Deletes the documents of a list that an entry of this transaction says are disposed of; answers how many.
-- Whether that entry counts (who signed it, whether the period was over) is for the service to decide and for
-- `audit verify` to check: here is only what a caller of this function cannot do without leaving an entry.
CREATE FUNCTION audit.dispose(entry_id bigint, list bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE gone bigint;
BEGIN
    IF NOT EXISTS (
        SELECT FROM audit.entry e JOIN audit.pending p ON p.entry_id = e.id
        WHERE e.id = dispose.entry_id
          AND position('"kind":"documents.disposed"'::bytea IN e.bytes) > 0
          AND position(convert_to('"list":"' || encode(dispose.list, 'hex') || '"', 'UTF8') IN e.bytes) > 0)
    THEN
        RAISE EXCEPTION 'entry % disposes of no such list', dispose.entry_id
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('imprimatur.disposing', 'on', true);
    DELETE FROM audit.document d
    USING (SELECT decode(name, 'hex') AS sha256
           FROM audit.document l,
                jsonb_array_elements_text(convert_from(l.bytes, 'UTF8')::jsonb -> 'documents') AS name
           WHERE l.sha256 = dispose.list) listed
    WHERE d.sha256 = listed.sha256 AND d.sha256 <> dispose.list;
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('imprimatur.disposing', '', true);
    RETURN gone;
END $$;
REVOKE ALL ON FUNCTION audit.begin_disposal(), audit.dispose(bigint, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.begin_disposal(), audit.dispose(bigint, bytea) TO imprimatur_writer;
