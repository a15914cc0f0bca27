// sscanf and scanf on a stream: conversions, sets, widths, counts.
#include <stdio.h>
#include <string.h>

int main(void) {
    int a = 0, b = 0, c = 0, n = 0;
    unsigned u = 0;
    float f = 0;
    double d = 0;
    char word[32] = "", set[32] = "", ch = 0;
    printf("%d", sscanf("12 -34 0x1f", "%d %d %i", &a, &b, &c));
    printf(" %d %d %d\n", a, b, c);
    printf("%d", sscanf("3.5 1e-3 rest", "%f %lf %31s", &f, &d, word));
    printf(" %g %g %s\n", f, d, word);
    printf("%d", sscanf("abc123xyz", "%31[a-z]%d%n%c", set, &a, &n, &ch));
    printf(" %s %d %d %c\n", set, a, n, ch);
    printf("%d", sscanf("777 ff 12345", "%o %x %3u", &u, &b, (unsigned *)&c));
    printf(" %u %x %d\n", u, b, c);
    printf("%d\n", sscanf("nothing", "%d", &a));
    printf("%d\n", sscanf("", "%d", &a));
    printf("%d", sscanf("key = value ; tail", "%31[^= ] = %31[^;]", word, set));
    printf(" [%s] [%s]\n", word, set);
    printf("%d", sscanf("10:20:30", "%d:%*d:%d", &a, &b));
    printf(" %d %d\n", a, b);
    printf("%d %a\n", sscanf("0x1.8p3 inf", "%lf", &d), d);
    long long big = 0;
    printf("%d %lld\n", sscanf("-9223372036854775808", "%lld", &big), big);
    FILE *file = fopen("numbers", "w+");
    for (int i = 0; i < 50; i++) fprintf(file, "%d %g\n", i * i, i / 8.0);
    rewind(file);
    double total = 0;
    while (fscanf(file, "%d %lf", &a, &d) == 2) total += a * d;
    printf("%.10g %d\n", total, feof(file));
    fclose(file);
    int line, sum = 0, lines = 0;
    while (scanf("%d", &line) == 1) sum += line, lines++;
    printf("%d %d\n", lines, sum);
    return 0;
}
