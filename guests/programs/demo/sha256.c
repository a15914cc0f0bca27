// SHA-256 (FIPS 180-4) of standard input, or of each argument; the constants are computed, not listed.
#include "demo.h"

static u32 constants[64], state[8];
static u8 block[64];
static u32 length;  // in bytes

static u32 ror(u32 x, int by) { return x >> by | x << (32 - by); }

// The first 32 bits of the fraction of the cube (3) or square (2) root of `prime`, by bisection on integers.
static u32 fraction(u32 prime, int degree) {
    u64 low = 0, high = (u64)20 << 32;
    while (high - low > 1) {
        u64 middle = low + (high - low) / 2;
        // Fixed point, 32 fractional bits; products are formed in halves so that none passes 64 bits.
        u32 whole = middle >> 32, part = (u32)middle;
        u64 square = ((u64)whole * whole << 32) + 2 * (u64)whole * part + ((u64)part * part >> 32);
        u64 rest = square & 0xffffffff;
        u64 power = degree == 2 ? square : (square >> 32) * middle + rest * whole + (rest * part >> 32);
        if (power >> 32 >= prime) high = middle;
        else low = middle;
    }
    return (u32)low;
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
