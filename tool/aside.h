/*
 * aside: something that is done in a child process, so that nothing of it stays in this one: a user
 * that it becomes for good, a library that it loads, a lookup that hangs, a crash.
 */
#ifndef SE_TOOL_ASIDE_H
#define SE_TOOL_ASIDE_H

#include "core/buffer.h"
#include "core/error.h"

/* Gives the parent what it found out. Wipes nothing: `len` bytes go through a pipe. */
struct se_aside;
void se_aside_tell(struct se_aside *aside, const void *data, size_t len);

struct se_aside_work {
	void (*act)(void *context, struct se_aside *aside); /* in the child */
	void *context;
	int timeout; /* milliseconds */
	/* What waiting looks like on a terminal, "waiting for the name of ..."; NULL: nothing. */
	const char *what;
	/* In the parent, with all that came until now, which it may take out with
	 * se_buffer_reset(); NULL: nothing is looked at before the end. */
	void (*heard)(void *context, struct se_buffer *heard);
};

/* Runs it, and gathers what it told in `heard`, as far as that holds it. SE_OK when it came to its
 * end; SE_AGAIN: it took too long and was ended, or there is no child to be had; SE_INTERNAL: a signal
 * ended it, as the text says. */
enum se_code
se_aside(const struct se_aside_work *work, struct se_buffer *heard, struct se_error *error);

#endif
