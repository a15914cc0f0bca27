// Calendar time: gmtime, timegm, strftime, strptime, mktime in several zones, far dates.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int main(void) {
    const time_t times[] = {0, 1, -1, 86399, 951782400, 1000000000, 1709164800, 2147483647, -2147483647};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct tm parts;
        gmtime_r(&times[i], &parts);
        char text[128];
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %a %A %b %B %j %U %W %V %G %u %w %y %C %I %p %D %T %e", &parts);
        printf("%ld %s %ld\n", (long)times[i], text, (long)timegm(&parts));
    }
    const char *zones[] = {"UTC", "EST5EDT,M3.2.0,M11.1.0", "CET-1CEST,M3.5.0,M10.5.0/3", "<+0530>-5:30"};
    for (int i = 0; i < 4; i++) {
        setenv("TZ", zones[i], 1);
        tzset();
        for (long when = 1700000000; when < 1731000000; when += 7776000) {
            time_t time = when;
            struct tm parts = *localtime(&time);
            char text[64];
            strftime(text, sizeof text, "%F %T %Z %z", &parts);
            printf("%s: %s %d %ld\n", zones[i], text, parts.tm_isdst, (long)mktime(&parts));
        }
    }
    setenv("TZ", "UTC", 1), tzset();
    struct tm parts;
    memset(&parts, 0, sizeof parts);
    printf("%d ", strptime("2024-02-29 13:14:15", "%Y-%m-%d %H:%M:%S", &parts) != NULL);
    printf("%ld %s", (long)mktime(&parts), asctime(&parts));
    parts.tm_mon += 25, parts.tm_mday += 400;
    time_t normal = mktime(&parts);
    printf("%ld %d-%d-%d %.0f\n", (long)normal, parts.tm_year, parts.tm_mon, parts.tm_mday, difftime(normal, 0));
    return 0;
}
