// execve, vfork, posix_spawn, system, popen: programs that start programs, this one under other names.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int other(int argc, char **argv) {
    printf("%s:", argv[1]);
    for (int i = 2; i < argc; i++) printf(" %s", argv[i]);
    printf(" [%s]", getenv("MARK") ? getenv("MARK") : "none");
    printf(" fd7 %s", fcntl(7, F_GETFD) < 0 ? "closed" : "open");
    printf(" usr1 %s", signal(SIGUSR1, SIG_DFL) == SIG_IGN ? "ignored" : "default");
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    printf(" usr2 %s\n", sigismember(&mask, SIGUSR2) ? "blocked" : "open");
    fflush(stdout);
    return argc;
}

static int run(const char *how, char **words, char **variables) {
    int status;
    fflush(stdout);
    pid_t child = strcmp(how, "vfork") ? fork() : vfork();
    if (child == 0) {
        execve("/proc/self/exe", words, variables);
        _exit(127);
    }
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static int in_thread(void *argument) {
    *(int *)argument = 42;
    return 6;
}

int main(int argc, char **argv) {
    if (argc > 1 && !strncmp(argv[1], "as-", 3)) return other(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGUSR1, SIG_IGN);
    sigset_t mask;
    sigemptyset(&mask), sigaddset(&mask, SIGUSR2);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup3(file, 7, O_CLOEXEC);
    char *words[] = {"self", "as-fork", "one", "two words", NULL}, *variables[] = {"MARK=here", NULL};
    printf("%d\n", run("fork", words, variables));
    words[1] = "as-vfork";
    printf("%d\n", run("vfork", words, environ));
    fcntl(7, F_SETFD, 0);
    words[1] = "as-spawn";
    pid_t child;
    int status;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "out", O_CREAT | O_WRONLY | O_TRUNC, 0644);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigemptyset(&mask);
    posix_spawnattr_setsigmask(&attributes, &mask);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    printf("%d", posix_spawn(&child, "/proc/self/exe", &actions, &attributes, words, variables));
    printf(" %d", waitpid(child, &status, 0) == child);
    printf(" %d\n", WEXITSTATUS(status));
    printf("missing: %d\n", posix_spawn(&child, "/nowhere", NULL, NULL, words, variables) == ENOENT);
    // A thread of another process, with our memory and without our table of files.
    static char stack[65536];
    int value = 0;
    child = clone(in_thread, stack + sizeof stack, CLONE_VM | SIGCHLD, &value);
    waitpid(child, &status, 0);
    printf("shared %d, status %d\n", value, WEXITSTATUS(status));
    struct { const char *path; int mode; const char *text; } cases[] = {
        {"plain", 0644, "text"}, {"empty", 0755, ""}, {"junk", 0755, "\x7f" "ELF and so on"}, {"folder", 0, NULL}};
    for (int i = 0; i < 4; i++) {
        if (cases[i].text) {
            FILE *made = fopen(cases[i].path, "w");
            fputs(cases[i].text, made);
            fclose(made);
            chmod(cases[i].path, cases[i].mode);
        } else mkdir(cases[i].path, 0755);
        char *own[] = {"x", NULL};
        execve(cases[i].path, own, variables);
        printf("%s: %s\n", cases[i].path, strerrorname_np(errno));
    }
    return 0;
}
