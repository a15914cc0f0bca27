// Variable arguments: words, doubles and 64-bit values in registers and on the stack; lists passed on and copied.
#include <stdarg.h>
#include <stdio.h>

static double sum(const char *kinds, ...) {
    va_list list;
    double total = 0;
    va_start(list, kinds);
    for (const char *kind = kinds; *kind; kind++) switch (*kind) {
            case 'i': total += va_arg(list, int); break;
            case 'l': total += va_arg(list, long long); break;
            case 'd': total += va_arg(list, double); break;
            case 'c': total += (char)va_arg(list, int); break;
            case 's': total += va_arg(list, char *)[0]; break;
        }
    va_end(list);
    return total;
}

static int format(char *into, size_t bytes, const char *how, ...) {
    va_list list, copy;
    va_start(list, how);
    va_copy(copy, list);
    int needed = vsnprintf(NULL, 0, how, copy);
    va_end(copy);
    vsnprintf(into, bytes, how, list);
    va_end(list);
    return needed;
}

struct pair { int a; double b; };
static struct pair pick(int count, ...) {
    va_list list;
    struct pair last = {0, 0};
    va_start(list, count);
    while (count-- > 0) last = va_arg(list, struct pair);
    va_end(list);
    return last;
}

int main(void) {
    printf("%g\n", sum("i", 1));
    printf("%g\n", sum("idid", 1, 2.5, 3, 4.5));
    printf("%g\n", sum("iliddlsic", 1, 2ll << 40, 3, 4.25, 5.5, -6ll, "A", 7, 'B'));
    printf("%g\n", sum("dddddddd", 1., 2., 3., 4., 5., 6., 7., 8.));
    printf("%g\n", sum("llll", 1ll, 2ll, 3ll, 4ll));
    char text[64];
    int needed = format(text, sizeof text, "%d-%s-%.2f-%lld-%c", 7, "seven", 7.7, 77777777777ll, '7');
    printf("%d %s\n", needed, text);
    struct pair last = pick(3, (struct pair){1, 1.5}, (struct pair){2, 2.5}, (struct pair){3, 3.5});
    printf("%d %g\n", last.a, last.b);
    return 0;
}
