-- Facts and decisions are long texts that repeat themselves, and a gate waits while they are stored: lz4
-- compresses them in less time than pglz. A server that was built without it keeps pglz.

SET LOCAL ROLE imprimatur_owner;

DO $$
BEGIN
    ALTER TABLE audit.document ALTER COLUMN bytes SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END $$;
