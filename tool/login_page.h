/*
 * login_page: the page that a browser shows at the end of a sign-in. Whole in itself: it loads
 * nothing and runs nothing.
 */
#ifndef SE_TOOL_LOGIN_PAGE_H
#define SE_TOOL_LOGIN_PAGE_H

#include "core/buffer.h"

enum { SE_LOGIN_PAGE_MAX = 64 * 1024 };

struct se_login_page {
	enum { SE_PAGE_GOOD, SE_PAGE_BAD, SE_PAGE_NEUTRAL } kind;
	const char *title; /* also the heading */
	const char *who;   /* shown large below it, or NULL */
	const char *text;  /* what happened; lines are paragraphs */
	const char *list;  /* what it is good for: one thing a line, or NULL */
	const char *note;  /* small, at the end, or NULL */
};

/* Appends the page. `nonce` is what the Content-Security-Policy lets its style pass with. */
void se_login_page(const struct se_login_page *page, const char *nonce, struct se_buffer *out);

#endif
