// 32-bit integer arithmetic: wrapping, division and remainder of every sign, shifts, comparisons.
#include <limits.h>
#include <stdint.h>
#include <stdio.h>

static volatile int32_t values[] = {0, 1, -1, 2, -2, 7, -7, 1000, -12345, INT_MAX, INT_MIN + 1, INT_MIN, 0x12345678};
#define COUNT (sizeof values / sizeof *values)

int main(void) {
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++) {
            int32_t a = values[i], b = values[j];
            uint32_t ua = a, ub = b;
            printf("%d %d: %d %d %d %d %d %d %d", a, b, (int)(ua + ub), (int)(ua - ub), (int)(ua * ub), (int)(ua & ub),
                   (int)(ua | ub), (int)(ua ^ ub), (int)~(ua | ub));
            if (b != 0 && !(a == INT_MIN && b == -1)) printf(" %d %d", a / b, a % b);
            if (b != 0) printf(" %u %u", ua / ub, ua % ub);
            printf(" %d %u %d", (int)(ua << (ub & 31)), ua >> (ub & 31), a >> (b & 31));
            printf(" %d%d%d%d\n", a < b, ua < ub, a == b, a <= b);
        }
    for (size_t i = 0; i < COUNT; i++) {
        int32_t a = values[i];
        printf("%d %d %u %d %u\n", -(a | 1), (int8_t)a, (uint8_t)a, (int16_t)a, (uint16_t)a);
        printf("%d %d %d %d %d %d\n", a / 3, a % 3, a / 10, a % 10, a / -7, a % 1000);
        printf("%u %u\n", (uint32_t)a / 3, (uint32_t)a % 1000000);
    }
    return 0;
}
