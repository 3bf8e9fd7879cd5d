-- Who may approve for whom, by the digest of the statement that the delegator signed. What a delegation is worth
-- the gate reads from the log and the statement; a row only shows it, and its revocation counts beside the log's.

SET LOCAL ROLE imprimatur_owner;

CREATE TABLE registry.delegation (
    statement      bytea CONSTRAINT delegation_pkey PRIMARY KEY,
    document       bytea NOT NULL,
    delegator      text NOT NULL,
    delegate       text NOT NULL,
    role           text NOT NULL,
    scope          text NOT NULL,
    highest_tier   text NOT NULL,
    reason         text NOT NULL,
    valid_from     timestamptz NOT NULL,
    valid_until    timestamptz NOT NULL,
    revoked_at     timestamptz,
    revoked_reason text
);
CREATE INDEX delegation_delegator_index ON registry.delegation (delegator);
CREATE INDEX delegation_delegate_index ON registry.delegation (delegate);
GRANT SELECT, INSERT, UPDATE (revoked_at, revoked_reason) ON registry.delegation TO imprimatur_writer;
