#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/account.h"
#include "engine/characters.h"
#include "engine/names.h"
#include "engine/provider.h"

#include "tool/import_sections.h"

static bool
label_is_taken(const struct se_import_accounts *accounts, size_t before,
	const struct se_config *config, const char *label)
{
	for (size_t i = 0; config != NULL && i < config->account_count; i++)
		if (se_name_equal(config->accounts[i].label, label))
			return true;
	for (size_t i = 0; i < before; i++)
		if (strcasecmp(accounts->labels[i], label) == 0)
			return true;
	return false;
}

/* The login name's part before the @, and a number where that is another's. */
static void
make_label(struct se_import_accounts *accounts, size_t which, const struct se_config *config)
{
	char *label = accounts->labels[which];
	const char *login = accounts->list[which].login;
	size_t len = 0;

	for (; *login != '\0' && *login != '@' && len < 40; login++)
		label[len++] = se_is_letter(*login) || se_is_digit(*login) ? *login : '-';
	label[len] = '\0';
	for (unsigned n = 2; label_is_taken(accounts, which, config, label); n++)
		(void)snprintf(label + len, SE_IMPORT_LABEL_MAX - len, "-%u", n);
	accounts->list[which].label = label;
}

/* Whether it is the account's by name, and not by its domain. */
static bool
is_named(const struct se_account *account, const char *login)
{
	for (size_t i = 0; account->match[i] != NULL; i++)
		if (strcasecmp(account->match[i], login) == 0)
			return true;
	return false;
}

static bool
is_the_same(const struct se_account *ours, const struct se_import_account *theirs)
{
	const char *id = ours->value[SE_KEY_CLIENT_ID].text;
	const char *tenant = ours->value[SE_KEY_TENANT].text;

	return id != NULL && strcasecmp(id, theirs->client_id) == 0 &&
	       (tenant == NULL || theirs->tenant == NULL ||
		       strcasecmp(tenant, theirs->tenant) == 0) &&
	       ours->app_only == theirs->app;
}

static void
find_existing(struct se_import_account *account, const struct se_config *config,
	struct se_findings *findings)
{
	const struct se_account *ours =
		config != NULL ? se_account_match(config, account->login, NULL) : NULL;

	if (ours == NULL)
		return;
	if (!is_named(ours, account->login)) {
		if (!is_the_same(ours, account))
			se_findings_add(findings, true, 0,
				"%s: until now account %s serves it, by its domain; a section of "
				"its own will",
				account->login, ours->label);
		return;
	}
	if (!is_the_same(ours, account)) {
		se_findings_add(findings, false, 0,
			"%s: account %s of %s serves it already, with another registration than "
			"%s; take the login name out of one of them",
			account->login, ours->label, config->path, account->file);
		return;
	}
	account->existing = true;
	account->label = ours->label;
}

void
se_import_assign(struct se_import_accounts *accounts, const struct se_config *config,
	struct se_findings *findings)
{
	for (size_t i = 0; i < accounts->count; i++) {
		struct se_import_account *account = &accounts->list[i];

		find_existing(account, config, findings);
		for (size_t k = 0; account->label == NULL && k < i; k++)
			if (!accounts->list[k].existing &&
				se_import_same_registration(&accounts->list[k], account))
				account->label = accounts->list[k].label;
		if (account->label == NULL)
			make_label(accounts, i, config);
	}
}

char *
se_import_secret_file(const struct se_import_account *account, const char *configuration)
{
	const char *slash = strrchr(configuration, '/');
	char path[4096];

	if (account->secret == NULL || account->existing)
		return NULL;
	(void)snprintf(path, sizeof(path), "%.*s/%s.secret", (int)(slash - configuration),
		configuration, account->label);
	return strdup(path);
}

static void
add(struct se_buffer *out, const char *name, const char *value)
{
	if (value != NULL)
		se_buffer_addf(out, "%-18s = %s\n", name, value);
}

/* Returns how many they are. */
static size_t
add_matches(const struct se_import_accounts *accounts, const char *label, struct se_buffer *out)
{
	size_t n = 0;

	se_buffer_addf(out, "%-18s = ", "match");
	for (size_t i = 0; i < accounts->count; i++)
		if (!accounts->list[i].existing && accounts->list[i].label == label)
			se_buffer_addf(out, "%s%s", n++ > 0 ? ", " : "", accounts->list[i].login);
	se_buffer_add_text(out, "\n");
	return n;
}

static bool
is_default_server(const struct se_import_account *account)
{
	const struct se_provider *provider =
		se_provider_find(account->provider != NULL ? account->provider : "entra");
	const char *const *server = provider->servers;

	if (server == NULL && account->cloud != NULL)
		server = account->cloud->servers;
	for (; server != NULL && *server != NULL; server++)
		if (strcasecmp(*server, account->host) == 0)
			return true;
	return false;
}

static void
add_credential(
	const struct se_import_account *account, const char *configuration, struct se_buffer *out)
{
	char *file = se_import_secret_file(account, configuration);

	add(out, "credential", file != NULL ? "secret" : "none");
	add(out, "client_secret_file", file);
	free(file);
}

static void
add_section(const struct se_import_accounts *accounts, const struct se_import_account *account,
	const char *configuration, struct se_buffer *out)
{
	size_t n;

	if (out->len > 0 && out->data[out->len - 1] != '\n')
		se_buffer_add_text(out, "\n");
	se_buffer_addf(out, "%s[account %s]\n", out->len > 0 ? "\n" : "", account->label);
	n = add_matches(accounts, account->label, out);
	add(out, "provider", account->provider);
	add(out, "tenant", account->tenant);
	add(out, "authority", account->authority);
	if (account->cloud != NULL && strcmp(account->cloud->name, "global") != 0)
		add(out, "cloud", account->cloud->name);
	add(out, "client_id", account->client_id);
	add(out, "sign_in", account->app ? "app" : "user");
	if (n == 1 && !account->app)
		add(out, "identity", account->login);
	add_credential(account, configuration, out);
	add(out, "services", "smtp");
	if (account->host != NULL && !is_default_server(account))
		add(out, "servers", account->host);
	add(out, "sasl_user", account->user);
	add(out, "proxy", account->proxy);
	add(out, "ca_file", account->ca_file);
}

bool
se_import_write_sections(
	const struct se_import_accounts *accounts, const char *configuration, struct se_buffer *out)
{
	for (size_t i = 0; i < accounts->count; i++) {
		const struct se_import_account *account = &accounts->list[i];
		bool first = !account->existing;

		for (size_t k = 0; k < i; k++)
			if (accounts->list[k].label == account->label)
				first = false;
		if (first)
			add_section(accounts, account, configuration, out);
	}
	return !out->failed;
}
