// Arithmetic of many numbers in all rounding modes, and the flags that each operation raises.
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { COUNT = 44, ROUNDS = 2 };
static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD};
static double doubles[COUNT];
static float floats[COUNT];
static uint32_t seed = 2026, hash;

static uint32_t next(void) { return seed = seed * 1664525 + 1013904223; }

static void mix(uint32_t word) { hash = (hash ^ word) * 16777619u; }

static void mix_double(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    // Which NaN it is depends on the operands' order, and that on the compiler.
    if (isnan(x)) bits = 1;
    mix((uint32_t)bits), mix((uint32_t)(bits >> 32));
}

static void mix_flags(void) {
    mix(fetestexcept(FE_ALL_EXCEPT));
    feclearexcept(FE_ALL_EXCEPT);
}

// Numbers near each other, with few bits and with many, and those at the ends of the range.
static double number(int i) {
    static const double ends[] = {0.0, -0.0, 1.0, -1.0, DBL_MIN, -DBL_MIN, DBL_MAX, DBL_MIN / 8, 4.9e-324, INFINITY, 0x1p-1021, 0x1p1022, 0x1.fffffffffffffp0, 0x1p52, FLT_MIN, FLT_MAX};
    if (i < 16) return ends[i];
    double part = (next() >> (i % 4 * 8)) + (i % 3 ? next() / 4294967296.0 : 0.0);
    return ldexp(i % 2 ? part : -part, (int)(next() % 24) - 12);
}

#define TEST(name, T, numbers, expression)                                                                              \
    static __attribute__((noinline)) void name(void) {                                                                 \
        for (int i = 0; i < COUNT; i++)                                                                                 \
            for (int j = 0; j < COUNT; j++) {                                                                           \
                volatile T va = numbers[i], vb = numbers[j];                                                           \
                T a = va, b = vb;                                                                                       \
                (void)a, (void)b;                                                                                       \
                volatile __typeof__(expression) result = expression;                                                   \
                mix_double((double)result);                                                                             \
                mix_flags();                                                                                            \
            }                                                                                                           \
    }

TEST(add, double, doubles, a + b)
TEST(subtract, double, doubles, a - b)
TEST(multiply, double, doubles, a * b)
TEST(divide, double, doubles, a / b)
TEST(root, double, doubles, sqrt(a))
TEST(chain, double, doubles, a * b + a)
TEST(to_float, double, doubles, (float)(a + b))
TEST(to_int, double, doubles, fabs(a) < 1e9 ? (int)a : 0)
TEST(by_mode, double, doubles, fabs(a) < 1e9 ? lrint(a) : 0)
TEST(compare, double, doubles, (a < b) + 2 * (a == b) + 4 * (a >= b))
TEST(add_f, float, floats, a + b)
TEST(subtract_f, float, floats, a - b)
TEST(multiply_f, float, floats, a * b)
TEST(divide_f, float, floats, a / b)
TEST(root_f, float, floats, sqrtf(a))
TEST(chain_f, float, floats, a * b - a)
TEST(to_double, float, floats, (double)a * (double)b)
TEST(of_int, double, doubles, (float)(int)(i * 0x2345677 + j) + (double)(j * 0x1234567))

int main(void) {
    static const struct { const char *name; void (*run)(void); } tests[] = {
        {"add", add}, {"subtract", subtract}, {"multiply", multiply}, {"divide", divide}, {"root", root},
        {"chain", chain}, {"to_float", to_float}, {"to_int", to_int}, {"by_mode", by_mode}, {"compare", compare},
        {"add_f", add_f}, {"subtract_f", subtract_f}, {"multiply_f", multiply_f}, {"divide_f", divide_f},
        {"root_f", root_f}, {"chain_f", chain_f}, {"to_double", to_double}, {"of_int", of_int},
    };
    for (int i = 0; i < COUNT; i++) doubles[i] = number(i), floats[i] = (float)doubles[i];
    for (int mode = 0; mode < 4; mode++) {
        fesetround(modes[mode]);
        for (size_t test = 0; test < sizeof tests / sizeof *tests; test++) {
            hash = 2166136261u;
            feclearexcept(FE_ALL_EXCEPT);
            for (int round = 0; round < ROUNDS; round++) tests[test].run();
            printf("%d %-11s %08x\n", mode, tests[test].name, hash);
        }
    }
    return 0;
}
