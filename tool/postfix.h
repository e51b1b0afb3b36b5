/*
 * postfix: what only makes sense to say where Postfix is.
 */
#ifndef SE_TOOL_POSTFIX_H
#define SE_TOOL_POSTFIX_H

/* Says on stderr how mail that waits in the queue is tried at once, if there is a postqueue(1). */
void se_postfix_say_flush(void);

#endif
