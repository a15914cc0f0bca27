/* Memory: a linked list in random order, 1 MiB, each step waiting for the one before. */
#include "kernel.h"

enum { COUNT = 1 << 16 };
typedef struct Item {
    struct Item *next;
    u32 value, padding[2];
} Item;
static Item items[COUNT];

u32 kernel(u32 repetitions) {
    u32 sum = 0, seed = 19;
    for (u32 i = 0; i < COUNT; i++)
        items[i] = (Item){&items[i], next(&seed), {0}};
    /* Sattolo's shuffle makes one cycle of all. */
    for (u32 i = COUNT - 1; i > 0; i--) {
        u32 j = next(&seed) % i;
        Item *old = items[i].next;
        items[i].next = items[j].next;
        items[j].next = old;
    }
    Item *at = items;
    for (u32 i = 0; i < repetitions; i++)
        for (u32 j = 0; j < COUNT; j++) {
            sum += at->value ^ j;
            at->value += i;
            at = at->next;
        }
    return sum;
}
