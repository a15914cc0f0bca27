// Regular expressions of the library: groups, classes, back-references, anchors, errors.
#include <regex.h>
#include <stdio.h>

static void match(const char *pattern, const char *text, int flags) {
    regex_t regex;
    int error = regcomp(&regex, pattern, flags);
    if (error) {
        char message[100];
        regerror(error, &regex, message, sizeof message);
        printf("%s: %s\n", pattern, message);
        return;
    }
    regmatch_t groups[4];
    if (regexec(&regex, text, 4, groups, 0)) printf("%s ~ %s: no\n", pattern, text);
    else {
        printf("%s ~ %s:", pattern, text);
        for (int i = 0; i < 4; i++)
            if (groups[i].rm_so >= 0) printf(" [%.*s]", (int)(groups[i].rm_eo - groups[i].rm_so), text + groups[i].rm_so);
        puts("");
    }
    regfree(&regex);
}

int main(void) {
    match("a*b", "caaab", REG_EXTENDED);
    match("^([a-z]+)@([a-z]+)\\.com$", "user@example.com", REG_EXTENDED);
    match("(a|ab)(c|bcd)(d*)", "abcd", REG_EXTENDED);
    match("\\([a-c]\\)\\1", "xbbz", 0);
    match("[[:digit:]]{2,4}", "abc12345", REG_EXTENDED);
    match("hello", "HELLO world", REG_ICASE);
    match("(foo|bar)+baz", "foobarfoobaz", REG_EXTENDED);
    match("^$", "", REG_EXTENDED);
    match("x?y+z*", "yyy", REG_EXTENDED);
    match("[^a-z]+", "abcDEF123ghi", REG_EXTENDED);
    match("a{3}", "aa", REG_EXTENDED);
    match("(unclosed", "x", REG_EXTENDED);
    match("[z-a]", "x", REG_EXTENDED);
    match("\\bword\\b", "a word here", REG_EXTENDED);
    match("((a*)(b*))*c", "aabbabc", REG_EXTENDED);
    return 0;
}
