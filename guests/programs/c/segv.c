// SIGSEGV: address and code for unmapped and protected pages, reads, writes and jumps; the handler leaves by siglongjmp.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static sigjmp_buf back;
static volatile uintptr_t fault_at;
static volatile int fault_code;

static void handler(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    fault_at = (uintptr_t)info->si_addr, fault_code = info->si_code;
    siglongjmp(back, 1);
}

static void report(const char *what, uintptr_t expected) {
    printf("%s: code=%s at=%s\n", what, fault_code == SEGV_MAPERR ? "MAPERR" : fault_code == SEGV_ACCERR ? "ACCERR" : "other",
           fault_at == expected ? "right" : "wrong");
}

#define TRY(what, expected, action) \
    do {                            \
        if (!sigsetjmp(back, 1)) {  \
            action;                 \
            puts(what ": no fault"); \
        } else                      \
            report(what, (uintptr_t)(expected)); \
    } while (0)

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    volatile char *null = (volatile char *)(uintptr_t)0;
    __asm__("" : "+r"(null));
    TRY("read null", 0, (void)*null);
    TRY("write null", 0, *null = 1);
    TRY("read null + 100", 100, (void)null[100]);
    char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(pages, 1, 3 * 4096);
    mprotect(pages + 4096, 4096, PROT_NONE);
    TRY("read none", pages + 4096, (void)*(volatile char *)(pages + 4096));
    TRY("read last before", 0, (void)*(volatile char *)(pages + 4095));
    mprotect(pages + 4096, 4096, PROT_READ);
    TRY("read readable", 0, (void)*(volatile char *)(pages + 4096));
    TRY("write readable", pages + 5000, *(volatile char *)(pages + 5000) = 1);
    mprotect(pages + 4096, 4096, PROT_READ | PROT_WRITE);
    TRY("write writable", 0, *(volatile char *)(pages + 4096) = 2);
    munmap(pages + 4096, 4096);
    TRY("read unmapped", pages + 4104, (void)*(volatile int *)(pages + 4104));
    TRY("write unmapped", pages + 4104, *(volatile double *)(pages + 4104) = 1);
    volatile int *text = (volatile int *)(uintptr_t)report;
    __asm__("" : "+r"(text));
    TRY("write text", text, *text = 0);
    void (*volatile nowhere)(void) = (void (*)(void))(pages + 4096);
    TRY("jump unmapped", pages + 4096, nowhere());
    TRY("neighbours", 0, pages[0] = pages[2 * 4096]);
    volatile int loops = 0;
    for (volatile int i = 0; i < 100; i++)
        if (!sigsetjmp(back, 1)) *null = 1;
        else loops++;
    printf("%d\n", loops);
    return 0;
}
