/* Single precision: a filter of 32 taps over a signal. */
#include "kernel.h"

enum { SAMPLES = 4096, TAPS = 32 };
static float signal[SAMPLES + TAPS], taps[TAPS], filtered[SAMPLES];

static NOINLINE void filter(void) {
    for (u32 i = 0; i < SAMPLES; i++) {
        float sum = 0;
        for (u32 j = 0; j < TAPS; j++)
            sum += signal[i + j] * taps[j];
        filtered[i] = sum;
    }
}

u32 kernel(u32 repetitions) {
    u32 sum = 0, seed = 9;
    for (u32 i = 0; i < SAMPLES + TAPS; i++)
        signal[i] = (float)(i32)(next(&seed) & 0xffff) - 32768.0f;
    for (u32 i = 0; i < TAPS; i++)
        taps[i] = 1.0f / (float)(i + 2);
    for (u32 i = 0; i < repetitions; i++) {
        filter();
        signal[i % SAMPLES] = filtered[(i * 31) % SAMPLES] * 0.25f;
        sum = mix(sum, bits_of(filtered[i % SAMPLES]));
    }
    return sum;
}
