#include <stdio.h>
#include <string.h>

#include "engine/http_tls.h"
#include "engine/mail_parts.h"

/* "SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384" */
static void
keep_tls(struct se_mail *mail, const char *data, size_t len)
{
	static const char words[] = "SSL connection using ";
	const size_t at = sizeof(words) - 1;

	if (len <= at || memcmp(data, words, at) != 0)
		return;
	(void)snprintf(mail->tls, sizeof(mail->tls), "%.*s", (int)(len - at), data + at);
	mail->tls[strcspn(mail->tls, "\r\n")] = '\0';
	se_text_clean(mail->tls);
}

static int
on_debug(CURL *easy, curl_infotype type, char *data, size_t len, void *context)
{
	struct se_mail *mail = context;

	(void)easy;
	if (type == CURLINFO_HEADER_OUT)
		se_dialogue_sent(&mail->dialogue, data, len);
	else if (type == CURLINFO_HEADER_IN)
		se_dialogue_heard(&mail->dialogue, data, len);
	else if (type == CURLINFO_TEXT)
		keep_tls(mail, data, len);
	return 0;
}

static size_t
on_output(char *data, size_t size, size_t count, void *context)
{
	(void)data;
	(void)context;
	return size * count; /* on_debug() has it */
}

static bool
only_its_protocol(const struct se_mail *mail)
{
	const bool imap = mail->server->protocol == SE_MAIL_IMAP;

#if LIBCURL_VERSION_NUM >= 0x075500
	return curl_easy_setopt(mail->easy, CURLOPT_PROTOCOLS_STR,
		       imap ? "imap,imaps" : "smtp,smtps") == CURLE_OK;
#else
	return curl_easy_setopt(mail->easy, CURLOPT_PROTOCOLS,
		       (long)(imap ? CURLPROTO_IMAP | CURLPROTO_IMAPS
				   : CURLPROTO_SMTP | CURLPROTO_SMTPS)) == CURLE_OK;
#endif
}

static bool
set_address(struct se_mail *mail)
{
	const struct se_mail_server *server = mail->server;
	const bool imap = server->protocol == SE_MAIL_IMAP;
	const bool at_once = server->port == (imap ? 993 : 465);
	const bool literal = strchr(server->host, ':') != NULL;
	char url[sizeof(server->host) + 32];

	(void)snprintf(url, sizeof(url), "%s%s://%s%s%s:%u", imap ? "imap" : "smtp",
		at_once ? "s" : "", literal ? "[" : "", server->host, literal ? "]" : "",
		server->port);
	return curl_easy_setopt(mail->easy, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(mail->easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL) == CURLE_OK;
}

static bool
set_callbacks(struct se_mail *mail)
{
	CURL *easy = mail->easy;
	bool ok = true;

	ok = ok && !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, mail->text);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_DEBUGDATA, mail);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_output);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_output);
	if (mail->openssl)
		ok = ok && se_http_keep_nothing(easy);
	return ok;
}

bool
se_mail_prepare(struct se_mail *mail)
{
	CURL *easy = mail->easy;
	bool ok = only_its_protocol(mail) && set_address(mail) && set_callbacks(mail);

	ok = ok && !curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* se_mail_*() ends it much earlier: see http_prepare.c. */
	ok = ok && !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 24L * 3600);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, 24L * 3600);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_PROXY, "");
	ok = ok && !curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	if (mail->server->ca_file != NULL) {
		ok = ok && !curl_easy_setopt(easy, CURLOPT_CAINFO, mail->server->ca_file);
		ok = ok && !curl_easy_setopt(easy, CURLOPT_CAPATH, (char *)NULL);
	}
	return ok;
}
