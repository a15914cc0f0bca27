// A sorting race: five algorithms on the same numbers, the work of each drawn as a bar.
#include "demo.h"

enum { COUNT = 1500 };
static int original[COUNT], numbers[COUNT], spare[COUNT];
static u32 work;

static int less(int a, int b) {
    work++;
    return a < b;
}

static void insertion(int *a, int count) {
    for (int i = 1; i < count; i++) {
        int value = a[i], j = i;
        for (; j > 0 && less(value, a[j - 1]); j--) a[j] = a[j - 1];
        a[j] = value;
    }
}

static void shell(int *a, int count) {
    for (int gap = count / 2; gap; gap /= 2)
        for (int i = gap; i < count; i++) {
            int value = a[i], j = i;
            for (; j >= gap && less(value, a[j - gap]); j -= gap) a[j] = a[j - gap];
            a[j] = value;
        }
}

static void sift(int *a, int root, int count) {
    for (int child; (child = root * 2 + 1) < count; root = child) {
        if (child + 1 < count && less(a[child], a[child + 1])) child++;
        if (!less(a[root], a[child])) return;
        int swap = a[root];
        a[root] = a[child], a[child] = swap;
    }
}

static void heap(int *a, int count) {
    for (int i = count / 2; i-- > 0;) sift(a, i, count);
    for (int end = count; end-- > 1;) {
        int swap = a[0];
        a[0] = a[end], a[end] = swap;
        sift(a, 0, end);
    }
}

static void merge(int *a, int count) {
    if (count < 2) return;
    int half = count / 2, i = 0, j = half, k = 0;
    merge(a, half), merge(a + half, count - half);
    while (i < half && j < count) spare[k++] = less(a[j], a[i]) ? a[j++] : a[i++];
    while (i < half) spare[k++] = a[i++];
    for (int n = 0; n < k; n++) a[n] = spare[n];
}

static void quick(int *a, int count) {
    if (count < 2) return;
    int pivot = a[count / 2], i = 0, j = count - 1;
    for (;; i++, j--) {
        while (less(a[i], pivot)) i++;
        while (less(pivot, a[j])) j--;
        if (i >= j) break;
        int swap = a[i];
        a[i] = a[j], a[j] = swap;
    }
    quick(a, i), quick(a + j + 1, count - j - 1);
}

static const struct { const char *name; void (*sort)(int *, int); } racers[] = {
    {"insertion", insertion}, {"shell", shell}, {"heap", heap}, {"merge", merge}, {"quick", quick}};

int main(int argc, char **argv) {
    (void)argc, (void)argv;
    u32 seed = 2025;
    for (int i = 0; i < COUNT; i++) seed = seed * 1664525 + 1013904223, original[i] = seed >> 12;
    for (u32 r = 0; r < sizeof racers / sizeof *racers; r++) {
        for (int i = 0; i < COUNT; i++) numbers[i] = original[i];
        work = 0;
        racers[r].sort(numbers, COUNT);
        for (int i = 1; i < COUNT; i++)
            if (numbers[i - 1] > numbers[i]) return say("not sorted!\n"), 1;
        int length = 0;
        for (const char *at = racers[r].name; *at; at++) length++;
        say(racers[r].name), pad(10 - length, ' '), number(work, 7, ' '), say(" comparisons ");
        pad(work < 45 * 700 ? work / 700 : 45, '#'), say(work < 45 * 700 ? "\n" : "...\n"), flush();
    }
    return 0;
}
