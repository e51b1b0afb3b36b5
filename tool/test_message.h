/*
 * test_message: the message that `sasl-entra send` sends, and the addresses that may stand in it.
 */
#ifndef SE_TOOL_TEST_MESSAGE_H
#define SE_TOOL_TEST_MESSAGE_H

#include <stdbool.h>

#include "core/buffer.h"
#include "engine/mail_server.h"

enum { SE_SUBJECT_MAX = 200, SE_MESSAGE_MAX = 16 * 1024 };

struct se_test_message {
	const char *from, *to;
	const char *subject; /* NULL: one that says what it is */
	const struct se_mail_server *server;
	char id[400]; /* Message-ID; set by se_test_message_write() */
};

/* USER@DOMAIN of printable ASCII characters, none of which ends an address or a header. */
bool se_address_is_plain(const char *address);

/* One line of text. */
bool se_subject_is_plain(const char *subject);

/* Appends headers and text, lines ended by CR LF. False when memory or randomness ran out. */
bool se_test_message_write(struct se_test_message *message, struct se_buffer *out);

#endif
