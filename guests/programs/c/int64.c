// 64-bit arithmetic on a 32-bit machine: carries, products, division by library, shifts across the halves.
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

static volatile int64_t values[] = {0,       1,         -1,        INT64_MAX, INT64_MIN + 1, 0x123456789abcdef0, 0xffffffff,
                                    1 << 30, 1ll << 32, -(1ll << 33), 1000000007, -998244353998244353};
#define COUNT (sizeof values / sizeof *values)

int main(void) {
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++) {
            int64_t a = values[i], b = values[j];
            uint64_t ua = a, ub = b;
            printf("%" PRId64 " %" PRId64 ": %" PRIx64 " %" PRIx64 " %" PRIx64, a, b, ua + ub, ua - ub, ua * ub);
            if (b != 0) printf(" %" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64, a / b, a % b, ua / ub, ua % ub);
            printf(" %d%d%d %d\n", a < b, ua < ub, a == b, (a > b) - (a < b));
        }
    for (size_t i = 0; i < COUNT; i++)
        for (volatile int by = 0; by < 64; by += 7) {
            uint64_t a = values[i];
            printf("%" PRIx64 " %" PRIx64 " %" PRIx64 "\n", a << by, a >> by, (uint64_t)((int64_t)a >> by));
        }
    for (size_t i = 0; i < COUNT; i++) {
        int32_t half = (int32_t)values[i];
        printf("%" PRId64 " %" PRIu64 "\n", (int64_t)half * (int32_t)values[COUNT - 1 - i],
               (uint64_t)(uint32_t)half * (uint32_t)values[COUNT - 1 - i]);
        printf("%.17g %.9g\n", (double)values[i], (float)(uint64_t)values[i]);
    }
    return 0;
}
