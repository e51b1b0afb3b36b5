/*
 * buffer: bytes that grow up to a maximum given when the buffer is made. Growing never leaves an
 * old copy behind, and freeing wipes: any buffer may come to hold a token.
 */
#ifndef SE_CORE_BUFFER_H
#define SE_CORE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

struct se_buffer {
	char *data; /* NULL while empty; else `len` bytes and a NUL */
	char *lent; /* what se_buffer_lend() was given, while `data` is that */
	size_t len;
	size_t size; /* of `data` */
	size_t max;  /* bytes that `len` may reach */
	bool failed; /* memory or the maximum ran out: every later call fails as well */
};

void se_buffer_init(struct se_buffer *buffer, size_t max);

/* Lets a new buffer begin with `size` bytes of the caller's (on the stack, say), which stay there until
 * it is freed; when it needs more it allocates. They are wiped like others. */
void se_buffer_lend(struct se_buffer *buffer, char *bytes, size_t size);

/* Allocates at once, and no more, what `len` more bytes need: they are going to be added bit by bit. No
 * harm where the maximum is less. */
void se_buffer_expect(struct se_buffer *buffer, size_t len);

/* Each returns false when memory or the maximum ran out; the buffer then keeps what it had and
 * `failed` is set, so a caller may add many times and look once. */
bool se_buffer_add(struct se_buffer *buffer, const void *data, size_t len);
bool se_buffer_add_text(struct se_buffer *buffer, const char *text);
bool se_buffer_addf(struct se_buffer *buffer, const char *fmt, ...) SE_PRINTF(2, 3);

/* Makes room for `len` more bytes and returns where they go, or NULL. The caller writes at most
 * `len` bytes there and says with se_buffer_grown() how many. */
char *se_buffer_room(struct se_buffer *buffer, size_t len);
void se_buffer_grown(struct se_buffer *buffer, size_t len);

/* Takes one line end (LF, or CR LF) off the end, as editors put it there. */
void se_buffer_drop_line_end(struct se_buffer *buffer);

/* The content as a string, "" while empty. It may hold NUL bytes before its end. */
const char *se_buffer_text(const struct se_buffer *buffer);

/* Wipes and empties it; it may be filled again. */
void se_buffer_reset(struct se_buffer *buffer);

/* Wipes and frees; a buffer freed or zeroed before is left alone. */
void se_buffer_free(struct se_buffer *buffer);

#endif
