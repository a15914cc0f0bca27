// Digests and checksums: SHA-256, MD5, CRC-32 and Adler-32 written out, over 200 KB.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t k256[64], kmd5[64];
static uint32_t ror(uint32_t x, int by) { return x >> by | x << (32 - by); }

static void sha256(const uint8_t *block, uint32_t *h) {
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++) w[i] = (uint32_t)block[i * 4] << 24 | block[i * 4 + 1] << 16 | block[i * 4 + 2] << 8 | block[i * 4 + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + w[i - 7] + (ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3) +
               (ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(v, h, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t one = v[7] + (ror(v[4], 6) ^ ror(v[4], 11) ^ ror(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k256[i] + w[i];
        uint32_t two = (ror(v[0], 2) ^ ror(v[0], 13) ^ ror(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 28);
        v[4] += one, v[0] = one + two;
    }
    for (int i = 0; i < 8; i++) h[i] += v[i];
}

static void md5(const uint8_t *block, uint32_t *h) {
    static const int shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3];
    for (int i = 0; i < 64; i++) {
        uint32_t f = i < 16 ? (b & c) | (~b & d) : i < 32 ? (d & b) | (~d & c) : i < 48 ? b ^ c ^ d : c ^ (b | ~d);
        int at = (i < 16 ? i : i < 32 ? 5 * i + 1 : i < 48 ? 3 * i + 5 : 7 * i) & 15;
        uint32_t word = block[at * 4] | block[at * 4 + 1] << 8 | block[at * 4 + 2] << 16 | (uint32_t)block[at * 4 + 3] << 24;
        uint32_t sum = a + f + kmd5[i] + word;
        a = d, d = c, c = b, b += ror(sum, 32 - shifts[i / 16][i & 3]);
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d;
}

int main(void) {
    for (int i = 0, n = 2; i < 64; n++) {
        int prime = 1;
        for (int d = 2; d * d <= n; d++) prime &= n % d != 0;
        if (prime) k256[i++] = (uint32_t)((cbrt(n) - floor(cbrt(n))) * 4294967296.0);
    }
    for (int i = 0; i < 64; i++) kmd5[i] = (uint32_t)(fabs(sin(i + 1)) * 4294967296.0);
    static uint8_t data[200000];
    for (size_t i = 0; i < sizeof data; i++) data[i] = i * i >> 3;
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint32_t m[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    for (size_t at = 0; at + 64 <= sizeof data; at += 64) sha256(data + at, h), md5(data + at, m);
    for (int i = 0; i < 8; i++) printf("%08x", h[i]);
    printf(" %08x%08x%08x%08x\n", m[0], m[1], m[2], m[3]);
    uint32_t crc = ~0u, low = 1, high = 0;
    for (size_t i = 0; i < sizeof data; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0xedb88320 & -(crc & 1));
        low = (low + data[i]) % 65521, high = (high + low) % 65521;
    }
    printf("%08x %08x\n", ~crc, high << 16 | low);
    return 0;
}
