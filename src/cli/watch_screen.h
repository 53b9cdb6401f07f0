/* A terminal that is drawn over in place, and left as it was. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct screen_size {
    unsigned columns, rows;
};

/*
 * Whether stdout is a terminal that can be drawn over (TERM=dumb cannot). If so it is taken:
 * another screen, no cursor, no echo. Ctrl-C from then on ends the program with 0, and whatever
 * ends it otherwise (but SIGKILL) leaves the terminal as it was.
 */
bool screen_take(void);

/* Gives it back. Nothing if it was not taken. */
void screen_leave(void);

/* Ctrl-C ends the program with 0, also where there is no screen to take. */
void screen_end_by_interrupt(void);

struct screen_size screen_size(void);

/* Draws `text` from the first line on; it must fit. */
void screen_draw(const char *text);

/* Waits until `ms` have passed, the size changed, or a key was pressed. Returns false for q. */
bool screen_wait(int ms);
