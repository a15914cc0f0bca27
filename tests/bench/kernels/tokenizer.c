/* A state machine: splits the text of a C-like language into tokens, a table decides. */
#include "kernel.h"

enum { TEXT = 1 << 16 };
enum Kind { SPACE, LETTER, DIGIT, QUOTE, SLASH, STAR, NEWLINE, OTHER, KINDS };
enum State { BETWEEN, NAME, NUMBER, STRING, MAYBE_COMMENT, LINE_COMMENT, COMMENT, MAYBE_END, SIGN, STATES };
static u8 text[TEXT];

static const u8 following[STATES][KINDS] = {
    [BETWEEN] = {BETWEEN, NAME, NUMBER, STRING, MAYBE_COMMENT, SIGN, BETWEEN, SIGN},
    [NAME] = {BETWEEN, NAME, NAME, STRING, MAYBE_COMMENT, SIGN, BETWEEN, SIGN},
    [NUMBER] = {BETWEEN, NAME, NUMBER, STRING, MAYBE_COMMENT, SIGN, BETWEEN, SIGN},
    [STRING] = {STRING, STRING, STRING, BETWEEN, STRING, STRING, BETWEEN, STRING},
    [MAYBE_COMMENT] = {BETWEEN, NAME, NUMBER, STRING, LINE_COMMENT, COMMENT, BETWEEN, SIGN},
    [LINE_COMMENT] = {LINE_COMMENT, LINE_COMMENT, LINE_COMMENT, LINE_COMMENT, LINE_COMMENT, LINE_COMMENT, BETWEEN, LINE_COMMENT},
    [COMMENT] = {COMMENT, COMMENT, COMMENT, COMMENT, COMMENT, MAYBE_END, COMMENT, COMMENT},
    [MAYBE_END] = {COMMENT, COMMENT, COMMENT, COMMENT, BETWEEN, MAYBE_END, COMMENT, COMMENT},
    [SIGN] = {BETWEEN, NAME, NUMBER, STRING, MAYBE_COMMENT, SIGN, BETWEEN, SIGN},
};

static enum Kind kind(u8 c) {
    switch (c) {
    case ' ': case '\t': return SPACE;
    case '\n': return NEWLINE;
    case '"': return QUOTE;
    case '/': return SLASH;
    case '*': return STAR;
    case '_': return LETTER;
    default: break;
    }
    if ((c | 32) >= 'a' && (c | 32) <= 'z')
        return LETTER;
    return c >= '0' && c <= '9' ? DIGIT : OTHER;
}

static NOINLINE u32 tokens(u32 counts[STATES]) {
    u32 state = BETWEEN, value = 0, sum = 0;
    for (const u8 *at = text; *at; at++) {
        u32 then = following[state][kind(*at)];
        if (state == NUMBER || state == NAME)
            value = value * 31 + *at;
        if (then != state) {
            counts[state]++;
            sum = mix(sum, value);
            value = *at;
        }
        state = then;
    }
    return sum;
}

u32 kernel(u32 repetitions) {
    static const char alphabet[] = "abcdefgh_xyz 0123456789  \n ()+-;={}\"/ab/ *c";
    u32 seed = 17, sum = 0, counts[STATES] = {0};
    for (u32 i = 0; i < TEXT - 1; i++)
        text[i] = alphabet[next(&seed) % (sizeof alphabet - 1)];
    for (u32 i = 0; i < repetitions; i++) {
        text[i % (TEXT - 1)] = alphabet[i % (sizeof alphabet - 1)];
        sum = mix(sum, tokens(counts));
    }
    for (u32 i = 0; i < STATES; i++)
        sum = mix(sum, counts[i]);
    return sum;
}
