// Up to four independent SHA-256 computations side by side, on processors that have instructions for
// SHA-256.
#ifndef IMPRIMATUR_SHA256_LANES_H
#define IMPRIMATUR_SHA256_LANES_H

#include <stddef.h>
#include <stdint.h>

#define SHIM_SHA256_LANES 4

// How many computations side by side are the fastest on this processor: 4, 2, or 1 when it has no
// instructions for SHA-256.
int shim_sha256_lanes_best(void);

// Takes `blocks` blocks of 64 bytes into each of `count` states, 1 to SHIM_SHA256_LANES of them
// (FIPS 180-4, 6.2.2; words as numbers). Only where shim_sha256_lanes_best is more than 1.
void shim_sha256_lanes(
    uint32_t *const states[], const void *const data[], int count, size_t blocks);

// The same with at most `most` computations side by side (2 or 4), for tests of each kernel.
void shim_sha256_lanes_at_most(
    int most, uint32_t *const states[], const void *const data[], int count, size_t blocks);

// The same over mapped files, which others may cut short while we read them; 0, or -1 when a page was
// not there (SIGBUS): then the states are as before.
int shim_sha256_lanes_guarded(
    uint32_t *const states[], const void *const data[], int count, size_t blocks);

#endif
