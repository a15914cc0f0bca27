// C11 atomics on one thread: every operation and width up to 32 bits gives what its sequential meaning says.
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

static _Atomic uint8_t byte;
static _Atomic int16_t half;
static _Atomic uint32_t word;
static _Atomic(int *) pointer;
static atomic_flag flag = ATOMIC_FLAG_INIT;

int main(void) {
    for (int i = 0; i < 300; i++) {
        atomic_fetch_add(&byte, 3), atomic_fetch_sub(&half, 700), atomic_fetch_xor(&word, 0x9e3779b9u * i);
        atomic_fetch_or(&word, 1u << (i & 31)), atomic_fetch_and(&word, ~(2u << (i % 30)));
    }
    printf("%u %d %08x\n", byte, half, word);
    uint32_t expected = 5;
    int swapped = atomic_compare_exchange_strong(&word, &expected, 9);
    printf("%d %d ", swapped, expected == word);
    swapped = atomic_compare_exchange_strong(&word, &expected, 9);
    printf("%d %u\n", swapped, word);
    uint8_t small = 1;
    printf("%d\n", atomic_compare_exchange_strong(&byte, &small, 200));
    printf("%u %u\n", small, atomic_exchange(&byte, 77));
    static int cells[10];
    pointer = cells;
    for (int i = 0; i < 5; i++) atomic_fetch_add(&pointer, 2 * sizeof(int) / sizeof(int));
    printf("%d\n", (int)(atomic_load(&pointer) - cells));
    printf("%d %d\n", atomic_flag_test_and_set(&flag), atomic_flag_test_and_set(&flag));
    atomic_flag_clear(&flag);
    printf("%d\n", atomic_flag_test_and_set(&flag));
    int plain = 10;
    printf("%d %d %d\n", __sync_add_and_fetch(&plain, 5), __sync_bool_compare_and_swap(&plain, 15, 20), __sync_lock_test_and_set(&plain, 1));
    atomic_thread_fence(memory_order_seq_cst);
    int weak = 0;
    uint32_t old = atomic_load(&word);
    while (!atomic_compare_exchange_weak(&word, &old, old * 2)) weak++;
    printf("%u %d\n", word, weak >= 0);
    return 0;
}
