// Several SHA-256 computations interleaved in one thread, with the SHA extensions of x86-64.
//
// One computation waits for the result of each of its own instructions (32 sha256rnds2 a block, four
// cycles each); others have work to do meanwhile. Two are what 16 registers hold; with AVX-512VL, whose
// instructions name three of 32 registers, three and four gain as much again (bytes a cycle on Zen 4:
// 0.49 one, 0.91 two, 1.13 four). The rounds are those of FIPS 180-4, 6.2.2, in the register layout that
// Intel's instruction set reference gives for SHA256RNDS2: ABEF and CDGH.
#include "sha256_lanes.h"

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

// Whether the system keeps the registers of AVX-512 (XCR0: SSE, AVX, opmask, both halves of ZMM).
static int keeps_wide_registers(void) {
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & 0xe6) == 0xe6;
}

int shim_sha256_lanes_best(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1)) return 1;
    const int has_xgetbv = (c & bit_OSXSAVE) != 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_SHA)) return 1;
    return (b & bit_AVX512F) && (b & bit_AVX512VL) && has_xgetbv && keeps_wide_registers() ? 4 : 2;
}

// How far ahead bytes are asked for; to ask beyond the end is no access.
#define AHEAD 1024

#define NARROW __attribute__((target("sha,sse4.1,ssse3")))
#define WIDE __attribute__((target("sha,avx512f,avx512vl")))

// The words a, b, c … h as the two registers ABEF and CDGH.
NARROW static inline __attribute__((always_inline)) void load(
    const uint32_t state[8], __m128i *abef, __m128i *cdgh) {
    __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xB1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1B);
    *abef = _mm_alignr_epi8(abcd, efgh, 8);
    *cdgh = _mm_blend_epi16(efgh, abcd, 0xF0);
}

NARROW static inline __attribute__((always_inline)) void store(
    uint32_t state[8], __m128i abef, __m128i cdgh) {
    __m128i feba = _mm_shuffle_epi32(abef, 0x1B);
    __m128i dchg = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// `count` is a constant where this is called, so that the loops over it vanish.
#define EACH _Pragma("clang loop unroll(full)") for (int l = 0; l < count; l++)

// Four rounds of a computation.
#define FOUR(n)                                                                                   \
    __m128i x = _mm_add_epi32(w[l][(n) & 3], k);                                                  \
    cdgh[l] = _mm_sha256rnds2_epu32(cdgh[l], abef[l], x);                                         \
    abef[l] = _mm_sha256rnds2_epu32(abef[l], cdgh[l], _mm_shuffle_epi32(x, 0x0E))

// The four words of the message schedule that come 16 after w[l][n & 3].
#define NEXT(n)                                                                                   \
    w[l][(n) & 3] = _mm_sha256msg2_epu32(                                                         \
        _mm_add_epi32(                                                                            \
            _mm_sha256msg1_epu32(w[l][(n) & 3], w[l][((n) + 1) & 3]),                             \
            _mm_alignr_epi8(w[l][((n) + 3) & 3], w[l][((n) + 2) & 3], 4)),                        \
        w[l][((n) + 3) & 3])

#define ROUNDS(n)                                                                                 \
    do {                                                                                          \
        const __m128i k = _mm_load_si128((const __m128i *)K + (n));                               \
        EACH { FOUR(n); }                                                                         \
    } while (0)

#define STEP(n)                                                                                   \
    do {                                                                                          \
        const __m128i k = _mm_load_si128((const __m128i *)K + (n));                               \
        EACH { FOUR(n); NEXT(n); }                                                                \
    } while (0)

NARROW static inline __attribute__((always_inline)) void side_by_side(
    const int count, uint32_t *const states[], const void *const data[], size_t blocks) {
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const uint8_t *p[SHIM_SHA256_LANES];
    __m128i abef[SHIM_SHA256_LANES], cdgh[SHIM_SHA256_LANES], w[SHIM_SHA256_LANES][4];
    __m128i a[SHIM_SHA256_LANES], c[SHIM_SHA256_LANES];
    EACH {
        p[l] = data[l];
        load(states[l], &abef[l], &cdgh[l]);
    }
    for (; blocks > 0; blocks--) {
        EACH {
            // The processor's own guesses end with a page: 15 % were lost to waiting for mapped files.
            _mm_prefetch((const char *)p[l] + AHEAD, _MM_HINT_T0);
            a[l] = abef[l];
            c[l] = cdgh[l];
            // Sixteen words of a block, first byte highest.
            _Pragma("clang loop unroll(full)") for (int i = 0; i < 4; i++)
                w[l][i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)p[l] + i), order);
            p[l] += 64;
        }
        STEP(0); STEP(1); STEP(2); STEP(3);
        STEP(4); STEP(5); STEP(6); STEP(7);
        STEP(8); STEP(9); STEP(10); STEP(11);
        ROUNDS(12); ROUNDS(13); ROUNDS(14); ROUNDS(15);
        EACH {
            abef[l] = _mm_add_epi32(abef[l], a[l]);
            cdgh[l] = _mm_add_epi32(cdgh[l], c[l]);
        }
    }
    EACH store(states[l], abef[l], cdgh[l]);
}

#define KERNEL(name, target, count)                                                               \
    target static void name(                                                                      \
        uint32_t *const states[], const void *const data[], size_t blocks) {                      \
        side_by_side(count, states, data, blocks);                                                \
    }

KERNEL(narrow_one, NARROW, 1)
KERNEL(narrow_two, NARROW, 2)
KERNEL(wide_two, WIDE, 2)
KERNEL(wide_three, WIDE, 3)
KERNEL(wide_four, WIDE, 4)

void shim_sha256_lanes_at_most(
    int most, uint32_t *const states[], const void *const data[], int count, size_t blocks) {
    if (most > 2) {
        if (count == 4) return wide_four(states, data, blocks);
        if (count == 3) return wide_three(states, data, blocks);
        if (count == 2) return wide_two(states, data, blocks);
    }
    for (; count >= 2; count -= 2, states += 2, data += 2) narrow_two(states, data, blocks);
    if (count == 1) narrow_one(states, data, blocks);
}

#else

int shim_sha256_lanes_best(void) { return 1; }

void shim_sha256_lanes_at_most(
    int most, uint32_t *const states[], const void *const data[], int count, size_t blocks) {
    (void)most; (void)states; (void)data; (void)count; (void)blocks;
    __builtin_trap();
}

#endif

void shim_sha256_lanes(
    uint32_t *const states[], const void *const data[], int count, size_t blocks) {
    static int best;
    // Whoever comes first finds the same.
    int most = __atomic_load_n(&best, __ATOMIC_RELAXED);
    if (most == 0) __atomic_store_n(&best, most = shim_sha256_lanes_best(), __ATOMIC_RELAXED);
    shim_sha256_lanes_at_most(most, states, data, count, blocks);
}
