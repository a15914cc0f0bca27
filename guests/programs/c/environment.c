// The environment and the argument vector.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static int compare(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }
static void list(void) {
    size_t count = 0;
    while (environ && environ[count]) count++;
    char **sorted = malloc((count + 1) * sizeof *sorted);
    if (count) memcpy(sorted, environ, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare);
    for (size_t i = 0; i < count; i++)
        if (!strncmp(sorted[i], "TEST", 4)) printf("  %s\n", sorted[i]);
    free(sorted);
}

int main(int argc, char **argv) {
    printf("%d\n", argc);
    for (int i = 1; i < argc; i++) printf("%zu [%s]\n", strlen(argv[i]), argv[i]);
    printf("%d\n", argv[argc] == NULL);
    setenv("TEST_A", "one", 1), setenv("TEST_A", "two", 0), setenv("TEST_B", "", 1);
    char text[] = "TEST_C=three";
    putenv(text);
    list();
    text[7] = 'T';
    printf("%s %s [%s]\n", getenv("TEST_A"), getenv("TEST_C"), getenv("TEST_B"));
    setenv("TEST_A", "a much longer value than the one before it, so that it must move", 1);
    unsetenv("TEST_B");
    printf("%d %d\n", getenv("TEST_B") == NULL, setenv("BAD=NAME", "x", 1));
    list();
    for (int i = 0; i < 200; i++) {
        char name[32], value[32];
        snprintf(name, sizeof name, "TESTNUM%d", i), snprintf(value, sizeof value, "%d", i * i);
        setenv(name, value, 1);
    }
    printf("%s\n", getenv("TESTNUM199"));
    clearenv();
    list();
    printf("%d\n", getenv("TEST_A") == NULL);
    return 0;
}
