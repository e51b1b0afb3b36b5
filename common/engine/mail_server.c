#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/world.h"
#include "engine/http_transfer.h"
#include "engine/mail_parts.h"
#include "engine/signals.h"

enum { TURN_MS = 100, LINE_MAX_BYTES = 64 * 1024 };

/* Conversations whose name lookup hangs: cleaning up would wait for it. */
static _Atomic(struct se_mail *) left_behind;

static int64_t
now_ms(void)
{
	return se_world_system.monotonic(se_world_system.context);
}

/* --- making and freeing ------------------------------------------------------------------------ */

bool
se_mail_speaks(enum se_mail_protocol protocol, struct se_error *error)
{
	const char *const name = protocol == SE_MAIL_IMAP ? "imap" : "smtp";
	const char *const *known = curl_version_info(CURLVERSION_NOW)->protocols;

	for (size_t i = 0; known[i] != NULL; i++)
		if (strcmp(known[i], name) == 0)
			return true;
	se_error_set(error, SE_CONFIG,
		"this machine's libcurl does not speak %s; install the whole one (where there is a "
		"libcurl-minimal: dnf swap libcurl-minimal libcurl)",
		protocol == SE_MAIL_IMAP ? "IMAP" : "SMTP");
	return false;
}

struct se_mail *
se_mail_new(const struct se_mail_server *server, int timeout)
{
	struct se_mail *mail;
	const char *tls;

	if (!se_http_begin_curl())
		return NULL;
	mail = calloc(1, sizeof(*mail));
	if (mail == NULL) {
		curl_global_cleanup();
		return NULL;
	}
	tls = curl_version_info(CURLVERSION_NOW)->ssl_version;
	mail->openssl = tls != NULL && strstr(tls, "OpenSSL") != NULL;
	mail->server = server;
	mail->deadline = now_ms() + timeout;
	se_dialogue_init(&mail->dialogue, server->protocol == SE_MAIL_IMAP, NULL);
	mail->multi = curl_multi_init();
	mail->easy = curl_easy_init();
	if (mail->multi == NULL || mail->easy == NULL || !se_mail_prepare(mail)) {
		se_mail_free(mail);
		return NULL;
	}
	return mail;
}

/* libcurl says QUIT and would wait for an answer; what went well gets that word, and nobody waits. */
static void
hang_up(const struct se_mail *mail)
{
	curl_socket_t socket = CURL_SOCKET_BAD;

	if (curl_easy_getinfo(mail->easy, CURLINFO_ACTIVESOCKET, &socket) == CURLE_OK &&
		socket != CURL_SOCKET_BAD)
		(void)shutdown(socket, mail->over && mail->code == CURLE_OK ? SHUT_RD : SHUT_RDWR);
}

void
se_mail_free(struct se_mail *mail)
{
	struct se_signals_held held;

	if (mail == NULL)
		return;
	if (se_mail_looks_up_name(mail)) {
		mail->next = atomic_load(&left_behind);
		while (!atomic_compare_exchange_weak(&left_behind, &mail->next, mail))
			;
		return;
	}
	se_signals_hold(&held);
	hang_up(mail);
	if (mail->begun)
		(void)curl_multi_remove_handle(mail->multi, mail->easy);
	curl_easy_cleanup(mail->easy);
	(void)curl_multi_cleanup(mail->multi);
	curl_slist_free_all(mail->recipients);
	curl_global_cleanup();
	se_signals_release(&held);
	se_dialogue_free(&mail->dialogue);
	se_secret_free(mail->token);
	free(mail);
}

enum se_mail_trouble
se_mail_trouble(const struct se_mail *mail)
{
	return mail->trouble;
}

const struct se_dialogue *
se_mail_dialogue(const struct se_mail *mail)
{
	return &mail->dialogue;
}

const char *
se_mail_tls(const struct se_mail *mail)
{
	return mail->tls;
}

/* --- turning ------------------------------------------------------------------------------------ */

static void
read_messages(struct se_mail *mail)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(mail->multi, &left)) != NULL)
		if (message->msg == CURLMSG_DONE) {
			mail->over = true;
			mail->code = message->data.result;
		}
}

static bool
perform(struct se_mail *mail)
{
	struct se_signals_held held;
	int running = 0;
	bool ok;

	se_signals_hold(&held);
	ok = curl_multi_perform(mail->multi, &running) == CURLM_OK;
	se_signals_release(&held);
	read_messages(mail);
	return ok;
}

/* Until libcurl has ended it, or the time or our patience is over. */
static enum se_code
turn(struct se_mail *mail, struct se_error *error)
{
	if (curl_multi_add_handle(mail->multi, mail->easy) != CURLM_OK)
		return se_error_memory(error);
	mail->begun = true;
	while (!mail->over) {
		if (!perform(mail))
			return se_error_memory(error);
		mail->late = !mail->over && now_ms() >= mail->deadline;
		if (mail->late || mail->dialogue.flooded)
			return se_mail_explain(mail, error);
		if (!mail->over)
			(void)curl_multi_poll(mail->multi, NULL, 0, TURN_MS, NULL);
	}
	return mail->code == CURLE_OK ? SE_OK : se_mail_explain(mail, error);
}

static bool
set_login(struct se_mail *mail, const char *user, const struct se_secret *token)
{
	CURL *easy = mail->easy;

	if (user == NULL)
		return true;
	mail->token = se_secret_copy(token);
	mail->dialogue.token = mail->token;
	return mail->token != NULL && !curl_easy_setopt(easy, CURLOPT_USERNAME, user) &&
	       !curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, se_secret_reveal(mail->token)) &&
	       !curl_easy_setopt(easy, CURLOPT_LOGIN_OPTIONS, "AUTH=XOAUTH2");
}

enum se_code
se_mail_connect(struct se_mail *mail, const char *user, const struct se_secret *token,
	struct se_error *error)
{
	if (!set_login(mail, user, token) ||
		curl_easy_setopt(mail->easy, CURLOPT_CONNECT_ONLY, 1L) != CURLE_OK)
		return se_error_memory(error);
	return turn(mail, error);
}

/* --- a message ----------------------------------------------------------------------------------- */

static size_t
on_read(char *data, size_t size, size_t count, void *context)
{
	struct se_mail *mail = context;
	size_t len = mail->message->len - mail->message_at;

	if (len > size * count)
		len = size * count;
	if (len == 0)
		return 0;
	memcpy(data, mail->message->data + mail->message_at, len);
	mail->message_at += len;
	se_dialogue_message(&mail->dialogue, len);
	return len;
}

enum se_code
se_mail_send(struct se_mail *mail, const char *user, const struct se_secret *token,
	const char *from, const char *to, const struct se_buffer *message, struct se_error *error)
{
	CURL *easy = mail->easy;
	bool ok = set_login(mail, user, token);

	mail->message = message;
	mail->recipients = curl_slist_append(NULL, to);
	ok = ok && mail->recipients != NULL;
	ok = ok && !curl_easy_setopt(easy, CURLOPT_MAIL_FROM, from);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, mail->recipients);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)message->len);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
	ok = ok && !curl_easy_setopt(easy, CURLOPT_READDATA, mail);
	return ok ? turn(mail, error) : se_error_memory(error);
}

/* --- a line to talk on --------------------------------------------------------------------------- */

/* Waits until the socket is ready or the time is over. */
static bool
wait_ready(const struct se_mail *mail, short events)
{
	curl_socket_t socket = CURL_SOCKET_BAD;
	const int64_t left = mail->deadline - now_ms();
	struct pollfd fd = {.events = events};

	if (curl_easy_getinfo(mail->easy, CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK ||
		socket == CURL_SOCKET_BAD || left <= 0)
		return false;
	fd.fd = socket;
	/* what TLS has read already the socket does not show */
	(void)poll(&fd, 1, left < TURN_MS ? (int)left : TURN_MS);
	return true;
}

static bool
send_all(struct se_mail *mail, const char *data, size_t len)
{
	struct se_signals_held held;
	CURLcode code;
	size_t sent;

	while (len > 0) {
		sent = 0;
		se_signals_hold(&held);
		code = curl_easy_send(mail->easy, data, len, &sent);
		se_signals_release(&held);
		if (code == CURLE_AGAIN ? !wait_ready(mail, POLLOUT) : code != CURLE_OK)
			return false;
		data += sent;
		len -= sent;
	}
	return true;
}

/* One line with its end, byte by byte: what is behind it belongs to the next one. */
static bool
read_line(struct se_mail *mail, struct se_buffer *line)
{
	struct se_signals_held held;
	CURLcode code;
	size_t got;
	char c;

	se_buffer_reset(line);
	do {
		got = 0;
		se_signals_hold(&held);
		code = curl_easy_recv(mail->easy, &c, 1, &got);
		se_signals_release(&held);
		if (code == CURLE_AGAIN) {
			if (!wait_ready(mail, POLLIN))
				return false;
			continue;
		}
		if (code != CURLE_OK || got == 0 || !se_buffer_add(line, &c, 1))
			return false;
	} while (got == 0 || c != '\n');
	return true;
}

/* "250 x" ends an answer, "250-x" does not; "A1 OK" and "+ x" end one, "* x" does not. */
static bool
is_last(const struct se_mail *mail, const struct se_buffer *line)
{
	const char *text = se_buffer_text(line);

	if (mail->server->protocol == SE_MAIL_IMAP)
		return strncmp(text, "* ", 2) != 0;
	return line->len < 4 || text[3] != '-';
}

static bool
read_answer(struct se_mail *mail)
{
	struct se_buffer line;
	bool ok;

	se_buffer_init(&line, LINE_MAX_BYTES);
	do {
		ok = read_line(mail, &line);
		if (ok)
			se_dialogue_heard(&mail->dialogue, line.data, line.len);
	} while (ok && !mail->dialogue.flooded && !is_last(mail, &line));
	se_buffer_free(&line);
	return ok && !mail->dialogue.flooded;
}

enum se_code
se_mail_command(struct se_mail *mail, const char *line, const struct se_secret *secret,
	struct se_error *error)
{
	struct se_buffer whole;
	bool ok;

	se_buffer_init(&whole, LINE_MAX_BYTES);
	se_buffer_add_text(&whole, line);
	if (secret != NULL)
		se_buffer_add(&whole, se_secret_reveal(secret), se_secret_len(secret));
	se_buffer_add_text(&whole, "\r\n");
	if (whole.failed) {
		se_buffer_free(&whole);
		return se_error_memory(error);
	}
	se_dialogue_sent(&mail->dialogue, whole.data, whole.len);
	ok = send_all(mail, whole.data, whole.len) && read_answer(mail);
	se_buffer_free(&whole);
	if (ok)
		return SE_OK;
	return se_error_set(error, SE_AGAIN, "%s port %u %s", mail->server->host,
		mail->server->port,
		now_ms() >= mail->deadline ? "did not answer in time" : "broke the connection off");
}
