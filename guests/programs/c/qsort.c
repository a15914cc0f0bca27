// qsort and bsearch: callbacks through function pointers, over integers, strings, records and doubles.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct record { char name[12]; int key; double weight; };

static long calls;
static int by_int(const void *a, const void *b) { calls++; return (*(int *)a > *(int *)b) - (*(int *)a < *(int *)b); }
static int by_text(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }
static int by_weight(const void *a, const void *b) {
    double x = ((struct record *)a)->weight, y = ((struct record *)b)->weight;
    return (x > y) - (x < y);
}
static int by_context(const void *a, const void *b, void *sign) { return by_int(a, b) * *(int *)sign; }

int main(void) {
    enum { COUNT = 5000 };
    static int numbers[COUNT];
    unsigned seed = 12345;
    for (int i = 0; i < COUNT; i++) seed = seed * 1103515245 + 12345, numbers[i] = (int)(seed >> 4) - 100000000;
    qsort(numbers, COUNT, sizeof *numbers, by_int);
    for (int i = 0; i < COUNT; i += 250) printf("%d ", numbers[i]);
    int key = numbers[1234], *found = bsearch(&key, numbers, COUNT, sizeof *numbers, by_int);
    printf("\n%d %d\n", (int)(found - numbers), calls > COUNT);
    int sign = -1;
    qsort_r(numbers, 100, sizeof *numbers, by_context, &sign);
    printf("%d %d\n", numbers[0], numbers[99]);
    char *words[] = {"pear", "apple", "fig", "banana", "kiwi", "cherry", "date", "", "apple pie"};
    qsort(words, sizeof words / sizeof *words, sizeof *words, by_text);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) printf("[%s] ", words[i]);
    struct record records[50];
    for (int i = 0; i < 50; i++) {
        snprintf(records[i].name, sizeof records[i].name, "r%d", i);
        records[i].key = i, records[i].weight = (i * 7919 % 97) / 3.0;
    }
    qsort(records, 50, sizeof *records, by_weight);
    puts("");
    for (int i = 0; i < 50; i++) printf("%s %.3f ", records[i].name, records[i].weight);
    puts("");
    return 0;
}
