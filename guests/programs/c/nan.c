// NaNs bit by bit: what operations make, what they pass on, what comparisons say (legacy MIPS encoding).
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static double from64(uint64_t raw) { double x; memcpy(&x, &raw, 8); return x; }
static uint64_t to64(double x) { uint64_t raw; memcpy(&raw, &x, 8); return raw; }
static float from32(uint32_t raw) { float x; memcpy(&x, &raw, 4); return x; }
static uint32_t to32(float x) { uint32_t raw; memcpy(&raw, &x, 4); return raw; }

int main(void) {
    volatile double zero = 0, infinite = INFINITY, minus = -1;
    printf("%016llx %016llx\n", (long long)to64(zero / zero), (long long)to64(infinite - infinite));
    printf("%016llx %016llx\n", (long long)to64(infinite * zero), (long long)to64(__builtin_sqrt(minus)));
    volatile uint64_t payloads[] = {0x7ff7ffffffffffff, 0x7ff0000000000001, 0x7ff0000012345678, 0xfff4000000000000};
    for (int i = 0; i < 4; i++) {
        volatile double nan = from64(payloads[i]);
        printf("%016llx %016llx %016llx\n", (long long)to64(nan + 1), (long long)to64(1 * nan), (long long)to64(nan / nan));
        printf("%08x %d %d %d\n", to32((float)nan), nan == nan, nan < 1, isnan(nan));
    }
    volatile uint32_t singles[] = {0x7fbfffff, 0x7f800001, 0xff812345};
    for (int i = 0; i < 3; i++) {
        volatile float nan = from32(singles[i]);
        printf("%08x %08x %016llx\n", to32(nan + 1), to32(nan * nan), (long long)to64(nan));
        printf("%f %d %d\n", fabs((double)nan), !!signbit(nan), !!isunordered(nan, 1.f));
    }
    return 0;
}
