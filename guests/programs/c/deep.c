// Recursion far deeper than a host would nest calls for, with much to keep over each call.
#include <stdio.h>

static unsigned __attribute__((noinline)) deep(unsigned n, unsigned a, unsigned b, unsigned c, double x, double y) {
    if (n == 0) return a ^ b ^ c ^ (unsigned)x ^ (unsigned)y;
    unsigned table[8];
    for (unsigned i = 0; i < 8; i++) table[i] = a * i + b;
    double u = x + y * 0.5, v = x * 0.25 - y, w = u * v, z = u - w;
    unsigned inner = deep(n - 1, b + 1, c + 2, a + 3, y, x + 0.5);
    return inner + table[n % 8] + a * 3 + b * 5 + c * 7 + (unsigned)(u < v) + (unsigned)(w < z) * 2 + (unsigned)(z < u) * 4;
}

static unsigned __attribute__((noinline)) ackermann(unsigned m, unsigned n) {
    if (m == 0) return n + 1;
    return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

int main(void) {
    for (unsigned n = 0; n <= 20000; n += 4000) printf("%u\n", deep(n, 1, 2, 3, 1.5, 2.5));
    unsigned sum = 0;
    for (unsigned turn = 0; turn < 200; turn++) sum += deep(5000 + turn, turn, 2, 3, turn, 2.5);
    printf("%u %u\n", sum, ackermann(2, 2000));
    return 0;
}
