/*
 * screen: what stdout is, and how much fits on it.
 */
#ifndef SE_TOOL_SCREEN_H
#define SE_TOOL_SCREEN_H

#include <stdbool.h>

struct se_screen {
	unsigned width;  /* columns; 0: no terminal, any width will do */
	unsigned height; /* lines; 0: no terminal */
	bool colour;     /* not where NO_COLOR or TERM=dumb says otherwise */
};

struct se_screen se_screen_of_stdout(void);

/* For a display that is drawn again and again: the cursor is hidden, and SIGINT and SIGTERM end the
 * wait instead of the process. Leaving brings both back. */
void se_screen_enter(void);
void se_screen_leave(void);

/* Waits; false when a signal says that it is over. */
bool se_screen_wait(unsigned seconds);

#endif
