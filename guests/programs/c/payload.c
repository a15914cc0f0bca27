// NaNs with something in them, in loops that may or may not calculate with them.
#include <stdio.h>
#include <string.h>

static double of_bits(unsigned long long bits) {
    double value;
    memcpy(&value, &bits, 8);
    return value;
}
static unsigned long long bits_of(double value) {
    unsigned long long bits;
    memcpy(&bits, &value, 8);
    return bits;
}
static unsigned bits_of_single(float value) {
    unsigned bits;
    memcpy(&bits, &value, 4);
    return bits;
}

static double __attribute__((noinline)) sum_of(const double *values, const char *chosen, int n, double start) {
    double sum = start;
    for (int i = 0; i < n; i++)
        if (chosen[i]) sum += values[i];
    return sum;
}

static float __attribute__((noinline)) product_of(const float *values, const char *chosen, int n, float start) {
    float product = start, last = start;
    for (int i = 0; i < n; i++)
        if (chosen[i]) {
            last = product;
            product *= values[i];
        }
    return chosen[0] ? product : last;
}

int main(void) {
    enum { N = 64 };
    double values[N];
    float singles[N];
    char none[N] = {0}, all[N], last[N] = {0};
    memset(all, 1, N);
    last[N - 1] = 1;
    for (int i = 0; i < N; i++) values[i] = i * 0.5, singles[i] = 1.0f + i / 64.0f;
    // Quiet and signalling ones, the default one, an infinity and a number.
    const unsigned long long starts[] = {0x7ff123456789abcdull, 0x7ff7ffffffffffffull, 0xfff0000000000001ull,
                                         0x7ff8000000000000ull, 0x7ff0000000000000ull, 0x3ff0000000000000ull};
    for (int turn = 0; turn < 3000; turn++) {
        int tell = turn == 0 || turn == 2999;
        for (unsigned i = 0; i < sizeof starts / sizeof *starts; i++) {
            double start = of_bits(starts[i]);
            double got[3] = {sum_of(values, none, N, start), sum_of(values, last, N, start), sum_of(values, all, N, start)};
            if (tell) printf("%016llx %016llx %016llx\n", bits_of(got[0]), bits_of(got[1]), bits_of(got[2]));
        }
        unsigned bits[] = {0x7f812345, 0x7fbfffff, 0xff800001, 0x7fc00000, 0x3f800000};
        for (unsigned i = 0; i < sizeof bits / sizeof *bits; i++) {
            float start;
            memcpy(&start, &bits[i], 4);
            float got[2] = {product_of(singles, none, N, start), product_of(singles, all, N, start)};
            if (tell) printf("%08x %08x\n", bits_of_single(got[0]), bits_of_single(got[1]));
        }
        singles[turn % N] = turn % 5 ? 1.0f : 0.5f;
    }
    return 0;
}
