// Five bodies under gravity, in doubles: energy before and after, and where they are.
#include <math.h>
#include <stdio.h>

struct body { double x[3], v[3], mass; };
static struct body bodies[5] = {
    {{0, 0, 0}, {0, 0, 0}, 39.5},
    {{4.84, -1.16, -0.10}, {0.606, 2.81, -0.02}, 0.0377},
    {{8.34, 4.12, -0.4}, {-1.01, 1.82, 0.008}, 0.0113},
    {{12.9, -15.1, -0.22}, {1.08, 0.868, -0.01}, 0.0017},
    {{15.4, -25.9, 0.18}, {0.979, 0.594, -0.034}, 0.002},
};

static double energy(void) {
    double total = 0;
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < 3; k++) total += bodies[i].mass * bodies[i].v[k] * bodies[i].v[k] / 2;
        for (int j = i + 1; j < 5; j++) {
            double square = 0;
            for (int k = 0; k < 3; k++) square += (bodies[i].x[k] - bodies[j].x[k]) * (bodies[i].x[k] - bodies[j].x[k]);
            total -= bodies[i].mass * bodies[j].mass / sqrt(square);
        }
    }
    return total;
}

int main(void) {
    printf("%.15f\n", energy());
    for (int step = 0; step < 2000; step++) {
        for (int i = 0; i < 5; i++)
            for (int j = i + 1; j < 5; j++) {
                double d[3], square = 0;
                for (int k = 0; k < 3; k++) d[k] = bodies[i].x[k] - bodies[j].x[k], square += d[k] * d[k];
                double pull = 0.001 / (square * sqrt(square));
                for (int k = 0; k < 3; k++)
                    bodies[i].v[k] -= d[k] * bodies[j].mass * pull, bodies[j].v[k] += d[k] * bodies[i].mass * pull;
            }
        for (int i = 0; i < 5; i++)
            for (int k = 0; k < 3; k++) bodies[i].x[k] += 0.001 * bodies[i].v[k];
    }
    printf("%.15f\n", energy());
    for (int i = 0; i < 5; i++) printf("%a %a %a\n", bodies[i].x[0], bodies[i].x[1], bodies[i].x[2]);
    return 0;
}
