// getopt and getopt_long over several command lines; suboptions; word expansion of the library left out.
#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static void parse(int argc, char **argv) {
    static const struct option longs[] = {
        {"verbose", no_argument, NULL, 'v'}, {"output", required_argument, NULL, 'o'}, {"level", optional_argument, NULL, 'l'}, {0}};
    int option;
    optind = 0, opterr = 0;
    while ((option = getopt_long(argc, argv, "vo:l::x", longs, NULL)) != -1)
        printf("%c(%s) ", option == '?' ? '?' : option, optarg ? optarg : "");
    for (; optind < argc; optind++) printf("<%s> ", argv[optind]);
    puts("");
}

int main(void) {
    parse(4, (char *[]){"p", "-v", "-o", "file", NULL});
    parse(6, (char *[]){"p", "first", "--output=x", "-l5", "--level", "last", NULL});
    parse(5, (char *[]){"p", "-vx", "--", "-o", "plain", NULL});
    parse(3, (char *[]){"p", "--verb", "--unknown", NULL});
    parse(2, (char *[]){"p", "-o", NULL});
    char text[] = "ro,size=5,bogus", *at = text, *value;
    char *const names[] = {"ro", "rw", "size", NULL};
    while (*at) {
        int which = getsubopt(&at, names, &value);
        printf("%d=%s ", which, value ? value : "-");
    }
    puts("");
    return 0;
}
