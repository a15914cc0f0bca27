// Search structures of the library: hash table, binary tree, linear search, queues; obstacks left out.
#define _GNU_SOURCE
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b) { return strcmp(a, b); }
static int by_int(const void *a, const void *b) { return *(int *)a - *(int *)b; }
static int printed;
static void visit(const void *node, VISIT which, int depth) {
    (void)depth;
    if ((which == postorder || which == leaf) && printed++ % 20 == 0) printf("%s ", *(char **)node);
}

int main(void) {
    static char names[200][12];
    hcreate(400);
    void *root = NULL;
    for (int i = 0; i < 200; i++) {
        snprintf(names[i], sizeof names[i], "key%d", i * 7919 % 1000);
        hsearch((ENTRY){names[i], names[i] + 3}, ENTER);
        tsearch(names[i], &root, compare);
    }
    int found = 0;
    for (int i = 0; i < 1000; i++) {
        char key[12];
        snprintf(key, sizeof key, "key%d", i);
        ENTRY *entry = hsearch((ENTRY){key, NULL}, FIND);
        found += entry != NULL && !strcmp(entry->data, key + 3);
        found += tfind(key, &root, compare) != NULL;
    }
    printf("%d\n", found);
    twalk(root, visit);
    for (int i = 0; i < 100; i++) tdelete(names[i], &root, compare);
    printed = 0, printf("| ");
    twalk(root, visit);
    hdestroy();
    int numbers[20], key = 7;
    size_t count = 0;
    for (int i = 0; i < 30; i++) {
        int value = i % 9;
        lsearch(&value, numbers, &count, sizeof *numbers, by_int);
    }
    printf("\n%zu %d\n", count, (int)((int *)lfind(&key, numbers, &count, sizeof *numbers, by_int) - numbers));
    struct element { struct element *next, *previous; int value; } items[5];
    for (int i = 0; i < 5; i++) items[i].value = i, insque(&items[i], i ? &items[i - 1] : NULL);
    remque(&items[2]);
    for (struct element *at = items; at; at = at->next) printf("%d ", at->value);
    puts("");
    return 0;
}
