/*
 * checkup: what `doctor` looked at, in the order looked at, each with a verdict, and where it is not
 * fine, with what to do.
 */
#ifndef SE_TOOL_CHECKUP_H
#define SE_TOOL_CHECKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "core/error.h"

enum se_verdict {
	SE_FINE,
	SE_WARNING, /* works now, or may be meant so */
	SE_PROBLEM,
	SE_LEFT_OUT /* not looked at, because of a problem above, or because that was asked for, or for want of
	             * a way */
};

struct se_checked {
	const char *section; /* static: "Plugin" */
	const char *id;      /* static, one of the manual page: "plugin-directory" */
	enum se_verdict verdict;
	char *text; /* one sentence, without a full stop at its end */
	char *fix;  /* NULL, or commands to type or sentences, a line each */
};

/* Zeroed at the start. */
struct se_checkup {
	struct se_checked *list;
	size_t count, warnings, problems;
	const char *section; /* of what is added next */
	bool failed;         /* memory ran out */
	/* One line more under the fix of what is added next; it is for that one only, and may be NULL. */
	const char *then;
	/* Called with each one when it is added, for those who watch; may be NULL. */
	void (*watch)(const struct se_checkup *checkup, const struct se_checked *checked);
	void *watcher; /* for `watch` */
};

void se_checkup_section(struct se_checkup *checkup, const char *section);

/* `fix` (NULL with SE_FINE and SE_LEFT_OUT) is copied. Where a problem has none, it is taken off the
 * end of the text: the sentences of core and engine end in what to do. Control characters become '?', but for the
 * ends of lines of a fix. Neither may hold a secret. */
void se_checkup_add(struct se_checkup *checkup, const char *id, enum se_verdict verdict,
	const char *fix, const char *fmt, ...) SE_PRINTF(5, 6);

/* Shorter ways to write it. A fix that is to be formatted is formatted by the caller. */
#define se_checkup_fine(checkup, id, ...) se_checkup_add(checkup, id, SE_FINE, NULL, __VA_ARGS__)
#define se_checkup_left_out(checkup, id, ...) \
	se_checkup_add(checkup, id, SE_LEFT_OUT, NULL, __VA_ARGS__)

/* Whether something with that id is a problem. */
bool se_checkup_has_problem(const struct se_checkup *checkup, const char *id);

/* One check for a person, wrapped at `width` columns (0: not at all). The heading of a section comes
 * before its first one. */
void se_checkup_text(const struct se_checkup *checkup, const struct se_checked *checked,
	unsigned width, bool colour, struct se_buffer *out);

/* The last line: how many there are of each. */
void se_checkup_total(const struct se_checkup *checkup, struct se_buffer *out);

/* {"problems": N, "warnings": N, "checks": [{"section", "id", "verdict", "text", "fix"}]} */
void se_checkup_json(const struct se_checkup *checkup, struct se_buffer *out);

void se_checkup_free(struct se_checkup *checkup);

#endif
