// strtod, strtol and their kin: exact halfway cases, bases, overflow, where they stop.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    const char *floats[] = {"0", "-0", "1", "0.1", "1e308", "1e309", "-1e400", "4.9e-324", "2e-324", "1e-400", "9007199254740993",
                            "9007199254740992.5", "0x1.fffffffffffff8p0", "0x1p-1074", "  +3.5abc", "inf", "-INFINITY", "nan", ".5",
                            "5.", "1e", "e1", "", "123456789012345678901234567890", "2.2250738585072011e-308",
                            "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416"
                            "692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959"
                            "622842914819860834936475292719074168444365510704342711559699508093042880"};
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
        char *end;
        errno = 0;
        double value = strtod(floats[i], &end);
        printf("%.24s: %a stop=%d errno=%d %a\n", floats[i], value, (int)(end - floats[i]), errno == ERANGE, strtof(floats[i], 0));
    }
    const char *integers[] = {"0", "123", "-45", "0x7f", "077", "  12 34", "2147483647", "2147483648", "-2147483649", "zz", "7fffffff",
                              "4294967295", "99999999999999999999", "+", "-0x10"};
    const int bases[] = {0, 10, 16, 36, 8};
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
        for (size_t j = 0; j < sizeof bases / sizeof *bases; j++) {
            char *end;
            errno = 0;
            long word = strtol(integers[i], &end, bases[j]);
            int range = errno == ERANGE, stop = (int)(end - integers[i]);
            printf("%s/%d: %ld %d %d %lu %lld %llu\n", integers[i], bases[j], word, stop, range, strtoul(integers[i], 0, bases[j]),
                   strtoll(integers[i], 0, bases[j]), strtoull(integers[i], 0, bases[j]));
        }
    printf("%d %ld %g\n", atoi("17x"), atol("-9"), atof("2.5e3"));
    return 0;
}
