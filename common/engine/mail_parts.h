/*
 * mail_parts: what the parts of mail_server share. Not for anybody else.
 */
#ifndef SE_ENGINE_MAIL_PARTS_H
#define SE_ENGINE_MAIL_PARTS_H

#include <curl/curl.h>

#include "engine/mail_server.h"

struct se_mail {
	const struct se_mail_server *server;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *recipients;
	const struct se_buffer *message; /* that is being sent */
	size_t message_at;
	int64_t deadline; /* of the system's monotonic clock, milliseconds */
	bool openssl;     /* libcurl's TLS is OpenSSL's, so that an SSL_CTX is one */
	bool begun;       /* libcurl has had a turn with it */
	bool late;
	bool over;
	CURLcode code;
	enum se_mail_trouble trouble;
	struct se_secret *token; /* as long as libcurl may use it */
	struct se_dialogue dialogue;
	char tls[100];
	char text[CURL_ERROR_SIZE];
	struct se_mail *next; /* of those that were left behind */
};

/* What holds for every conversation. False when memory ran out. */
bool se_mail_prepare(struct se_mail *mail);

/* Says in words what libcurl's code means for this conversation, and sets `trouble`. */
enum se_code se_mail_explain(struct se_mail *mail, struct se_error *error);

/* Whether the host's name is still being looked up. */
bool se_mail_looks_up_name(const struct se_mail *mail);

#endif
