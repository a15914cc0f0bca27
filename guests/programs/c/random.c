// Randomness: getrandom and /dev/urandom give what is asked and never the same; the library's generators repeat.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

int main(void) {
    unsigned char a[64] = {0}, b[64] = {0};
    printf("%zd %zd %d\n", getrandom(a, sizeof a, 0), getrandom(b, sizeof b, GRND_NONBLOCK), memcmp(a, b, sizeof a) != 0);
    int fd = open("/dev/urandom", O_RDONLY);
    printf("%zd %d\n", read(fd, a, sizeof a), memcmp(a, b, sizeof a) != 0);
    close(fd);
    printf("%d\n", getentropy(b, 32));
    srand(1);
    for (int i = 0; i < 8; i++) printf("%d ", rand());
    srandom(42);
    for (int i = 0; i < 8; i++) printf("%ld ", random());
    srand48(7);
    for (int i = 0; i < 8; i++) printf("%ld %.17g ", lrand48(), drand48());
    unsigned seed = 5;
    printf("\n%d %d\n", rand_r(&seed), rand_r(&seed));
    fd = open("/dev/zero", O_RDONLY);
    memset(a, 1, sizeof a);
    printf("%zd %d\n", read(fd, a, sizeof a), a[0] | a[63]);
    fd = open("/dev/null", O_RDWR);
    printf("%zd %zd\n", write(fd, a, sizeof a), read(fd, a, sizeof a));
    fd = open("/dev/full", O_WRONLY);
    printf("%zd\n", write(fd, a, sizeof a));
    return 0;
}
