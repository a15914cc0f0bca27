// SHA-256 (FIPS 180-4) of standard input, or of each argument; the constants are computed, not listed.
#include "demo.h"

static u32 constants[64], state[8];
static u8 block[64];
static u32 length;  // in bytes

static u32 ror(u32 x, int by) { return x >> by | x << (32 - by); }

// The first 32 bits of the fraction of the square (2) or cube (3) root of `prime`, by Newton's method.
static u32 fraction(u32 prime, int degree) {
    double x = prime;
    for (int i = 0; i < 60; i++) {
        double slope = degree == 2 ? 2 * x : 3 * x * x, power = degree == 2 ? x * x : x * x * x;
        x -= (power - prime) / slope;
    }
    return (u32)((x - (int)x) * 4294967296.0);
}

static void reset(void) {
    u32 prime = 2;
    for (int found = 0; found < 64; prime++) {
        int is_prime = 1;
        for (u32 by = 2; by * by <= prime; by++) is_prime &= prime % by != 0;
        if (!is_prime) continue;
        constants[found] = fraction(prime, 3);
        if (found < 8) state[found] = fraction(prime, 2);
        found++;
    }
    length = 0;
}

static void compress(void) {
    u32 w[64], v[8];
    for (int i = 0; i < 16; i++) w[i] = (u32)block[i * 4] << 24 | block[i * 4 + 1] << 16 | block[i * 4 + 2] << 8 | block[i * 4 + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + w[i - 7] + (ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3) +
               (ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10);
    for (int i = 0; i < 8; i++) v[i] = state[i];
    for (int i = 0; i < 64; i++) {
        u32 one = v[7] + (ror(v[4], 6) ^ ror(v[4], 11) ^ ror(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants[i] + w[i];
        u32 two = (ror(v[0], 2) ^ ror(v[0], 13) ^ ror(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        for (int j = 7; j > 0; j--) v[j] = v[j - 1];
        v[4] += one, v[0] = one + two;
    }
    for (int i = 0; i < 8; i++) state[i] += v[i];
}

static void add(u8 byte) {
    block[length++ % 64] = byte;
    if (length % 64 == 0) compress();
}

static void finish(const char *name) {
    u32 bits = length << 3, carried = length >> 29;
    add(0x80);
    while (length % 64 != 56) add(0);
    for (int shift = 24; shift >= 0; shift -= 8) add(carried >> shift);
    for (int shift = 24; shift >= 0; shift -= 8) add(bits >> shift);
    for (int i = 0; i < 8; i++) hex(state[i]);
    say("  "), say(name), put('\n');
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        reset();
        for (char *at = argv[i]; *at; at++) add(*at);
        finish(argv[i]);
    }
    if (argc > 1) return 0;
    reset();
    static u8 input[4096];
    for (int bytes; (bytes = call(SYS_READ, 0, input, sizeof input)) > 0;)
        for (int i = 0; i < bytes; i++) add(input[i]);
    finish("-");
    return 0;
}
