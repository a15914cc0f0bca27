// Standard I/O: buffering modes, seeking, pushing back, lines, binary, temporary and memory files.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    FILE *file = fopen("text", "w");
    setvbuf(file, NULL, _IOFBF, 64);
    for (int i = 0; i < 100; i++) fprintf(file, "line %d\n", i);
    printf("%ld\n", ftell(file));
    fclose(file);
    file = fopen("text", "r+");
    char line[100];
    int lines = 0;
    while (fgets(line, sizeof line, file)) lines++;
    printf("%d %d %d\n", lines, feof(file) != 0, ferror(file));
    fseek(file, 7 * 5, SEEK_SET);
    fputs("LINE", file);
    fflush(file);
    fseek(file, -4, SEEK_CUR);
    printf("%s", fgets(line, sizeof line, file));
    int c = getc(file);
    ungetc('#', file);
    printf("%c%c", c, getc(file));
    fpos_t place;
    fgetpos(file, &place);
    printf("%d ", fscanf(file, "ine %d", &c));
    fsetpos(file, &place);
    printf("%d ", fscanf(file, "ine %d", &c));
    printf("%d\n", c);
    fclose(file);
    double numbers[20], back[20] = {0};
    for (int i = 0; i < 20; i++) numbers[i] = i * 1.25;
    file = tmpfile();
    printf("%zu ", fwrite(numbers, sizeof *numbers, 20, file));
    rewind(file);
    printf("%zu %d\n", fread(back, sizeof *back, 25, file), memcmp(numbers, back, sizeof back));
    fclose(file);
    char *grown;
    size_t bytes;
    FILE *memory = open_memstream(&grown, &bytes);
    for (int i = 0; i < 10; i++) fprintf(memory, "%d,", i * i);
    fclose(memory);
    printf("%s %zu\n", grown, bytes);
    memory = fmemopen(grown, bytes, "r");
    int a, b;
    printf("%d %d %d\n", fscanf(memory, "%d,%d,", &a, &b), a, b);
    fclose(memory), free(grown);
    char *whole = NULL;
    size_t room = 0;
    file = fopen("text", "a+");
    fputs("last without newline", file);
    rewind(file);
    ssize_t length, longest = 0;
    while ((length = getline(&whole, &room, file)) >= 0) longest = length > longest ? length : longest;
    printf("%zd %s\n", longest, whole);
    fclose(file), free(whole);
    printf("%d %d\n", fopen("no/such", "r") == NULL, errno == ENOENT);
    char name[] = "made-XXXXXX";
    int fd = mkstemp(name);
    printf("%d %d\n", fd > 2, (int)strlen(name));
    file = fdopen(fd, "w");
    fprintf(file, "x");
    fclose(file);
    printf("%d %d\n", remove(name), access(name, F_OK));
    setvbuf(stdout, NULL, _IONBF, 0);
    fputs("unbuffered ", stdout), putchar('.'), puts("");
    dprintf(1, "%s\n", "straight to the descriptor");
    while ((c = getchar()) != EOF && c != '\n') putchar(c);
    puts("");
    return 0;
}
