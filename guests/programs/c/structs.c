// Structures by value: passed, returned, nested, in unions; layout and alignment of o32.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct small { char a, b; };
struct middle { int a; double b; short c; };
struct large { int numbers[20]; struct middle inner; };
union mixed { float single; uint32_t word; uint8_t bytes[4]; };
struct floats { float x, y; };

static struct small turn(struct small s) { return (struct small){s.b, s.a}; }
static struct middle scale(struct middle m, double by) { return (struct middle){m.a * 2, m.b * by, m.c - 1}; }
static struct large fill(int from, struct middle inner) {
    struct large result = {.inner = inner};
    for (int i = 0; i < 20; i++) result.numbers[i] = from + i * i;
    return result;
}
static long sum(struct large a, char c, struct small s, struct large b) {
    long total = c + s.a * 3 + s.b;
    for (int i = 0; i < 20; i++) total += a.numbers[i] - 2 * b.numbers[19 - i];
    return total + (long)(a.inner.b + b.inner.b);
}
static struct floats add(struct floats a, struct floats b) { return (struct floats){a.x + b.x, a.y - b.y}; }

int main(void) {
    struct small s = turn((struct small){1, 2});
    printf("%d %d\n", s.a, s.b);
    struct middle m = scale(scale((struct middle){3, 1.25, 7}, 2), 0.1);
    printf("%d %.17g %d\n", m.a, m.b, m.c);
    printf("%ld\n", sum(fill(5, m), 'c', s, fill(-9, (struct middle){1, 99.5, 2})));
    struct floats f = add((struct floats){1.5f, 2.5f}, (struct floats){.25f, .75f});
    printf("%g %g\n", f.x, f.y);
    union mixed u = {.single = -1.5f};
    printf("%08x", u.word);
    u.word = 0x40490fdb;
    printf(" %.7g\n", u.single);
    printf("%zu %zu %zu %zu\n", sizeof(struct small), sizeof(struct middle), sizeof(struct large), offsetof(struct large, inner));
    printf("%zu %zu %zu %zu\n", _Alignof(double), _Alignof(long long), sizeof(long double), sizeof(void *));
    struct large copies[3] = {fill(1, m), fill(2, m), fill(3, m)}, moved = copies[1];
    copies[1].numbers[3] = 0;
    printf("%d %d\n", moved.numbers[3], copies[2].numbers[19]);
    return 0;
}
