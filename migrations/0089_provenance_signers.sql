-- The same statement on a version counts for everybody who signed it: nobody takes its place from another.
-- The column id stays as it is, since digests of the table in the log are over it.

SET LOCAL ROLE imprimatur_owner;

ALTER TABLE registry.provenance
    DROP CONSTRAINT provenance_pkey,
    ADD CONSTRAINT provenance_pkey PRIMARY KEY (id, signer);
