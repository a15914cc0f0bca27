// Long numbers: factorials, powers, Fibonacci numbers and a thousand digits of pi with a spigot.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LIMBS = 400 };
static uint32_t number[LIMBS];
static int used = 1;

static void multiply(uint32_t by) {
    uint64_t carry = 0;
    for (int i = 0; i < used; i++) carry += (uint64_t)number[i] * by, number[i] = carry % 1000000000, carry /= 1000000000;
    if (carry) number[used++] = carry;
}

static void print(const char *what) {
    printf("%s = %u", what, number[used - 1]);
    for (int i = used - 2; i >= 0; i--) printf("%09u", number[i]);
    puts("");
}

int main(void) {
    number[0] = 1;
    for (int i = 2; i <= 200; i++) multiply(i);
    print("200!");
    memset(number, 0, sizeof number), number[0] = 1, used = 1;
    for (int i = 0; i < 1000; i++) multiply(7);
    print("7^1000");
    uint32_t a[60] = {0}, b[60] = {1};
    for (int n = 0; n < 1000; n++) {
        uint32_t carry = 0;
        for (int i = 0; i < 60; i++) {
            uint32_t sum = a[i] + b[i] + carry;
            a[i] = b[i], b[i] = sum % 1000000000, carry = sum / 1000000000;
        }
    }
    int top = 59;
    while (!a[top]) top--;
    printf("F(1000) = %u", a[top]);
    while (top-- > 0) printf("%09u", a[top]);
    enum { DIGITS = 1000, SPAN = DIGITS / 4 * 14 };
    static int remainders[SPAN + 1];
    for (int i = 0; i < SPAN; i++) remainders[i] = 2000;
    printf("\npi = ");
    for (int span = SPAN, carry = 0; span > 0; span -= 14) {
        int sum = 0;
        for (int i = span; i > 0; i--) {
            sum = sum * i + 10000 * remainders[i];
            remainders[i] = sum % (2 * i - 1);
            sum /= 2 * i - 1;
        }
        printf("%04d", carry + sum / 10000);
        carry = sum % 10000;
    }
    puts("");
    return 0;
}
