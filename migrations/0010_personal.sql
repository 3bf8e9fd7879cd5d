-- Holds and erasures: projections of the log, and what an erasure does to the personal values beside it.

SET LOCAL ROLE imprimatur_owner;

CREATE TABLE registry.hold (
    id              text CONSTRAINT hold_pkey PRIMARY KEY,
    scope           text NOT NULL,
    namespace       text NOT NULL,
    reason          text NOT NULL,
    actor           text NOT NULL,
    placed_at       timestamptz NOT NULL,
    released_at     timestamptz,
    release         bytea,
    release_reason  text
);
CREATE INDEX hold_scope_index ON registry.hold (scope);

-- The tombstone of a subject: its values are gone, its commitments are where they were.
CREATE TABLE registry.erasure (
    subject     text CONSTRAINT erasure_pkey PRIMARY KEY,
    statement   bytea NOT NULL,
    document    bytea NOT NULL,
    commitments bigint NOT NULL,
    kek         text NOT NULL,
    at          timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON registry.hold, registry.erasure TO imprimatur_writer;

-- Which key-encryption key is in force: every instance must have this one before it seals anything.
CREATE TABLE personal.kek (
    one  boolean CONSTRAINT kek_pkey PRIMARY KEY DEFAULT true CONSTRAINT kek_one CHECK (one),
    name text NOT NULL
);
GRANT SELECT, INSERT, UPDATE (name) ON personal.kek TO imprimatur_writer;
GRANT UPDATE (kek, wrapped) ON personal.subject_key TO imprimatur_writer;
CREATE INDEX secret_subject_index ON personal.secret (subject);

-- The writer deletes nothing itself: this destroys one subject whole, and answers its commitments.
CREATE FUNCTION personal.erase(erased text) RETURNS SETOF bytea
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    DELETE FROM personal.secret WHERE subject = erased RETURNING commitment;
END;
CREATE FUNCTION personal.erase_key(erased text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    DELETE FROM personal.subject_key WHERE subject = erased;
END;
REVOKE ALL ON FUNCTION personal.erase(text), personal.erase_key(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION personal.erase(text), personal.erase_key(text) TO imprimatur_writer;
