// Conversions between integers and floating point, out-of-range ones included: what the instructions give.
#include <math.h>
#include <stdint.h>
#include <stdio.h>

static volatile double doubles[] = {0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 2147483647.0, 2147483646.5, -2147483648.0, -2147483648.5,
                                    4294967295.0, 1e9, -1e9, 123456.5, 0.999999999999999};
static volatile double beyond[] = {2147483648.0, -2147483649.0, 1e20, -1e20, INFINITY, -INFINITY};
static volatile int32_t integers[] = {0, 1, -1, 2147483647, -2147483647 - 1, 16777217, -16777219, 123456789};

int main(void) {
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        double x = doubles[i];
        printf("%a: %d %.9g %lld %ld %ld", x, (int32_t)x, (float)x, (long long)x, lrint(x), lround(x));
        if (x >= 0) printf(" %u %llu", (uint32_t)x, (unsigned long long)x);
        printf(" %a %a %a\n", floor(x), ceil(x), trunc(x));
    }
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        int32_t word;
        double x = beyond[i];
        float f = (float)x;
        __asm__("trunc.w.d $f0, %1\n\tmfc1 %0, $f0" : "=r"(word) : "f"(x) : "$f0");
        printf("%a: %08x", x, word);
        __asm__("cvt.w.d $f0, %1\n\tmfc1 %0, $f0" : "=r"(word) : "f"(x) : "$f0");
        printf(" %08x", word);
        __asm__("floor.w.s $f0, %1\n\tmfc1 %0, $f0" : "=r"(word) : "f"(f) : "$f0");
        printf(" %08x\n", word);
    }
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        int32_t n = integers[i];
        printf("%d: %a %a %a %a", n, (double)n, (double)(float)n, (double)(uint32_t)n, (double)(float)(uint32_t)n);
        printf(" %a %a\n", (double)((int64_t)n << 20), (double)(float)((int64_t)n * n));
    }
    return 0;
}
