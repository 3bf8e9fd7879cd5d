// Two independent SHA-256 computations side by side, on processors that have instructions for SHA-256.
#ifndef IMPRIMATUR_SHA256_PAIR_H
#define IMPRIMATUR_SHA256_PAIR_H

#include <stddef.h>
#include <stdint.h>

// Whether this processor can run shim_sha256_pair: 1 or 0.
int shim_sha256_pair_is_there(void);

// Takes `blocks` blocks of 64 bytes into each of two states (FIPS 180-4, 6.2.2; words as numbers).
// Only where shim_sha256_pair_is_there says 1.
void shim_sha256_pair(
    uint32_t first[8], const void *first_data, uint32_t second[8], const void *second_data,
    size_t blocks);

// The same over mapped files, which others may cut short while we read them; 0, or -1 when a page was
// not there (SIGBUS): then the states are as before.
int shim_sha256_pair_guarded(
    uint32_t first[8], const void *first_data, uint32_t second[8], const void *second_data,
    size_t blocks);

#endif
