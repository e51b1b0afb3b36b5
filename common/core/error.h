/*
 * error: what went wrong, in one of a few classes named by what the caller can do, and one text
 * for a person. The text is written once, where the cause is known, into the caller's struct.
 */
#ifndef SE_CORE_ERROR_H
#define SE_CORE_ERROR_H

#include <stddef.h>

enum se_code {
	SE_OK = 0,
	SE_AGAIN,      /* network, timeout, 5xx, throttled: the same request can work later */
	SE_SIGN_IN,    /* a person must sign in again */
	SE_ADMIN,      /* the tenant's administrator must act */
	SE_CONFIG,     /* our configuration or a credential is wrong */
	SE_NO_ACCOUNT, /* nothing is configured for this login name */
	SE_DENIED, /* this user may not use the account, or this server may not have its token */
	SE_MEMORY,
	SE_INTERNAL,
	SE_ABSENT /* this token source is not there, ask the next; never sent over the wire */
};

enum { SE_ERROR_TEXT_MAX = 1200 }; /* bytes, with the NUL */

struct se_error {
	enum se_code code;
	unsigned retry_after; /* seconds after which SE_AGAIN is worth another try; 0: not known */
	char text[SE_ERROR_TEXT_MAX];
};

#if defined(__GNUC__)
#define SE_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define SE_PRINTF(fmt, args)
#endif

/* The compiler is asked to zero what a function declares. Not this, which is written before it is read,
 * on the way of each AUTH. */
#ifdef __has_attribute
#if __has_attribute(uninitialized)
#define SE_UNSET __attribute__((uninitialized))
#endif
#endif
#ifndef SE_UNSET
#define SE_UNSET
#endif

/* Sets code and text (retry_after becomes 0) and returns code, so that a function can end with
 * it. Control characters of the arguments become '?'; a text too long is cut, ending in "...".
 * `error` may be NULL: then only the code is returned. */
enum se_code
se_error_set(struct se_error *error, enum se_code code, const char *fmt, ...) SE_PRINTF(3, 4);

/* Puts "WHO: " in front of the text, WHO a login name or a file. */
void se_error_about(struct se_error *error, const char *who);

/* Out of memory, said in the one way. Returns SE_MEMORY. */
enum se_code se_error_memory(struct se_error *error);

void se_error_clear(struct se_error *error);

/* The class of a system call's failure, by errno: SE_AGAIN where it can pass by itself (descriptors
 * or memory run out, a full disk, an interruption, a device's error), else SE_CONFIG. */
enum se_code se_code_of_errno(int cause);

/* "again", "sign in", ...: the class as the log, --json and the wire's documentation name it. */
const char *se_code_name(enum se_code code);

/* Replaces control characters of `text` by '?', in place: for whatever a server or a person
 * wrote and a log will show. */
void se_text_clean(char *text);

#endif
