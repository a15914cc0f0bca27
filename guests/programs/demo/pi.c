// Pi to 800 places by a spigot: nothing but 32-bit integers (Rabinowitz and Wagon, 1995).
#include "demo.h"

enum { PLACES = 800, CELLS = PLACES / 4 * 14 };
static int cells[CELLS + 1];

int main(int argc, char **argv) {
    (void)argc, (void)argv;
    for (int i = 0; i < CELLS; i++) cells[i] = 2000;
    int groups = 0;
    for (int span = CELLS, carry = 0; span > 0; span -= 14) {
        int sum = 0;
        for (int i = span; i > 0; i--) {
            sum = sum * i + 10000 * cells[i];
            cells[i] = sum % (2 * i - 1);
            sum /= 2 * i - 1;
        }
        number(carry + sum / 10000, 4, '0');
        carry = sum % 10000;
        if (++groups % 20 == 0) put('\n'), flush();
    }
    return 0;
}
