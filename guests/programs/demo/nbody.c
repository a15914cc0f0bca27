// The sun and four planets for twenty years: double precision with square roots; the energy must hardly change.
#include "demo.h"

struct body { const char *name; double x, y, vx, vy, mass; };
static struct body bodies[] = {
    {"Sun", 0, 0, 0, 0, 39.478417604},       {"Earth", 1, 0, 0, 6.283185307, 0.000118576},
    {"Mars", 0, 1.524, -5.0895, 0, 0.0000127}, {"Jupiter", -5.203, 0, 0, -2.7545, 0.037693},
    {"Saturn", 0, -9.537, 2.0345, 0, 0.011286},
};
enum { COUNT = sizeof bodies / sizeof *bodies, STEPS_A_YEAR = 1000, YEARS = 20 };

static double root(double x) {
    double result;
    __asm__("sqrt.d %0, %1" : "=f"(result) : "f"(x));
    return result;
}

static double energy(void) {
    double total = 0;
    for (int i = 0; i < COUNT; i++) {
        struct body *a = &bodies[i];
        total += a->mass * (a->vx * a->vx + a->vy * a->vy) / 2;
        for (int j = i + 1; j < COUNT; j++) {
            struct body *b = &bodies[j];
            total -= a->mass * b->mass / root((a->x - b->x) * (a->x - b->x) + (a->y - b->y) * (a->y - b->y));
        }
    }
    return total;
}

static void step(double dt) {
    for (int i = 0; i < COUNT; i++)
        for (int j = i + 1; j < COUNT; j++) {
            struct body *a = &bodies[i], *b = &bodies[j];
            double dx = a->x - b->x, dy = a->y - b->y, square = dx * dx + dy * dy, pull = dt / (square * root(square));
            a->vx -= dx * b->mass * pull, a->vy -= dy * b->mass * pull;
            b->vx += dx * a->mass * pull, b->vy += dy * a->mass * pull;
        }
    for (int i = 0; i < COUNT; i++) bodies[i].x += dt * bodies[i].vx, bodies[i].y += dt * bodies[i].vy;
}

int main(int argc, char **argv) {
    (void)argc, (void)argv;
    say("energy before "), real(energy(), 9), put('\n');
    for (int year = 1; year <= YEARS; year++) {
        for (int i = 0; i < STEPS_A_YEAR; i++) step(1.0 / STEPS_A_YEAR);
        if (year % 5) continue;
        say("year "), number(year, 2, ' ');
        for (int i = 1; i < COUNT; i++)
            say("  "), say(bodies[i].name), put(' '), real(bodies[i].x, 3), put(','), real(bodies[i].y, 3);
        put('\n'), flush();
    }
    say("energy after  "), real(energy(), 9), put('\n');
    return 0;
}
