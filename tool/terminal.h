/*
 * terminal: what the terminal at stderr can show. Nothing of it is used off a terminal.
 */
#ifndef SE_TOOL_TERMINAL_H
#define SE_TOOL_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

/* Whether stderr is a terminal that knows escapes. */
bool se_terminal(void);

/* Whether it takes UTF-8, as the locale says. */
bool se_terminal_utf8(void);

/* Columns; 80 where it does not say. */
unsigned se_terminal_columns(void);

/* Shows how many seconds are left, in one line that the next call writes over; nothing when that
 * is what the line says already. se_terminal_end_line() takes it away. */
void se_terminal_countdown(const char *what, int64_t seconds);
void se_terminal_end_line(void);

#endif
