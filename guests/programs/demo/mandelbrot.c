// The Mandelbrot set in characters: double-precision arithmetic, line by line.
#include "demo.h"

enum { COLUMNS = 78, ROWS = 30, STEPS = 400 };

int main(int argc, char **argv) {
    (void)argc, (void)argv;
    static const char shades[] = " .,:;-=+ox%X#&@$";
    for (int row = 0; row < ROWS; row++) {
        for (int column = 0; column < COLUMNS; column++) {
            double real_part = column * 3.1 / COLUMNS - 2.2, imaginary = row * 2.4 / ROWS - 1.18;
            double x = 0, y = 0;
            int step = 0;
            for (; step < STEPS && x * x + y * y < 4; step++) {
                double next = x * x - y * y + real_part;
                y = 2 * x * y + imaginary, x = next;
            }
            put(step == STEPS ? '*' : shades[step < 16 ? step : 15 - step % 4]);
        }
        put('\n'), flush();
    }
    return 0;
}
