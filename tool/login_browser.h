/*
 * login_browser: the browser of the desktop that this runs on.
 */
#ifndef SE_TOOL_LOGIN_BROWSER_H
#define SE_TOOL_LOGIN_BROWSER_H

#include <stdbool.h>

/* Whether there is one to open: a desktop, xdg-open, and not root, whose browser nobody wants to
 * use. */
bool se_login_browser_there(void);

/* Opens the address in it, without a shell and without waiting. False when it did not start;
 * whether a window came nobody can tell. */
bool se_login_browser_open(const char *url);

#endif
