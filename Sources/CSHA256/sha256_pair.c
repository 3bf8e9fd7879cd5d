// Two SHA-256 computations interleaved in one thread, with the SHA extensions of x86-64.
//
// One computation waits for the result of each of its own instructions (32 sha256rnds2 a block, four
// cycles each); a second one has work to do meanwhile. The rounds are those of FIPS 180-4, 6.2.2, in the
// register layout that Intel's instruction set reference gives for SHA256RNDS2: ABEF and CDGH.
#include "sha256_pair.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

static const uint32_t K[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

int shim_sha256_pair_is_there(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1)) return 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    return (b & bit_SHA) != 0;
}

// How far ahead bytes are asked for; to ask beyond the end is no access.
#define AHEAD 1024

#define TARGET __attribute__((target("sha,sse4.1,ssse3")))

// The words a, b, c … h as the two registers ABEF and CDGH.
TARGET static inline void load(const uint32_t state[8], __m128i *abef, __m128i *cdgh) {
    __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xB1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1B);
    *abef = _mm_alignr_epi8(abcd, efgh, 8);
    *cdgh = _mm_blend_epi16(efgh, abcd, 0xF0);
}

TARGET static inline void store(uint32_t state[8], __m128i abef, __m128i cdgh) {
    __m128i feba = _mm_shuffle_epi32(abef, 0x1B);
    __m128i dchg = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// Sixteen words of a block, first byte highest.
#define WORDS(w, p)                                                                               \
    for (int i = 0; i < 4; i++)                                                                   \
        w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(p) + i), order)

// Four rounds of both computations.
#define ROUNDS(n)                                                                                 \
    do {                                                                                          \
        __m128i k = _mm_load_si128((const __m128i *)K + (n));                                     \
        __m128i x = _mm_add_epi32(u[(n) & 3], k), y = _mm_add_epi32(v[(n) & 3], k);               \
        cdgh1 = _mm_sha256rnds2_epu32(cdgh1, abef1, x);                                           \
        cdgh2 = _mm_sha256rnds2_epu32(cdgh2, abef2, y);                                           \
        abef1 = _mm_sha256rnds2_epu32(abef1, cdgh1, _mm_shuffle_epi32(x, 0x0E));                  \
        abef2 = _mm_sha256rnds2_epu32(abef2, cdgh2, _mm_shuffle_epi32(y, 0x0E));                  \
    } while (0)

// The four words of the message schedule that come 16 after w[n & 3].
#define NEXT(w, n)                                                                                \
    w[(n) & 3] = _mm_sha256msg2_epu32(                                                            \
        _mm_add_epi32(                                                                            \
            _mm_sha256msg1_epu32(w[(n) & 3], w[((n) + 1) & 3]),                                   \
            _mm_alignr_epi8(w[((n) + 3) & 3], w[((n) + 2) & 3], 4)),                              \
        w[((n) + 3) & 3])

#define STEP(n)                                                                                   \
    ROUNDS(n);                                                                                    \
    NEXT(u, n);                                                                                   \
    NEXT(v, n)

TARGET void shim_sha256_pair(
    uint32_t first[8], const void *first_data, uint32_t second[8], const void *second_data,
    size_t blocks) {
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const uint8_t *p = first_data, *q = second_data;
    __m128i abef1, cdgh1, abef2, cdgh2, u[4], v[4];
    load(first, &abef1, &cdgh1);
    load(second, &abef2, &cdgh2);
    for (; blocks > 0; blocks--, p += 64, q += 64) {
        // The processor's own guesses end with a page: 15 % were lost to waiting for mapped files.
        _mm_prefetch((const char *)p + AHEAD, _MM_HINT_T0);
        _mm_prefetch((const char *)q + AHEAD, _MM_HINT_T0);
        const __m128i a1 = abef1, c1 = cdgh1, a2 = abef2, c2 = cdgh2;
        WORDS(u, p);
        WORDS(v, q);
        STEP(0); STEP(1); STEP(2); STEP(3);
        STEP(4); STEP(5); STEP(6); STEP(7);
        STEP(8); STEP(9); STEP(10); STEP(11);
        ROUNDS(12); ROUNDS(13); ROUNDS(14); ROUNDS(15);
        abef1 = _mm_add_epi32(abef1, a1);
        cdgh1 = _mm_add_epi32(cdgh1, c1);
        abef2 = _mm_add_epi32(abef2, a2);
        cdgh2 = _mm_add_epi32(cdgh2, c2);
    }
    store(first, abef1, cdgh1);
    store(second, abef2, cdgh2);
}

#else

int shim_sha256_pair_is_there(void) { return 0; }

void shim_sha256_pair(
    uint32_t first[8], const void *first_data, uint32_t second[8], const void *second_data,
    size_t blocks) {
    (void)first; (void)first_data; (void)second; (void)second_data; (void)blocks;
    __builtin_trap();
}

#endif
