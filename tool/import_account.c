#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/message.h"
#include "engine/characters.h"
#include "engine/urls.h"

#include "tool/import_account.h"
#include "tool/import_file.h"

#define GOOGLES "https://accounts.google.com/o/oauth2/token"

struct files {
	const struct se_json *token, *conf;
};

bool
se_import_is_placeholder(const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	return len == 0 || (len > 10 && strcasecmp(text + len - 10, "_GOES_HERE") == 0) ||
	       (len > 10 && strcasecmp(text + len - 10, " goes here") == 0);
}

static const char *
setting(const struct files *files, const char *name)
{
	const char *text = se_json_string(files->token, name);

	if (text == NULL && files->conf != NULL && !se_json_has(files->token, name))
		text = se_json_string(files->conf, name);
	return text;
}

/* What it says becomes lines of our configuration, which may be root's, and the file need not be:
 * a line end in a value would be a key or a section of somebody else's. */
static bool
is_one_value(const struct se_import_account *account, const char *name, const char *value,
	struct se_findings *findings)
{
	if (value == NULL || se_line_problem(value, strlen(value), false) == NULL)
		return true;
	se_findings_add(findings, false, 0,
		"%s: %s: %s has characters that no value of sasl-entra.conf can have (a line end, "
		"another control character, or bytes that are not UTF-8); nothing of it is taken",
		account->login, account->file, name);
	return false;
}

/* One login name, and no list or pattern. */
static bool
is_login_name(const struct se_import_account *account, struct se_findings *findings)
{
	const char *login = account->login;

	if (login[0] != '\0' && login[0] != '[' && strpbrk(login, ", \t*\"") == NULL &&
		se_line_problem(login, strlen(login), false) == NULL)
		return true;
	se_findings_add(findings, false, 0,
		"%s: \"%s\" is no login name: it is to be one address, without blanks, commas, "
		"quotes and *; rename the file, or correct the entry in the map",
		account->file, login);
	return false;
}

static bool
are_values(const struct se_import_account *account, struct se_findings *findings)
{
	return is_one_value(account, "user", account->user, findings) &&
	       is_one_value(account, "client_id", account->client_id, findings) &&
	       is_one_value(account, "token_endpoint", account->tenant, findings) &&
	       is_one_value(account, "token_endpoint", account->authority, findings) &&
	       is_one_value(account, "proxy", account->proxy, findings) &&
	       is_one_value(account, "ca_bundle_file", account->ca_file, findings);
}

static bool
is_true(const char *text)
{
	return text != NULL && (strcasecmp(text, "yes") == 0 || strcasecmp(text, "true") == 0);
}

static bool
copy(char **to, const char *text)
{
	*to = text != NULL ? strdup(text) : NULL;
	return text == NULL || *to != NULL;
}

/* A proxy with a password in it, and a bundle that is not absolute, cannot be in our file. */
static bool
take_way(struct se_import_account *account, const struct files *files, struct se_findings *findings)
{
	const char *proxy = setting(files, "proxy"), *bundle = setting(files, "ca_bundle_file");

	if (proxy != NULL && proxy[0] != '\0' && se_url_proxy_problem(proxy) != NULL) {
		se_findings_add(findings, false, 0,
			"%s: proxy: it cannot be one of sasl-entra.conf, as it %s", account->login,
			se_url_proxy_problem(proxy));
		return false;
	}
	if (bundle != NULL && bundle[0] != '\0' && bundle[0] != '/') {
		se_findings_add(findings, false, 0,
			"%s: ca_bundle_file is no absolute path; give it as one", account->login);
		return false;
	}
	return copy(&account->proxy, proxy != NULL && proxy[0] != '\0' ? proxy : NULL) &&
	       copy(&account->ca_file, bundle != NULL && bundle[0] != '\0' ? bundle : NULL);
}

static bool
take_client(struct se_import_account *account, const struct files *files, const char *conf_path,
	struct se_findings *findings)
{
	const char *id = setting(files, "client_id"), *secret = setting(files, "client_secret");

	if (se_import_is_placeholder(id)) {
		se_findings_add(findings, false, 0,
			"%s: neither %s nor %s has a client_id; give the app's client id with "
			"client_id in one of them",
			account->login, account->file, conf_path);
		return false;
	}
	if (secret != NULL && secret[0] != '\0' && se_import_is_placeholder(secret))
		se_findings_add(findings, true, 0,
			"%s: client_secret is still the example's text; it is taken for none",
			account->login);
	else if (!se_import_is_placeholder(secret))
		account->secret = se_secret_new(secret, strlen(secret));
	return copy(&account->client_id, id);
}

static bool
refuse_token(
	const struct se_import_account *account, const char *what, struct se_findings *findings)
{
	se_findings_add(findings, false, 0, "%s: %s %s", account->login, account->file, what);
	return false;
}

static bool
take_token(
	struct se_import_account *account, const struct files *files, struct se_findings *findings)
{
	const char *token = se_json_string(files->token, "refresh_token");

	account->app = is_true(setting(files, "use_client_credentials"));
	if (is_true(setting(files, "manage_token_externally")))
		return refuse_token(account,
			"holds an access token that another program renews "
			"(manage_token_externally); let that program's place be taken by an "
			"account "
			"with a credential, or by: sasl-entra login",
			findings);
	if (account->app)
		return account->secret != NULL ||
		       refuse_token(account,
			       "says use_client_credentials, and there is no client_secret for it",
			       findings);
	if (se_import_is_placeholder(token))
		return refuse_token(account,
			"has no refresh token; sign in with sasl-xoauth2-tool, or take its entry "
			"out of the map and sign in later with: sasl-entra login",
			findings);
	if (!se_message_can_be_token(token, strlen(token)))
		return refuse_token(account,
			"has a refresh_token with characters that no token has; it is damaged",
			findings);
	account->refresh_token = se_secret_new(token, strlen(token));
	return account->refresh_token != NULL;
}

static void
say_not_taken(const struct se_import_account *account, const struct files *files,
	struct se_findings *findings)
{
	static const struct {
		const char *name, *why;
	} not_taken[] = {
		{"refresh_window", "tokens are renewed ahead of need here; see min_lifetime"},
		{"scope", "it follows from services; see scope in sasl-entra.conf(5)"},
		{"ca_certs_dir", "one file with all certificates is wanted; see ca_file"},
		{NULL, NULL},
	};

	for (size_t i = 0; not_taken[i].name != NULL; i++)
		if (se_json_has(files->token, not_taken[i].name))
			se_findings_add(findings, true, 0, "%s: %s: %s is not taken: %s",
				account->login, account->file, not_taken[i].name, not_taken[i].why);
}

static bool
take(struct se_import_account *account, const struct files *files, const char *conf_path,
	struct se_findings *findings)
{
	const char *endpoint = setting(files, "token_endpoint");
	const char *user = setting(files, "user");

	if (user != NULL && user[0] != '\0' && strcasecmp(user, account->login) != 0 &&
		!copy(&account->user, user))
		return false;
	say_not_taken(account, files, findings);
	return take_client(account, files, conf_path, findings) &&
	       se_import_take_endpoint(account,
		       endpoint != NULL && endpoint[0] != '\0' ? endpoint : GOOGLES, findings) &&
	       take_way(account, files, findings) && take_token(account, files, findings);
}

bool
se_import_account_read(struct se_import_account *account, const struct se_json *conf,
	const char *conf_path, struct se_findings *findings)
{
	struct se_json *token = NULL;
	struct se_error error;
	struct stat found;
	struct files files;
	bool ok;

	if (!is_login_name(account, findings))
		return false;
	if (se_import_json(account->file, NULL, &token, &found, &error) != SE_OK) {
		se_findings_add(findings, false, 0, "%s: %s", account->login, error.text);
		return false;
	}
	if ((found.st_mode & 07) != 0)
		se_findings_add(findings, true, 0,
			"%s: %s may be read by every user (mode %04o); whoever did can go on using "
			"the sign-in until it is revoked",
			account->login, account->file, (unsigned)found.st_mode & 07777);
	files = (struct files){.token = token, .conf = conf};
	ok = take(account, &files, conf_path, findings) && are_values(account, findings);
	se_json_free(token);
	return ok;
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcasecmp(a, b) == 0;
}

bool
se_import_same_registration(const struct se_import_account *a, const struct se_import_account *b)
{
	return a->app == b->app && a->cloud == b->cloud && same(a->provider, b->provider) &&
	       same(a->tenant, b->tenant) && same(a->authority, b->authority) &&
	       same(a->client_id, b->client_id) && same(a->proxy, b->proxy) &&
	       (a->ca_file == NULL || b->ca_file == NULL ? a->ca_file == b->ca_file
							 : strcmp(a->ca_file, b->ca_file) == 0) &&
	       same(a->user, b->user) && same(a->host, b->host) &&
	       se_secret_equal(a->secret, b->secret);
}

void
se_import_account_free(struct se_import_account *account)
{
	free(account->login);
	free(account->host);
	free(account->file);
	free(account->user);
	free(account->client_id);
	free(account->tenant);
	free(account->authority);
	free(account->proxy);
	free(account->ca_file);
	se_secret_free(account->secret);
	se_secret_free(account->refresh_token);
	memset(account, 0, sizeof(*account));
}
