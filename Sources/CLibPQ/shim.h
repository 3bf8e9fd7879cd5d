// What libpq offers and Swift cannot import by itself.
#ifndef IMPRIMATUR_CLIBPQ_SHIM_H
#define IMPRIMATUR_CLIBPQ_SHIM_H

#include <libpq-fe.h>
#include <spawn.h>

// Character-literal macros of postgres_ext.h are not imported: the fields of an error report.
enum {
    PGDiagnosticSQLState = PG_DIAG_SQLSTATE,
    PGDiagnosticMessage = PG_DIAG_MESSAGE_PRIMARY,
    PGDiagnosticSchema = PG_DIAG_SCHEMA_NAME,
    PGDiagnosticTable = PG_DIAG_TABLE_NAME,
    PGDiagnosticConstraint = PG_DIAG_CONSTRAINT_NAME,
};

// glibc hides these without _GNU_SOURCE: a server that we start must not inherit our descriptors.
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
int pipe2(int ends[2], int flags);
enum { PosixSpawnNewSession = 0x80 };  // POSIX_SPAWN_SETSID

#endif
