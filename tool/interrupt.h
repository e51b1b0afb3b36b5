/*
 * interrupt: Control-C, SIGTERM and SIGHUP as something to look at, so that a verb can undo what it
 * began. SIGPIPE is ignored: a browser that hangs up ends nothing.
 */
#ifndef SE_TOOL_INTERRUPT_H
#define SE_TOOL_INTERRUPT_H

#include <stdbool.h>

/* From now on the signals only mark. False when that cannot be had. */
bool se_interrupt_open(void);

/* A descriptor that is readable as soon as one came; -1 before se_interrupt_open(). */
int se_interrupt_descriptor(void);

/* Whether one came. */
bool se_interrupted(void);

/* As if one came: for a terminal that hands over Control-C as a key. */
void se_interrupt_now(void);

#endif
