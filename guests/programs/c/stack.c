// Stacks: deep recursion, big frames, alloca, variable-length arrays, many arguments, trampolines of nested functions.
#include <alloca.h>
#include <stdio.h>
#include <string.h>

static int ackermann(int m, int n) {
    return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static long big(int depth) {
    char frame[20000];
    memset(frame, depth, sizeof frame);
    long below = depth ? big(depth - 1) : 0;
    long sum = 0;
    for (size_t i = 0; i < sizeof frame; i += 1000) sum += frame[i];
    return below + sum;
}

static int vary(int n) {
    int array[n], sum = 0;
    char *more = alloca(n * 3 + 1);
    memset(more, 1, n * 3 + 1);
    for (int i = 0; i < n; i++) array[i] = i * i;
    for (int i = 0; i < n; i++) sum += array[i] + more[i * 3];
    return sum;
}

static double many(int a, double b, int c, float d, long long e, char f, double g, short h, int i, double j) {
    return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + i * 9 + j * 10;
}

static int twice(int (*function)(int), int x) { return function(function(x)); }

int main(void) {
    printf("%d\n", ackermann(2, 300));
    printf("%ld\n", big(100));
    int sum = 0;
    for (int i = 1; i < 300; i++) sum += vary(i);
    printf("%d\n", sum);
    printf("%.10g\n", many(1, 2.5, 3, 4.5f, 5000000000ll, 6, 7.25, 8, 9, 10.125));
    int offset = 17;
    int add(int x) { return x + offset; }
    printf("%d ", twice(add, 1));
    offset = -3;
    printf("%d\n", twice(add, 1));
    return 0;
}
