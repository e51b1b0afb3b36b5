#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/secret.h"

enum { SMALLEST = 64 };

void
se_buffer_init(struct se_buffer *buffer, size_t max)
{
	memset(buffer, 0, sizeof(*buffer));
	/* One byte is kept for the NUL. */
	buffer->max = max < SIZE_MAX ? max : SIZE_MAX - 1;
}

void
se_buffer_lend(struct se_buffer *buffer, char *bytes, size_t size)
{
	bytes[0] = '\0';
	buffer->lent = buffer->data = bytes;
	buffer->size = size;
}

/* Twice as much as before, so that adding byte by byte stays cheap, but no more than `max`. */
static size_t
next_size(const struct se_buffer *buffer, size_t needed)
{
	size_t limit = buffer->max + 1;
	size_t size = buffer->size < SMALLEST ? SMALLEST : buffer->size;

	while (size < needed)
		size = size > limit / 2 ? limit : size * 2;
	return size < limit ? size : limit;
}

static void
drop_data(struct se_buffer *buffer)
{
	se_wipe(buffer->data, buffer->size);
	if (buffer->data != buffer->lent)
		free(buffer->data);
	buffer->data = buffer->lent = NULL;
}

/* realloc() could leave the old bytes behind in freed memory, hence by hand. */
static bool
grow(struct se_buffer *buffer, size_t size)
{
	char *data = malloc(size);

	if (data == NULL)
		return false;
	if (buffer->data != NULL) {
		memcpy(data, buffer->data, buffer->len);
		drop_data(buffer);
	}
	data[buffer->len] = '\0';
	buffer->data = data;
	buffer->size = size;
	return true;
}

void
se_buffer_expect(struct se_buffer *buffer, size_t len)
{
	if (!buffer->failed && len <= buffer->max - buffer->len &&
		buffer->len + len + 1 > buffer->size)
		buffer->failed = !grow(buffer, buffer->len + len + 1);
}

char *
se_buffer_room(struct se_buffer *buffer, size_t len)
{
	size_t needed;

	if (buffer->failed)
		return NULL;
	if (len > buffer->max - buffer->len) {
		buffer->failed = true;
		return NULL;
	}
	needed = buffer->len + len + 1;
	if (needed > buffer->size && !grow(buffer, next_size(buffer, needed))) {
		buffer->failed = true;
		return NULL;
	}
	return buffer->data + buffer->len;
}

void
se_buffer_grown(struct se_buffer *buffer, size_t len)
{
	if (buffer->data == NULL || len > buffer->size - 1 - buffer->len) {
		buffer->failed = true;
		return;
	}
	buffer->len += len;
	buffer->data[buffer->len] = '\0';
}

bool
se_buffer_add(struct se_buffer *buffer, const void *data, size_t len)
{
	char *room = se_buffer_room(buffer, len);

	if (room == NULL)
		return false;
	if (len > 0)
		memcpy(room, data, len);
	se_buffer_grown(buffer, len);
	return true;
}

bool
se_buffer_add_text(struct se_buffer *buffer, const char *text)
{
	return se_buffer_add(buffer, text, strlen(text));
}

static int formatted_len(const char *fmt, va_list args) SE_PRINTF(1, 0);

static int
formatted_len(const char *fmt, va_list args)
{
	return vsnprintf(NULL, 0, fmt, args);
}

bool
se_buffer_addf(struct se_buffer *buffer, const char *fmt, ...)
{
	va_list args;
	char *room;
	int len;

	va_start(args, fmt);
	len = formatted_len(fmt, args);
	va_end(args);
	if (len < 0) {
		buffer->failed = true;
		return false;
	}
	room = se_buffer_room(buffer, (size_t)len);
	if (room == NULL)
		return false;
	va_start(args, fmt);
	len = vsnprintf(room, (size_t)len + 1, fmt, args);
	va_end(args);
	se_buffer_grown(buffer, len < 0 ? 0 : (size_t)len);
	return true;
}

const char *
se_buffer_text(const struct se_buffer *buffer)
{
	return buffer->data == NULL ? "" : buffer->data;
}

void
se_buffer_reset(struct se_buffer *buffer)
{
	/* All of it: whoever asked for room may have written more than they said. */
	se_wipe(buffer->data, buffer->size);
	buffer->len = 0;
	buffer->failed = false;
}

void
se_buffer_free(struct se_buffer *buffer)
{
	drop_data(buffer);
	buffer->len = 0;
	buffer->size = 0;
	buffer->failed = false;
}

void
se_buffer_drop_line_end(struct se_buffer *buffer)
{
	if (buffer->len > 0 && buffer->data[buffer->len - 1] == '\n')
		buffer->data[--buffer->len] = '\0';
	if (buffer->len > 0 && buffer->data[buffer->len - 1] == '\r')
		buffer->data[--buffer->len] = '\0';
}
