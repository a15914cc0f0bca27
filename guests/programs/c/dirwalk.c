// Directories: made, walked in sorted order, rewound, changed into, removed; ftw and glob over them.
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void walk(const char *path, int depth) {
    struct dirent **names;
    int count = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        if (strcmp(name, ".") && strcmp(name, "..")) {
            printf("%*s%s %s\n", depth * 2, "", name, names[i]->d_type == DT_DIR ? "dir" : names[i]->d_type == DT_LNK ? "link" : "file");
            if (names[i]->d_type == DT_DIR) {
                char below[300];
                snprintf(below, sizeof below, "%s/%s", path, name);
                walk(below, depth + 1);
            }
        }
        free(names[i]);
    }
    free(names);
}

static int total, directories;
static int count(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)path, (void)info;
    total++, directories += kind == FTW_D || kind == FTW_DP;
    return where->level > 10;
}

int main(void) {
    mkdir("tree", 0755), mkdir("tree/a", 0755), mkdir("tree/b", 0700), mkdir("tree/a/deep", 0755);
    for (int i = 0; i < 120; i++) {
        char name[64];
        snprintf(name, sizeof name, "tree/a/file-%03d.%s", i, i % 3 ? "txt" : "c");
        close(open(name, O_CREAT | O_WRONLY, 0644));
    }
    if (symlink("a/deep", "tree/link")) perror("symlink");
    walk("tree", 0);
    printf("%d\n", nftw("tree", count, 8, FTW_PHYS));
    printf("%d %d\n", total, directories);
    glob_t found;
    printf("%d ", glob("tree/a/*-0[0-2]?.c", 0, NULL, &found));
    for (size_t i = 0; i < found.gl_pathc; i++) printf("%s ", found.gl_pathv[i]);
    printf("%d %d\n", fnmatch("*.tx?", "a.txt", 0), fnmatch("[!a]*", "abc", 0));
    DIR *directory = opendir("tree/a");
    int once = 0, twice = 0;
    while (readdir(directory)) once++;
    rewinddir(directory);
    while (readdir(directory)) twice++;
    printf("%d %d %d\n", once, twice, dirfd(directory) > 2);
    closedir(directory);
    char where[4096];
    if (chdir("tree/a/deep")) perror("chdir");
    printf("%s\n", strrchr(getcwd(where, sizeof where), '/'));
    if (chdir("../../..")) perror("chdir");
    printf("%d %d\n", rmdir("tree"), errno == ENOTEMPTY);
    printf("%d %d\n", mkdir("tree/a", 0755), errno == EEXIST);
    printf("%d %d\n", rmdir("tree/b"), opendir("tree/b") == NULL && errno == ENOENT);
    return 0;
}
