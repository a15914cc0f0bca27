/* Strings and a hash table: counts words in a text, open addressing. */
#include "kernel.h"

enum { SLOTS = 8192, TEXT = 1 << 17 };
typedef struct {
    const u8 *word;
    u32 length, count;
} Slot;
static u8 text[TEXT];
static Slot slots[SLOTS];

/* Words of a small alphabet, so that many come again. */
static void write(void) {
    u32 seed = 13, at = 0;
    while (at < TEXT - 16) {
        u32 letters = 1 + next(&seed) % 3 + next(&seed) % 3;
        for (u32 i = 0; i < letters; i++)
            text[at++] = 'a' + next(&seed) % 5;
        text[at++] = ' ';
    }
    text[at] = 0;
}

static i32 is_same(const u8 *a, const u8 *b, u32 length) {
    while (length && *a == *b)
        a++, b++, length--;
    return !length;
}

static NOINLINE Slot *find(const u8 *word, u32 length) {
    u32 hash = 0x811c9dc5;
    for (u32 i = 0; i < length; i++)
        hash = (hash ^ word[i]) * 0x01000193;
    for (u32 at = hash % SLOTS;; at = (at + 1) % SLOTS) {
        Slot *slot = &slots[at];
        if (!slot->word) {
            slot->word = word;
            slot->length = length;
            return slot;
        }
        if (slot->length == length && is_same(slot->word, word, length))
            return slot;
    }
}

u32 kernel(u32 repetitions) {
    u32 sum = 0;
    write();
    for (u32 i = 0; i < repetitions; i++) {
        for (u32 j = 0; j < SLOTS; j++)
            slots[j] = (Slot){0};
        for (const u8 *at = text; *at; at++) {
            const u8 *start = at;
            while (*at != ' ')
                at++;
            find(start, at - start)->count++;
        }
        for (u32 j = 0; j < SLOTS; j += 3)
            sum = mix(sum, slots[j].count + i);
    }
    return sum;
}
