-- Permits to start what runs again: until when the last one of a deployment holds.

SET LOCAL ROLE imprimatur_owner;

ALTER TABLE registry.deployment ADD COLUMN run_until timestamptz;
