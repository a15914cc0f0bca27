// Words at any address, as compilers load and store them: LWL with LWR, SWL with SWR, side by side and apart, over each other and
// over the end of a page, where the next is missing. An argument says how often.
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct __attribute__((packed)) word { uint32_t it; };
struct __attribute__((packed)) some { uint32_t a, b, c, d; };

static sigjmp_buf away;
static unsigned char *end;

static void caught(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    // Which byte of the word it was is a matter of the processor.
    printf("at %ld from the end; ", (long)((unsigned char *)info->si_addr - end) & ~3L);
    siglongjmp(away, 1);
}

static __attribute__((noinline)) uint32_t load(const void *from) { return ((const struct word *)from)->it; }
static __attribute__((noinline)) void store(void *to, uint32_t it) { ((struct word *)to)->it = it; }
static __attribute__((noinline)) void copy(struct some *to, const struct some *from) { *to = *from; }

// Each word is read after what was written before.
static __attribute__((noinline)) void shift(unsigned char *bytes, int by) {
    for (int i = 0; i < 40; i += 3) store(bytes + i + by, load(bytes + i) + 0x01020304u);
}

static uint32_t sum(const unsigned char *bytes, int count) {
    uint32_t sum = 0;
    for (int i = 0; i < count; i++) sum = sum * 31 + bytes[i];
    return sum;
}

int main(int count, char **words) {
    int times = count > 1 ? atoi(words[1]) : 40;
    long page = sysconf(_SC_PAGESIZE);
    unsigned char *pages = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    end = pages + 2 * page;
    unsigned char *middle = pages + page;
    for (int i = 0; i < 2 * page; i++) pages[i] = (unsigned char)(i * 7 + i / 256);
    uint32_t all = 0;
    for (int turn = 0; turn < times; turn++) {
        for (int at = -9; at < 9; at++) {
            store(middle + at, load(middle - at) ^ all);
            copy((struct some *)(middle + at * 3), (struct some *)(middle + at));
            shift(middle - 50 + at, at % 5);
            all = all * 5 + sum(middle - 80, 160);
        }
    }
    printf("%08x %08x\n", all, sum(pages, 2 * page));
    munmap(end, page);
    struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    for (int turn = 0; turn < 2; turn++) {
        for (int at = -5; at < 0; at++) {
            if (!sigsetjmp(away, 1)) printf("load %d: %08x; ", at, load(end + at));
            if (!sigsetjmp(away, 1)) store(end + at, 0x12345678), printf("store %d; ", at);
            printf("%02x %02x %02x %02x\n", end[-4], end[-3], end[-2], end[-1]);
        }
    }
    return 0;
}
