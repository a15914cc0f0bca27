// Complex arithmetic and a fast Fourier transform.
#include <complex.h>
#include <math.h>
#include <stdio.h>

enum { COUNT = 64 };

static void transform(double complex *x, int count, int sign) {
    if (count == 1) return;
    double complex even[count / 2], odd[count / 2];
    for (int i = 0; i < count / 2; i++) even[i] = x[2 * i], odd[i] = x[2 * i + 1];
    transform(even, count / 2, sign), transform(odd, count / 2, sign);
    for (int i = 0; i < count / 2; i++) {
        double complex turned = cexp(sign * 2 * I * acos(-1) * i / count) * odd[i];
        x[i] = even[i] + turned, x[i + count / 2] = even[i] - turned;
    }
}

int main(void) {
    volatile double complex a = 3 + 4 * I, b = -1.5 + 0.25 * I;
    double complex results[] = {a + b, a * b, a / b, csqrt(a), cexp(b), clog(a), cpow(a, b), conj(a), csin(b)};
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) printf("%.12g %.12g\n", creal(results[i]), cimag(results[i]));
    printf("%g %.15g\n", cabs(a), carg(a));
    double complex signal[COUNT];
    for (int i = 0; i < COUNT; i++) signal[i] = sin(i * 0.7) + 0.3 * cos(i * 2.1);
    transform(signal, COUNT, -1);
    for (int i = 0; i < COUNT; i += 8) printf("%.9f %.9f\n", creal(signal[i]), cimag(signal[i]));
    transform(signal, COUNT, 1);
    printf("%.9f %.9f\n", creal(signal[5]) / COUNT, sin(3.5) + 0.3 * cos(10.5));
    return 0;
}
