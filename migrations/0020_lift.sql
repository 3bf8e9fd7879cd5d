-- A suspension that its approvers lifted keeps its row: when, and by which signed statement.

SET LOCAL ROLE imprimatur_owner;

ALTER TABLE registry.restriction
    ADD COLUMN lifted_at timestamptz,
    ADD COLUMN lift      bytea,
    ADD CONSTRAINT restriction_lift CHECK ((lifted_at IS NULL) = (lift IS NULL));
