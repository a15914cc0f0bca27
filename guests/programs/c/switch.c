// Switches: dense tables, sparse trees, ranges, fall-through, strings of states.
#include <stdio.h>

static int dense(int x) {
    switch (x) {
        case 0: return 7;
        case 1: return 3;
        case 2: return 9;
        case 3: case 4: return 1;
        case 5: x += 10;  // fall through
        case 6: return x * 2;
        case 7: return -x;
        case 8: return 80;
        case 9: return 0;
        case 10: return 11;
        default: return -1;
    }
}

static const char *sparse(unsigned x) {
    switch (x) {
        case 1: return "one";
        case 100: return "hundred";
        case 10000: return "myriad";
        case 0x80000000: return "top";
        case 500 ... 600: return "range";
        case 0xffffffff: return "all";
        case 77777: return "sevens";
        default: return "none";
    }
}

static int long_switch(long long x) {
    switch (x) {
        case 1ll << 40: return 40;
        case -1: return 1;
        case 5: return 5;
        default: return 0;
    }
}

int main(void) {
    for (int x = -3; x < 14; x++) printf("%d ", dense(x));
    const unsigned probes[] = {0, 1, 2, 100, 499, 500, 550, 600, 601, 10000, 77777, 0x7fffffff, 0x80000000, 0xffffffff};
    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) printf("%s ", sparse(probes[i]));
    printf("%d %d %d\n", long_switch(1ll << 40), long_switch(-1), long_switch(1ll << 41));
    // A tokenizer as a state machine.
    enum { START, NAME, NUMBER, SPACE } state = START;
    const char *text = "x1 = 42 + foo_bar*7 ;y=x1/3";
    for (const char *at = text;; at++) {
        int letter = (*at >= 'a' && *at <= 'z') || *at == '_', digit = *at >= '0' && *at <= '9';
        switch (state) {
            case NAME:
                if (letter || digit) break;
                printf("]");
                goto start;
            case NUMBER:
                if (digit) break;
                printf(")");
                goto start;
            case START: case SPACE: start:
                state = letter ? NAME : digit ? NUMBER : SPACE;
                if (letter) printf("[");
                if (digit) printf("(");
        }
        if (!*at) break;
        putchar(*at);
    }
    puts("");
    return 0;
}
