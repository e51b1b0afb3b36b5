#include <stdlib.h>
#include <string.h>

#include "core/wire.h"
#include "core/wire_tags.h"

#define BIT(tag) ((uint64_t)1 << (tag))

struct field {
	unsigned tag;
	const char *data;
	size_t len;
};

struct reader {
	const unsigned char *at;
	const unsigned char *end;
	uint64_t seen; /* tags that were there, a bit each */
};

static uint32_t
bytes_to_number(const unsigned char bytes[4])
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

/* Whether `data` is exactly one frame; its kind, and its fields ready to be read. */
static bool
open_frame(const char *data, size_t len, size_t max, enum kind *kind, struct reader *reader)
{
	const unsigned char *bytes = (const unsigned char *)data;
	long whole = se_wire_frame_len(data, len, max);

	if (whole <= 0 || (size_t)whole != len)
		return false;
	*kind = (enum kind)bytes[3];
	reader->at = bytes + SE_WIRE_HEADER;
	reader->end = bytes + len;
	reader->seen = 0;
	return true;
}

/* The next field. False at the end, and on a field that runs over it: `at` then is not `end`. */
static bool
next_field(struct reader *reader, struct field *field)
{
	size_t left = (size_t)(reader->end - reader->at);
	size_t len;

	if (left < 3)
		return false;
	len = (size_t)reader->at[1] << 8 | reader->at[2];
	if (len > left - 3)
		return false;
	field->tag = reader->at[0];
	field->data = (const char *)reader->at + 3;
	field->len = len;
	reader->at += 3 + len;
	return true;
}

/* Marks a tag as seen; false when it was before. */
static bool
first_time(struct reader *reader, unsigned tag)
{
	if (tag >= TAG_END)
		return true;
	if ((reader->seen & BIT(tag)) != 0)
		return false;
	reader->seen |= BIT(tag);
	return true;
}

static bool
get_text(const struct field *field, char *to, size_t size)
{
	if (field->len >= size || memchr(field->data, '\0', field->len) != NULL)
		return false;
	memcpy(to, field->data, field->len);
	to[field->len] = '\0';
	return true;
}

static bool
get_number(const struct field *field, uint32_t *value)
{
	if (field->len != 4)
		return false;
	*value = bytes_to_number((const unsigned char *)field->data);
	return true;
}

static bool
get_byte(const struct field *field, unsigned char *value)
{
	if (field->len != 1)
		return false;
	*value = (unsigned char)field->data[0];
	return true;
}

static bool
request_field(const struct field *field, struct se_request *request)
{
	unsigned char byte = 0;

	switch (field->tag) {
	case TAG_OPERATION:
		if (!get_byte(field, &byte) || byte < SE_OPERATION_TOKEN ||
			byte > SE_OPERATION_STATUS)
			return false;
		request->operation = (enum se_operation)byte;
		return true;
	case TAG_TIME_LEFT:
		return get_number(field, &request->time_left);
	case TAG_LOGIN:
		return field->len > 0 && get_text(field, request->login, sizeof(request->login));
	case TAG_SERVICE:
		return get_text(field, request->service, sizeof(request->service));
	case TAG_SERVER:
		return get_text(field, request->server, sizeof(request->server));
	case TAG_REJECTED:
		return get_text(field, request->rejected, sizeof(request->rejected));
	default:
		return true;
	}
}

bool
se_wire_get_request(const char *data, size_t len, struct se_request *request)
{
	uint64_t needed = BIT(TAG_OPERATION) | BIT(TAG_TIME_LEFT);
	struct reader reader;
	struct field field;
	enum kind kind;

	se_request_init(request);
	if (!open_frame(data, len, SE_WIRE_REQUEST_MAX, &kind, &reader) || kind != KIND_REQUEST)
		return false;
	while (next_field(&reader, &field))
		if (!first_time(&reader, field.tag) || !request_field(&field, request))
			return false;
	if (request->operation != SE_OPERATION_STATUS)
		needed |= BIT(TAG_LOGIN);
	return reader.at == reader.end && (reader.seen & needed) == needed;
}

/* SE_INTERNAL for a field that is wrong, SE_MEMORY. */
static enum se_code
get_token(const struct field *field, struct se_answer *answer)
{
	if (field->len == 0 || field->len > SE_TOKEN_MAX ||
		memchr(field->data, '\0', field->len) != NULL)
		return SE_INTERNAL;
	answer->token = se_secret_new(field->data, field->len);
	return answer->token == NULL ? SE_MEMORY : SE_OK;
}

static enum se_code
get_status(const struct field *field, struct se_answer *answer)
{
	if (field->len == 0 || field->len > SE_STATUS_MAX ||
		memchr(field->data, '\0', field->len) != NULL)
		return SE_INTERNAL;
	answer->status = malloc(field->len + 1);
	if (answer->status == NULL)
		return SE_MEMORY;
	memcpy(answer->status, field->data, field->len);
	answer->status[field->len] = '\0';
	return SE_OK;
}

static enum se_code
answer_field(const struct field *field, struct se_answer *answer)
{
	unsigned char byte = 0;
	bool valid = true;

	switch (field->tag) {
	case TAG_USER:
		valid = get_text(field, answer->user, sizeof(answer->user));
		break;
	case TAG_TOKEN:
		return get_token(field, answer);
	case TAG_STATUS:
		return get_status(field, answer);
	case TAG_SECONDS_LEFT:
		valid = get_number(field, &answer->seconds_left);
		break;
	case TAG_KEEP:
		valid = get_number(field, &answer->keep);
		break;
	case TAG_FINGERPRINT:
		valid = get_text(field, answer->fingerprint, sizeof(answer->fingerprint));
		break;
	case TAG_WARNING:
		valid = get_byte(field, &byte) && byte <= 1;
		answer->warning = byte == 1;
		break;
	case TAG_NOTE:
		valid = get_text(field, answer->note, sizeof(answer->note));
		break;
	case TAG_MORE:
		valid = get_text(field, answer->more, sizeof(answer->more));
		break;
	default:
		break;
	}
	return valid ? SE_OK : SE_INTERNAL;
}

static enum se_code
read_answer(struct reader *reader, struct se_answer *answer)
{
	struct field field;
	enum se_code code;

	while (next_field(reader, &field)) {
		if (!first_time(reader, field.tag))
			return SE_INTERNAL;
		code = answer_field(&field, answer);
		if (code != SE_OK)
			return code;
	}
	se_text_clean(answer->note);
	return reader->at == reader->end ? SE_OK : SE_INTERNAL;
}

/* Reads an error frame; false when it is not valid. */
static bool
read_error(struct reader *reader, struct se_error *error)
{
	const uint64_t needed = BIT(TAG_CLASS) | BIT(TAG_TEXT);
	char text[SE_ERROR_TEXT_MAX] = "";
	unsigned char class = 0;
	uint32_t retry_after = 0;
	struct field field;
	bool valid = true;

	while (valid && next_field(reader, &field)) {
		valid = first_time(reader, field.tag);
		if (valid && field.tag == TAG_CLASS)
			valid = get_byte(&field, &class);
		else if (valid && field.tag == TAG_RETRY_AFTER)
			valid = get_number(&field, &retry_after);
		else if (valid && field.tag == TAG_TEXT)
			valid = field.len > 0 && get_text(&field, text, sizeof(text));
	}
	if (!valid || reader->at != reader->end || (reader->seen & needed) != needed)
		return false;
	(void)se_error_set(error, se_wire_class_code(class), "%s", text);
	error->retry_after = retry_after;
	return true;
}

enum se_code
se_wire_get_answer(const char *data, size_t len, struct se_answer *answer, struct se_error *error)
{
	struct reader reader;
	enum kind kind;
	enum se_code code;

	se_answer_init(answer);
	se_error_clear(error);
	error->code = SE_INTERNAL;
	if (!open_frame(data, len, SE_WIRE_ANSWER_MAX, &kind, &reader))
		return SE_INTERNAL;
	if (kind == KIND_ERROR)
		return read_error(&reader, error) ? error->code : SE_INTERNAL;
	code = kind == KIND_ANSWER ? read_answer(&reader, answer) : SE_INTERNAL;
	if (code != SE_OK) {
		se_answer_free(answer);
		return code == SE_MEMORY ? se_error_memory(error) : code;
	}
	se_error_clear(error);
	return SE_OK;
}
