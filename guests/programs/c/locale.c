// Locale and wide characters: the C locale, conversions and classes.
#define _GNU_SOURCE
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

int main(void) {
    printf("%s %s\n", setlocale(LC_ALL, NULL), nl_langinfo(CODESET));
    printf("%s %s\n", localeconv()->decimal_point, nl_langinfo(DAY_2));
    wchar_t wide[64];
    size_t count = mbstowcs(wide, "plain text", 64);
    char back[64] = "";
    printf("%zu %zu %s", count, wcstombs(back, wide, sizeof back), back);
    printf("\n%zu %d %ls\n", wcslen(L"wide text"), wcscmp(L"abc", L"abd") < 0, wcsstr(L"find the needle", L"the"));
    printf("%ld %g\n", wcstol(L"  -123xyz", NULL, 10), wcstod(L"2.5", NULL));
    swprintf(wide, 64, L"%d-%ls-%s", 5, L"five", "5");
    printf("%ls %d %d\n", wide, iswalpha(L'x') != 0, towupper(L'q'));
    printf("%d %d\n", strcoll("a", "B") > 0, (int)strxfrm(back, "text", sizeof back));
    wmemset(wide, L'z', 5), wide[5] = 0;
    wcscat(wide, L"!");
    printf("%ls %d\n", wide, wcwidth(L'a'));
    printf("%d %s\n", mblen("a", 1), setlocale(LC_ALL, "no_SUCH") ? "found" : "no such locale");
    return 0;
}
