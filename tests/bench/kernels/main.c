/* The program around a kernel, where there is a C library: `kernel REPETITIONS` prints the checksum. */
#include "kernel.h"
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words) {
    u32 repetitions = count > 1 ? strtoul(words[1], 0, 10) : 1;
    printf("%08x\n", kernel(repetitions));
    return 0;
}
