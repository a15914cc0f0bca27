// Conway's Game of Life: Gosper's glider gun; every tenth of 120 generations would be a film, three of them are shown.
#include "demo.h"

enum { COLUMNS = 64, ROWS = 26, GENERATIONS = 120, SHOWN = 40 };
static u8 world[ROWS][COLUMNS], next[ROWS][COLUMNS];

static const char *const gun[] = {
    "........................O",
    "......................O.O",
    "............OO......OO............OO",
    "...........O...O....OO............OO",
    "OO........O.....O...OO",
    "OO........O...O.OO....O.O",
    "..........O.....O.......O",
    "...........O...O",
    "............OO",
};

static int neighbours(int row, int column) {
    int count = 0;
    for (int dr = -1; dr <= 1; dr++)
        for (int dc = -1; dc <= 1; dc++)
            if (dr || dc) count += world[(row + dr + ROWS) % ROWS][(column + dc + COLUMNS) % COLUMNS];
    return count;
}

static void show(int generation, int living) {
    say("generation "), number(generation, 1, ' '), say(", "), number(living, 1, ' '), say(" living\n");
    for (int row = 0; row < ROWS; row++) {
        for (int column = 0; column < COLUMNS; column++) put(world[row][column] ? 'O' : '.');
        put('\n');
    }
    flush();
}

int main(int argc, char **argv) {
    (void)argc, (void)argv;
    for (u32 row = 0; row < sizeof gun / sizeof *gun; row++)
        for (int column = 0; gun[row][column]; column++) world[row + 1][column + 1] = gun[row][column] == 'O';
    for (int generation = 0; generation <= GENERATIONS; generation++) {
        int living = 0;
        for (int row = 0; row < ROWS; row++)
            for (int column = 0; column < COLUMNS; column++) {
                int near = neighbours(row, column);
                next[row][column] = near == 3 || (near == 2 && world[row][column]);
                living += world[row][column];
            }
        if (generation && generation % SHOWN == 0) show(generation, living);
        memcpy(world, next, sizeof world);
    }
    return 0;
}
