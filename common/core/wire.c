#include <string.h>

#include "core/wire.h"
#include "core/wire_tags.h"

enum { AROUND_TOKEN = 256 /* bytes that mostly go with a token */ };

static const struct {
	unsigned char number;
	enum se_code code;
} classes[] = {
	{1, SE_AGAIN},
	{2, SE_SIGN_IN},
	{3, SE_ADMIN},
	{4, SE_CONFIG},
	{5, SE_NO_ACCOUNT},
	{6, SE_DENIED},
	{7, SE_MEMORY},
	{8, SE_INTERNAL},
};

unsigned char
se_wire_class_number(enum se_code code)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].code == code)
			return classes[i].number;
	return 8; /* SE_OK and SE_ABSENT are no answers of an agent */
}

enum se_code
se_wire_class_code(unsigned char number)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].number == number)
			return classes[i].code;
	return SE_INTERNAL;
}

long
se_wire_frame_len(const char *data, size_t len, size_t max)
{
	const unsigned char *bytes = (const unsigned char *)data;
	uint32_t body;

	if (len < SE_WIRE_HEADER)
		return 0;
	if (bytes[0] != 'S' || bytes[1] != 'E' || bytes[2] != SE_WIRE_VERSION ||
		bytes[3] < KIND_REQUEST || bytes[3] > KIND_ERROR)
		return -1;
	body = (uint32_t)bytes[4] << 24 | (uint32_t)bytes[5] << 16 | (uint32_t)bytes[6] << 8 |
	       bytes[7];
	if (max < SE_WIRE_HEADER || body > max - SE_WIRE_HEADER ||
		body > 0x7fffffff - SE_WIRE_HEADER)
		return -1;
	return (long)body + SE_WIRE_HEADER;
}

static void
number_to_bytes(unsigned char bytes[4], uint32_t value)
{
	bytes[0] = (unsigned char)(value >> 24);
	bytes[1] = (unsigned char)(value >> 16 & 0xff);
	bytes[2] = (unsigned char)(value >> 8 & 0xff);
	bytes[3] = (unsigned char)(value & 0xff);
}

static size_t
begin_frame(struct se_buffer *out, enum kind kind)
{
	const unsigned char header[SE_WIRE_HEADER] = {
		'S', 'E', SE_WIRE_VERSION, (unsigned char)kind};
	size_t begin = out->len;

	se_buffer_add(out, header, sizeof(header));
	return begin;
}

static bool
end_frame(struct se_buffer *out, size_t begin)
{
	unsigned char len[4];

	if (out->failed)
		return false;
	number_to_bytes(len, (uint32_t)(out->len - begin - SE_WIRE_HEADER));
	memcpy(out->data + begin + 4, len, sizeof(len));
	return true;
}

static void
put_bytes(struct se_buffer *out, enum tag tag, const void *data, size_t len)
{
	const unsigned char head[3] = {
		(unsigned char)tag, (unsigned char)(len >> 8), (unsigned char)(len & 0xff)};

	if (len > 0xffff) {
		out->failed = true;
		return;
	}
	se_buffer_add(out, head, sizeof(head));
	se_buffer_add(out, data, len);
}

/* An empty text is left out: that is what it means. */
static void
put_text(struct se_buffer *out, enum tag tag, const char *text)
{
	if (text[0] != '\0')
		put_bytes(out, tag, text, strlen(text));
}

static void
put_number(struct se_buffer *out, enum tag tag, uint32_t value)
{
	unsigned char bytes[4];

	number_to_bytes(bytes, value);
	put_bytes(out, tag, bytes, sizeof(bytes));
}

static void
put_byte(struct se_buffer *out, enum tag tag, unsigned char value)
{
	put_bytes(out, tag, &value, 1);
}

bool
se_wire_put_request(struct se_buffer *out, const struct se_request *request)
{
	size_t begin = begin_frame(out, KIND_REQUEST);

	put_byte(out, TAG_OPERATION, (unsigned char)request->operation);
	put_number(out, TAG_TIME_LEFT, request->time_left);
	put_text(out, TAG_LOGIN, request->login);
	put_text(out, TAG_SERVICE, request->service);
	put_text(out, TAG_SERVER, request->server);
	put_text(out, TAG_REJECTED, request->rejected);
	return end_frame(out, begin);
}

bool
se_wire_put_answer(struct se_buffer *out, const struct se_answer *answer)
{
	size_t len = se_secret_len(answer->token), begin;

	se_buffer_expect(out, len + AROUND_TOKEN);
	begin = begin_frame(out, KIND_ANSWER);
	put_text(out, TAG_USER, answer->user);
	if (len > SE_TOKEN_MAX)
		out->failed = true;
	else if (len > 0)
		put_bytes(out, TAG_TOKEN, se_secret_reveal(answer->token), len);
	put_number(out, TAG_SECONDS_LEFT, answer->seconds_left);
	put_number(out, TAG_KEEP, answer->keep);
	put_text(out, TAG_FINGERPRINT, answer->fingerprint);
	put_byte(out, TAG_WARNING, answer->warning ? 1 : 0);
	put_text(out, TAG_NOTE, answer->note);
	if (answer->status != NULL && strlen(answer->status) > SE_STATUS_MAX)
		out->failed = true;
	else if (answer->status != NULL)
		put_text(out, TAG_STATUS, answer->status);
	put_text(out, TAG_MORE, answer->more);
	return end_frame(out, begin);
}

bool
se_wire_put_error(struct se_buffer *out, const struct se_error *error)
{
	size_t begin = begin_frame(out, KIND_ERROR);

	put_byte(out, TAG_CLASS, se_wire_class_number(error->code));
	put_number(out, TAG_RETRY_AFTER, error->retry_after);
	put_text(out, TAG_TEXT, error->text[0] != '\0' ? error->text : se_code_name(error->code));
	return end_frame(out, begin);
}
