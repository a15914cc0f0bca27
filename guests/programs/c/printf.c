// printf: flags, widths, precisions, every conversion.
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    const double doubles[] = {0, -0.0, 1, -1.5, 3.14159265358979, 1e-10, 123456789.125, 1e22, 1e23, 5e-324, 1.7976931348623157e308,
                              0.1, 99.995, 0.5, 1e15, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        double x = doubles[i];
        printf("[%f] [%e] [%g] [%a] [%.0f] [%.3e] [%.17g] [%+10.2f] [%-12.4g] [%012.3f] [%#.0f] [% G]\n", x, x, x, x, x, x, x, x, x,
               x, x, x);
    }
    const int integers[] = {0, 1, -1, 42, -12345, INT_MAX, INT_MIN};
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        int n = integers[i];
        printf("[%d] [%5d] [%-8d] [%08d] [%+d] [% d] [%.3d] [%u] [%o] [%#o] [%x] [%#X] [%10.5d]\n", n, n, n, n, n, n, n, n, n, n, n,
               n, n);
        printf("[%hhd] [%hd] [%ld] [%lld] [%jd] [%zd]\n", (signed char)n, (short)n, (long)n, (long long)n << 20, (intmax_t)n,
               (ptrdiff_t)n);
    }
    printf("[%s] [%10s] [%-10s] [%.2s] [%c] [%%] [%*d] [%-*d] [%.*f]\n", "text", "right", "left", "cut", 'x', 6, 42, 6, 42, 3, 2.0);
    printf("[%2$s %1$s] [%3$d %3$x]\n", "world", "hello", 255);
    int written;
    printf("12345%n\n", &written);
    printf("%d %" PRIu64 " %" PRIx64 "\n", written, UINT64_MAX, (uint64_t)1 << 63);
    char small[8];
    int needed = snprintf(small, sizeof small, "%s", "longer than eight");
    printf("%d [%s] %zu\n", needed, small, strlen(small));
    printf("%ls %lc [%5.1f%%] %p\n", L"wide", L'w', 99.5, (void *)0);
    return 0;
}
