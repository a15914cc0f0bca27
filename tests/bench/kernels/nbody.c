/* Doubles: five bodies that attract each other; division and square root. */
#include "kernel.h"

enum { COUNT = 5 };
typedef struct {
    double at[3], speed[3], mass;
} Body;

/* The sun and four planets that nobody has seen. */
static Body bodies[COUNT] = {
    {{0, 0, 0}, {0, 0, 0}, 40},
    {{5, -1, 0.1}, {0.6, 2.8, -0.02}, 0.04},
    {{8, 4, -0.4}, {-1.0, 1.8, 0.01}, 0.01},
    {{13, -15, -0.2}, {1.1, 0.9, -0.01}, 0.002},
    {{15, -26, 0.2}, {1.0, 0.6, -0.03}, 0.002},
};

static NOINLINE void step(double seconds) {
    for (u32 i = 0; i < COUNT; i++)
        for (u32 j = i + 1; j < COUNT; j++) {
            Body *a = &bodies[i], *b = &bodies[j];
            double d[3], square = 0;
            for (u32 k = 0; k < 3; k++) {
                d[k] = a->at[k] - b->at[k];
                square += d[k] * d[k];
            }
            double pull = seconds / (square * __builtin_sqrt(square));
            for (u32 k = 0; k < 3; k++) {
                a->speed[k] -= d[k] * b->mass * pull;
                b->speed[k] += d[k] * a->mass * pull;
            }
        }
    for (u32 i = 0; i < COUNT; i++)
        for (u32 k = 0; k < 3; k++)
            bodies[i].at[k] += seconds * bodies[i].speed[k];
}

u32 kernel(u32 repetitions) {
    for (u32 i = 0; i < repetitions; i++)
        step(0.01);
    u32 sum = 0;
    for (u32 i = 0; i < COUNT; i++)
        for (u32 k = 0; k < 3; k++)
            sum = mix(sum, fold_of(bodies[i].at[k]));
    return sum;
}
