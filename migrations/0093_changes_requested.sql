-- An approver can ask for changes, and a version of which one did is in a state of its own.

SET LOCAL ROLE imprimatur_owner;

ALTER TABLE registry.version
    DROP CONSTRAINT version_state,
    ADD CONSTRAINT version_state
        CHECK (state IN ('open', 'rejected', 'changes-requested', 'withdrawn', 'retired'));

ALTER TABLE registry.approval
    DROP CONSTRAINT approval_meaning,
    ADD CONSTRAINT approval_meaning
        CHECK (meaning IN ('approve', 'reject', 'request-changes', 'withdraw'));
