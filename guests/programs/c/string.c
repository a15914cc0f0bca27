// The string functions, at every alignment.
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static int sign(int x) { return (x > 0) - (x < 0); }

int main(void) {
    char text[128], other[128];
    for (int at = 0; at < 8; at++) {
        char *p = text + at;
        strcpy(p, "The quick brown fox jumps over the lazy dog");
        printf("%zu %zu %d %d %s %s\n", strlen(p), strnlen(p, 10), (int)(strchr(p, 'q') - p), (int)(strrchr(p, 'o') - p),
               strstr(p, "fox"), strcasestr(p, "LAZY"));
        printf("%zu %zu %s\n", strspn(p, "The "), strcspn(p, "xyz"), strpbrk(p, "jklm"));
        for (int with = 0; with < 8; with++) {
            strcpy(other + with, p);
            other[with + 20] = 'Z';
            printf("%d%d%d ", sign(strcmp(p, other + with)), sign(strncmp(p, other + with, 20)), sign(memcmp(p, other + with, 30)));
        }
        puts("");
    }
    strcpy(text, "one"), strcat(text, " two"), strncat(text, " three four", 6);
    printf("%s|%s|\n", text, strncpy(other, "pad", 10));
    char list[] = "a,b;;c d,e", *save, *part;
    for (part = strtok_r(list, ",; ", &save); part; part = strtok_r(NULL, ",; ", &save)) printf("<%s>", part);
    char fields[] = "x::y:", *rest = fields;
    while ((part = strsep(&rest, ":"))) printf("(%s)", part);
    printf("\n%d %d %d\n", sign(strcasecmp("HELLO", "hello")), sign(strncasecmp("abcX", "ABCy", 3)), sign(strverscmp("f10", "f9")));
    memset(text, 'x', 50), memset(text + 7, 0, 1);
    printf("%d %d %d\n", (int)((char *)memchr(text, 0, 50) - text), (int)((char *)memrchr(text, 'x', 50) - text),
           (int)((char *)memmem("haystack", 8, "st", 2) - (char *)"haystack") != 0);
    printf("%s %s %s\n", strerror(2), strerror(89), strsignal(11));
    for (int c = 0; c < 128; c++)
        printf("%d", isalpha(c) ? 1 : isdigit(c) ? 2 : isspace(c) ? 3 : ispunct(c) ? 4 : iscntrl(c) ? 5 : 6);
    printf("\n%c%c %s\n", toupper('a'), tolower('Z'), strdupa("copied"));
    char *end = stpcpy(text, "abc");
    printf("%d %s %s\n", (int)(end - text), basename("/usr/lib/x.so"), strfry(strcpy(other, "a")));
    return 0;
}
