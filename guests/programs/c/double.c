// Double precision: arithmetic and the mathematics library, to the last bit.
#include <math.h>
#include <stdio.h>

static volatile double values[] = {0.0, -0.0, 0.5, 1.0, -1.0, 2.75, 1e-3, 123456.789, -9.87654321e20, 4.9e-324, 1.7e308, 1e16};
#define COUNT (sizeof values / sizeof *values)

int main(void) {
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++) {
            double a = values[i], b = values[j];
            printf("%a %a %a %a %d%d\n", a + b, a - b, a * b, b == 0 ? 0 : a / b, a < b, a == b);
            printf("%a %a %a\n", fmod(a, b == 0 ? 1 : b), hypot(a, b), fma(a, b, 1.0));
        }
    for (size_t i = 0; i < COUNT; i++) {
        double x = values[i], y = fabs(x) + 1;
        printf("%a: %a %a %a %a\n", x, sqrt(y), cbrt(x), floor(x), ceil(x));
        printf(" %a %a %a %a %a\n", trunc(x), round(x), rint(x), log(y), log10(y));
        double s = fmod(x, 100);
        printf(" %a %a %a %a %a %a\n", sin(s), cos(s), tan(s), atan(x), exp(fmod(x, 50)), pow(y, 0.3));
        printf(" %a %a %a %a\n", sinh(fmod(x, 5)), tanh(x), erf(x), tgamma(fmod(fabs(x), 20) + 0.5));
        int exponent;
        double fraction = frexp(x, &exponent), whole;
        printf(" %a %d %a %a %ld %d\n", fraction, exponent, modf(x, &whole), ldexp(x, -3), lrint(fmod(x, 1e6)), ilogb(y));
    }
    return 0;
}
