#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"

/* Bytes of the valid, harmless UTF-8 character at `text`, 0 when there is none. The C1 controls
 * (U+0080 to U+009F) count as none: terminals obey them. */
static size_t
character_len(const unsigned char *text)
{
	unsigned char first = text[0];
	size_t len;

	if (first < 0x80)
		return first >= 0x20 && first != 0x7f ? 1 : 0;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	for (size_t i = 1; i < len; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((first == 0xc2 && text[1] < 0xa0) || (first == 0xe0 && text[1] < 0xa0) ||
		(first == 0xed && text[1] > 0x9f) || (first == 0xf0 && text[1] < 0x90) ||
		(first == 0xf4 && text[1] > 0x8f))
		return 0;
	return len;
}

void
se_text_clean(char *text)
{
	while (*text != '\0') {
		size_t len = character_len((const unsigned char *)text);

		if (len == 0) {
			*text = '?';
			len = 1;
		}
		text += len;
	}
}

/* Ends a text that was cut at its buffer's end in "...", without half a character before it. */
static void
mark_cut(char *text, size_t size)
{
	size_t end = size - 1 - 3;

	while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	memcpy(text + end, "...", 4);
}

static void write_text(struct se_error *error, const char *fmt, va_list args) SE_PRINTF(2, 0);
static void rewrite_text(struct se_error *error, const char *fmt, ...) SE_PRINTF(2, 3);

/* Formats beside the error and copies then, because an argument may be the error's own text. */
static void
write_text(struct se_error *error, const char *fmt, va_list args)
{
	char text[SE_ERROR_TEXT_MAX];
	int len = vsnprintf(text, sizeof(text), fmt, args);

	if (len < 0)
		text[0] = '\0';
	else if ((size_t)len >= sizeof(text))
		mark_cut(text, sizeof(text));
	se_text_clean(text);
	memcpy(error->text, text, strlen(text) + 1);
}

static void
rewrite_text(struct se_error *error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_text(error, fmt, args);
	va_end(args);
}

enum se_code
se_error_set(struct se_error *error, enum se_code code, const char *fmt, ...)
{
	va_list args;

	if (error == NULL)
		return code;
	va_start(args, fmt);
	write_text(error, fmt, args);
	va_end(args);
	error->code = code;
	error->retry_after = 0;
	return code;
}

void
se_error_about(struct se_error *error, const char *who)
{
	if (error != NULL)
		rewrite_text(error, "%s: %s", who, error->text);
}

enum se_code
se_error_memory(struct se_error *error)
{
	return se_error_set(error, SE_MEMORY, "out of memory");
}

void
se_error_clear(struct se_error *error)
{
	if (error != NULL) {
		error->code = SE_OK;
		error->retry_after = 0;
		error->text[0] = '\0';
	}
}

enum se_code
se_code_of_errno(int cause)
{
	switch (cause) {
	case EAGAIN:
	case EBUSY:
	case EDQUOT:
	case EINTR:
	case EIO:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
	case ENOSPC:
	case ESTALE:
	case ETIMEDOUT:
		return SE_AGAIN;
	default:
		return SE_CONFIG;
	}
}

const char *
se_code_name(enum se_code code)
{
	switch (code) {
	case SE_OK:
		return "ok";
	case SE_AGAIN:
		return "again";
	case SE_SIGN_IN:
		return "sign in";
	case SE_ADMIN:
		return "admin";
	case SE_CONFIG:
		return "config";
	case SE_NO_ACCOUNT:
		return "no account";
	case SE_DENIED:
		return "denied";
	case SE_MEMORY:
		return "memory";
	case SE_INTERNAL:
		return "internal";
	case SE_ABSENT:
		return "absent";
	}
	return "internal";
}
