#include <string.h>

#include "engine/mail_parts.h"

bool
se_mail_looks_up_name(const struct se_mail *mail)
{
	curl_off_t looked_up = 0;

	(void)curl_easy_getinfo(mail->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
	return mail->begun && !mail->over && looked_up == 0;
}

static bool
is_encrypted(const struct se_mail *mail)
{
	curl_off_t done = 0;

	(void)curl_easy_getinfo(mail->easy, CURLINFO_APPCONNECT_TIME_T, &done);
	return done != 0 || mail->tls[0] != '\0';
}

/* What libcurl said, without the blank that some of its texts end in. */
static const char *
text_of(struct se_mail *mail)
{
	size_t len = strlen(mail->text);

	while (len > 0 && mail->text[len - 1] == ' ')
		mail->text[--len] = '\0';
	return len > 0 ? mail->text : curl_easy_strerror(mail->code);
}

static bool
is_about_tls(CURLcode code)
{
	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_USE_SSL_FAILED:
		return true;
	default:
		return false;
	}
}

static enum se_mail_trouble
judge(const struct se_mail *mail)
{
	const bool heard = mail->dialogue.lines > 0;

	if (is_about_tls(mail->code))
		return SE_MAIL_NO_TLS;
	if (!heard)
		return SE_MAIL_NO_CONNECTION;
	switch (mail->dialogue.stage) {
	case SE_MAIL_STARTTLS:
		return is_encrypted(mail) ? SE_MAIL_NO_WELCOME : SE_MAIL_NO_TLS;
	case SE_MAIL_LOGIN:
		return SE_MAIL_NO_LOGIN;
	case SE_MAIL_MESSAGE:
		return SE_MAIL_NO_DELIVERY;
	default:
		return SE_MAIL_NO_WELCOME;
	}
}

static enum se_code
explain_late(const struct se_mail *mail, struct se_error *error)
{
	const struct se_mail_server *server = mail->server;

	if (mail->dialogue.flooded)
		return se_error_set(error, SE_CONFIG,
			"%s port %u says more than any mail server does; is it the right address?",
			server->host, server->port);
	if (se_mail_looks_up_name(mail))
		return se_error_set(error, SE_AGAIN,
			"the name lookup of %s did not end in time; look at the name servers in "
			"/etc/resolv.conf",
			server->host);
	if (mail->dialogue.lines == 0)
		return se_error_set(error, SE_AGAIN,
			"%s did not greet at port %u in time; many networks let no mail out: look "
			"at the firewall",
			server->host, server->port);
	return se_error_set(
		error, SE_AGAIN, "%s port %u did not go on in time", server->host, server->port);
}

static enum se_code
explain_tls(struct se_mail *mail, struct se_error *error)
{
	const struct se_mail_server *server = mail->server;
	const char *text = text_of(mail);

	if (mail->code == CURLE_USE_SSL_FAILED)
		return se_error_set(error, SE_CONFIG,
			"%s port %u offers no STARTTLS (%s); a firewall or a proxy in between may "
			"take it away",
			server->host, server->port, text);
	if (mail->code == CURLE_PEER_FAILED_VERIFICATION)
		return se_error_set(error, SE_CONFIG,
			"the certificate of %s port %u is not to be trusted (%s)", server->host,
			server->port, text);
	if (mail->code == CURLE_SSL_CACERT_BADFILE)
		return se_error_set(error, SE_CONFIG,
			"the CA certificates to check %s with cannot be read (%s)", server->host,
			text);
	return se_error_set(error, SE_AGAIN,
		"no TLS connection to %s port %u (%s); TLS 1.2 or later is needed", server->host,
		server->port, text);
}

static enum se_code
explain_way(struct se_mail *mail, struct se_error *error)
{
	const struct se_mail_server *server = mail->server;
	const char *text = text_of(mail);

	if (mail->code == CURLE_COULDNT_RESOLVE_HOST)
		return se_error_set(
			error, SE_AGAIN, "no address was found for %s (%s)", server->host, text);
	if (mail->code != CURLE_COULDNT_CONNECT)
		return se_error_set(error, SE_AGAIN,
			"%s does not greet at port %u (%s); does it let this machine's address in?",
			server->host, server->port, text);
	return se_error_set(error, SE_AGAIN, "%s cannot be reached at port %u (%s)", server->host,
		server->port, text);
}

enum se_code
se_mail_explain(struct se_mail *mail, struct se_error *error)
{
	const struct se_mail_server *server = mail->server;

	mail->trouble = judge(mail);
	if (mail->late || mail->dialogue.flooded)
		return explain_late(mail, error);
	if (mail->code == CURLE_OUT_OF_MEMORY)
		return se_error_memory(error);
	switch (mail->trouble) {
	case SE_MAIL_NO_CONNECTION:
		return explain_way(mail, error);
	case SE_MAIL_NO_TLS:
		return explain_tls(mail, error);
	case SE_MAIL_NO_LOGIN:
		return se_error_set(error, SE_CONFIG, "%s port %u did not accept the login",
			server->host, server->port);
	case SE_MAIL_NO_DELIVERY:
		return se_error_set(
			error, SE_CONFIG, "%s port %u did not take it", server->host, server->port);
	default:
		return se_error_set(error, SE_AGAIN, "%s port %u does not go on (%s)", server->host,
			server->port, text_of(mail));
	}
}
