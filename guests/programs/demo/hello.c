// Says hello, what it runs on, and what it was given.
#include "demo.h"

int main(int argc, char **argv) {
    const u32 probe = 1;
    say("Hello from MIPS machine code, ");
    say(*(const u8 *)&probe ? "little" : "big");
    say("-endian, running as WebAssembly.\n");
    for (int i = 1; i < argc; i++) say("  argument "), number(i, 1, ' '), say(": "), say(argv[i]), put('\n');
    return 0;
}
