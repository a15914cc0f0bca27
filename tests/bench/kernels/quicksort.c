/* Indirect calls: quicksort that asks a callback, as qsort(3) does. */
#include "kernel.h"

enum { COUNT = 20000 };
typedef struct {
    u32 key, value;
} Row;
typedef i32 (*Compare)(const Row *, const Row *);
static Row rows[COUNT];

static i32 ascending(const Row *a, const Row *b) {
    return a->key < b->key ? -1 : a->key > b->key;
}
static i32 descending(const Row *a, const Row *b) {
    return ascending(b, a);
}
static i32 by_value(const Row *a, const Row *b) {
    return a->value == b->value ? ascending(a, b) : a->value < b->value ? -1 : 1;
}
static Compare orders[] = {ascending, by_value, descending};

static void swap(Row *a, Row *b) {
    Row old = *a;
    *a = *b;
    *b = old;
}

static void sort(Row *first, Row *last, Compare compare) {
    while (last - first > 8) {
        Row *middle = first + (last - first) / 2;
        swap(first, middle);
        Row pivot = *first, *low = first, *high = last;
        for (;;) {
            do
                low++;
            while (low < last && compare(low, &pivot) < 0);
            do
                high--;
            while (compare(high, &pivot) > 0);
            if (low >= high)
                break;
            swap(low, high);
        }
        swap(first, high);
        sort(high + 1, last, compare);
        last = high;
    }
    for (Row *at = first; at < last; at++)
        for (Row *low = at; low > first && compare(low - 1, low) > 0; low--)
            swap(low - 1, low);
}

u32 kernel(u32 repetitions) {
    u32 sum = 0, seed = 7;
    for (u32 i = 0; i < repetitions; i++) {
        for (u32 j = 0; j < COUNT; j++) {
            rows[j].key = next(&seed);
            rows[j].value = rows[j].key >> 20;
        }
        sort(rows, rows + COUNT, orders[i % 3]);
        for (u32 j = 0; j < COUNT; j += 97)
            sum = mix(sum, rows[j].key);
    }
    return sum;
}
