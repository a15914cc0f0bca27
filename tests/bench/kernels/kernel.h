/* What a kernel sees: no library, so that one source builds natively, for MIPS, and straight to Wasm. */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef int i32;
typedef unsigned long long u64;

/* Keeps calls calls, where calling is what is measured. */
#define NOINLINE __attribute__((noinline))

#ifdef __wasm__
#define EXPORT __attribute__((export_name("kernel")))
#else
#define EXPORT
#endif

/* Does the work so many times; the result depends on all of it. */
EXPORT u32 kernel(u32 repetitions);

/* Pseudo-random words, the same everywhere (Marsaglia's xorshift32). */
static inline u32 next(u32 *state) {
    u32 x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

/* Adds a word to a checksum. */
static inline u32 mix(u32 sum, u32 word) {
    return (((sum << 5) | (sum >> 27)) ^ word) * 0x9e3779b1u;
}

/* The bits of a number. */
static inline u32 bits_of(float value) {
    union {
        float value;
        u32 bits;
    } both = {value};
    return both.bits;
}
static inline u32 fold_of(double value) {
    union {
        double value;
        u64 bits;
    } both = {value};
    return (u32)both.bits ^ (u32)(both.bits >> 32);
}
