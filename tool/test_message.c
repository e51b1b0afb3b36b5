#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/source.h"
#include "core/world.h"

#include "tool/base64.h"
#include "tool/test_message.h"

enum { ENCODED_BYTES = 42 }; /* of a subject in one encoded word (RFC 2047: 75 characters) */

bool
se_address_is_plain(const char *address)
{
	const char *at = strchr(address, '@');

	if (at == NULL || at == address || at[1] == '\0' || strchr(at + 1, '@') != NULL ||
		strlen(address) > SE_NAME_MAX || address[0] == '-')
		return false;
	for (const char *c = address; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || strchr("<>()[]\\,;:\"", *c) != NULL)
			return false;
	return true;
}

bool
se_subject_is_plain(const char *subject)
{
	for (const unsigned char *c = (const unsigned char *)subject; *c != '\0'; c++)
		if (*c < ' ' || *c == 0x7f)
			return false;
	return strlen(subject) <= SE_SUBJECT_MAX;
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text > '~')
			return false;
	return true;
}

/* RFC 2047; a word ends where a character does. */
static void
add_encoded(const char *text, struct se_buffer *out)
{
	while (*text != '\0') {
		size_t len = strlen(text);

		if (len > ENCODED_BYTES)
			for (len = ENCODED_BYTES;
				len > 1 && ((unsigned char)text[len] & 0xc0) == 0x80;)
				len--;
		se_buffer_add_text(out, "=?UTF-8?B?");
		(void)se_base64_add(out, text, len);
		text += len;
		se_buffer_add_text(out, *text != '\0' ? "?=\r\n " : "?=");
	}
}

static void
add_subject(const struct se_test_message *message, struct se_buffer *out)
{
	const char *subject = message->subject != NULL ? message->subject : "Test of sasl-entra";

	se_buffer_add_text(out, "Subject: ");
	if (is_ascii(subject))
		se_buffer_add_text(out, subject);
	else
		add_encoded(subject, out);
	se_buffer_add_text(out, "\r\n");
}

/* RFC 5322 section 3.3, whatever the locale. */
static void
add_date(struct se_buffer *out)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const time_t now = (time_t)se_world_system.wall(se_world_system.context);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL)
		return;
	se_buffer_addf(out, "Date: %.3s, %d %.3s %d %02d:%02d:%02d +0000\r\n",
		days + 3 * (size_t)tm.tm_wday, tm.tm_mday, months + 3 * (size_t)tm.tm_mon,
		tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static bool
make_id(struct se_test_message *message)
{
	unsigned char bytes[12];
	size_t at = 0;

	if (!se_world_system.random(se_world_system.context, bytes, sizeof(bytes)))
		return false;
	for (size_t i = 0; i < sizeof(bytes); i++)
		at += (size_t)snprintf(
			message->id + at, sizeof(message->id) - at, "%02x", bytes[i]);
	(void)snprintf(message->id + at, sizeof(message->id) - at, ".sasl-entra%s",
		strchr(message->from, '@'));
	return true;
}

bool
se_test_message_write(struct se_test_message *message, struct se_buffer *out)
{
	char here[256] = "";

	if (!make_id(message))
		return false;
	if (gethostname(here, sizeof(here) - 1) != 0 || here[0] == '\0')
		(void)se_copy(here, sizeof(here), "a machine");
	se_text_clean(here);
	add_date(out);
	se_buffer_addf(out, "Message-ID: <%s>\r\nFrom: <%s>\r\nTo: <%s>\r\n", message->id,
		message->from, message->to);
	add_subject(message, out);
	se_buffer_addf(out,
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
		"Auto-Submitted: auto-generated\r\n\r\n"
		"This is a test message. Somebody on %s typed \"sasl-entra send\" to see\r\n"
		"whether %s takes mail from this address with an OAuth token.\r\n"
		"It does. Nobody needs to answer.\r\n",
		here, message->server->host);
	return !out->failed;
}
