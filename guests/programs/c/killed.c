// Death by an unhandled fault.
#include <stdio.h>

int main(void) {
    puts("before");
    fflush(stdout);
    int *volatile nowhere = (int *)16;
    *nowhere = 1;
    puts("after");
    return 0;
}
