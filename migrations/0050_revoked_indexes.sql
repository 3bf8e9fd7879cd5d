-- Every gate asks what is revoked: a few rows of many.

SET LOCAL ROLE imprimatur_owner;

CREATE INDEX credential_revoked_index ON registry.credential (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX assignment_revoked_index ON registry.assignment (revoked_at) WHERE revoked_at IS NOT NULL;
