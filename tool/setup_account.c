#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/source.h"
#include "engine/cloud.h"
#include "engine/names.h"
#include "engine/report.h"
#include "engine/values.h"

#include "tool/setup.h"

/* The keys of each credential: of another one than the account has, they are taken out. */
static const struct {
	enum se_key key;
	const char *credential, *other;
} owned[] = {
	{SE_KEY_CLIENT_SECRET_FILE, "secret", NULL},
	{SE_KEY_CERTIFICATE, "certificate", NULL},
	{SE_KEY_PRIVATE_KEY, "certificate", NULL},
	{SE_KEY_PRIVATE_KEY_PASSWORD_FILE, "certificate", NULL},
	{SE_KEY_FEDERATED_TOKEN_FILE, "federated", NULL},
	{SE_KEY_MANAGED_IDENTITY_ID, "managed-identity", "federated"},
};

/* --- judging ------------------------------------------------------------------------------------ */

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

const char *
se_setup_judge(enum se_key key, const char *text, char why[400])
{
	struct se_problems *problems;
	struct se_report report = {.path = NULL};
	bool right;

	if (text[0] == '\0')
		return "it is empty";
	if (has_control(text))
		return "it has a line end or a control character inside";
	if ((problems = calloc(1, sizeof(*problems))) == NULL)
		return NULL; /* the whole is judged later */
	report.problems = problems;
	right = se_value_check(key, text, 0, &report);
	if (right && key == SE_KEY_CLIENT_ID)
		right = se_value_check_guid(key, text, 0, &report);
	if (!right)
		(void)se_copy(why, 400, problems->list[0].text);
	free(problems);
	return right ? NULL : why;
}

/* --- what goes together ----------------------------------------------------------------------- */

bool
se_setup_is_app(const struct se_setup *setup)
{
	const char *said = setup->value[SE_KEY_SIGN_IN];
	const char *credential = setup->value[SE_KEY_CREDENTIAL];

	if (said != NULL)
		return se_name_equal(said, "app");
	if (credential != NULL)
		return !se_name_equal(credential, "none");
	if (setup->before[SE_KEY_SIGN_IN] != NULL)
		return se_name_equal(setup->before[SE_KEY_SIGN_IN], "app");
	if (setup->before[SE_KEY_MATCH] != NULL)
		return setup->before[SE_KEY_CREDENTIAL] != NULL &&
		       !se_name_equal(setup->before[SE_KEY_CREDENTIAL], "none");
	return !setup->command->identity.users_own;
}

const char *
se_setup_credential(const struct se_setup *setup)
{
	const char *before = setup->before[SE_KEY_CREDENTIAL];
	bool was = before != NULL && !se_name_equal(before, "none");

	if (setup->value[SE_KEY_CREDENTIAL] != NULL)
		return setup->value[SE_KEY_CREDENTIAL];
	if (!se_setup_is_app(setup))
		return setup->value[SE_KEY_SIGN_IN] == NULL && was ? before : "none";
	return was ? before : "certificate";
}

static bool
belongs(size_t i, const char *credential)
{
	return se_name_equal(owned[i].credential, credential) ||
	       (owned[i].other != NULL && se_name_equal(owned[i].other, credential));
}

static void
take_out(const struct se_setup *setup, enum se_key key, struct se_setup_values *values)
{
	/* What was said along with it is a mistake to be told. */
	if (setup->value[key] == NULL)
		values->gone[key] = true;
}

/* The files that setup makes lie beside the configuration. */
static bool
name_file(const struct se_setup *setup, const char *suffix, char path[PATH_MAX])
{
	const char *configuration = setup->command->identity.configuration;
	int n = snprintf(path, PATH_MAX, "%.*s/%s%s",
		(int)(strrchr(configuration, '/') - configuration), configuration, setup->label,
		suffix);

	return n > 0 && n < PATH_MAX;
}

/* Whether the token that stands for the app is one of a managed identity. */
static bool
is_machines(const struct se_setup *setup)
{
	const char *file = se_setup_value(setup, SE_KEY_FEDERATED_TOKEN_FILE);

	return file != NULL && se_name_equal(file, "managed-identity");
}

static void
choose_credential(const struct se_setup *setup, struct se_setup_values *values, char path[PATH_MAX])
{
	const char *credential = se_setup_credential(setup);
	const bool app = se_setup_is_app(setup), none = se_name_equal(credential, "none");

	if (!none)
		values->text[SE_KEY_CREDENTIAL] = credential;
	else
		take_out(setup, SE_KEY_CREDENTIAL, values);
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
		if (!belongs(i, credential))
			take_out(setup, owned[i].key, values);
	if (se_name_equal(credential, "certificate") &&
		se_setup_value(setup, SE_KEY_CERTIFICATE) == NULL && name_file(setup, ".pem", path))
		values->text[SE_KEY_CERTIFICATE] = path;
	if (se_name_equal(credential, "secret") &&
		se_setup_value(setup, SE_KEY_CLIENT_SECRET_FILE) == NULL &&
		name_file(setup, ".secret", path))
		values->text[SE_KEY_CLIENT_SECRET_FILE] = path;
	/* Only where it is not what the credential says already. */
	if (!app && !none)
		values->text[SE_KEY_SIGN_IN] = "user";
	else if (setup->before[SE_KEY_SIGN_IN] == NULL)
		values->text[SE_KEY_SIGN_IN] = NULL;
	else
		values->text[SE_KEY_SIGN_IN] = app ? "app" : "user";
	if (app)
		take_out(setup, SE_KEY_IDENTITY, values);
	if (se_name_equal(credential, "managed-identity"))
		take_out(setup, SE_KEY_CLIENT_ID, values);
	if (se_name_equal(credential, "federated") && !is_machines(setup))
		take_out(setup, SE_KEY_MANAGED_IDENTITY_ID, values);
}

static void
choose(const struct se_setup *setup, struct se_setup_values *values, char path[PATH_MAX])
{
	const char *cloud = setup->value[SE_KEY_CLOUD] != NULL ? setup->value[SE_KEY_CLOUD]
							       : setup->before[SE_KEY_CLOUD];

	memset(values, 0, sizeof(*values));
	for (int key = 0; key < SE_KEY_COUNT; key++)
		values->text[key] = setup->value[key];
	choose_credential(setup, values, path);
	/* "global" is what is meant where nothing is said, but for [defaults]. */
	if (cloud == NULL)
		cloud = setup->defaults[SE_KEY_CLOUD];
	if (setup->tenant.cloud != NULL && setup->value[SE_KEY_CLOUD] == NULL &&
		se_cloud_find(cloud != NULL ? cloud : "global") != setup->tenant.cloud)
		values->text[SE_KEY_CLOUD] = setup->tenant.cloud->name;
}

/* --- the text ----------------------------------------------------------------------------------- */

static enum se_code
judge_label(const struct se_setup *setup, struct se_error *error)
{
	const char *label = setup->label;
	bool right = label[0] != '\0' && strlen(label) <= 64;

	for (; *label != '\0'; label++)
		right = right &&
			strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-",
				*label) != NULL;
	if (right)
		return SE_OK;
	return se_error_set(error, SE_CONFIG,
		"--label: an account's label is at most 64 letters, digits, '.', '_' and '-'");
}

/* What the whole says that no value says by itself. Lines are those of the file as it would be. */
static void
say_problems(const struct se_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		fprintf(stderr, "sasl-entra: %s%s\n", problems->list[i].warning ? "warning: " : "",
			problems->list[i].text);
}

static enum se_code
parse(struct se_setup *setup, struct se_error *error)
{
	struct se_problems *problems = calloc(1, sizeof(*problems));
	struct se_error first;
	enum se_code code;

	if (problems == NULL)
		return se_error_memory(error);
	code = se_config_parse(se_buffer_text(&setup->text), setup->text.len,
		setup->command->identity.configuration, &setup->config, problems, &first);
	if (code != SE_OK) {
		say_problems(problems);
		code = problems->errors == 0 ? (*error = first, code)
					     : se_error_set(error, SE_CONFIG,
						       "so it would not be right; nothing was "
						       "changed");
	}
	free(problems);
	for (size_t i = 0; code == SE_OK && i < setup->config->account_count; i++)
		if (se_name_equal(setup->config->accounts[i].label, setup->label))
			setup->account = &setup->config->accounts[i];
	if (code == SE_OK && setup->account == NULL)
		return se_error_set(error, SE_INTERNAL, "[account %s] is not in what was written",
			setup->label);
	return code;
}

enum se_code
se_setup_make_text(struct se_setup *setup, struct se_error *error)
{
	struct se_setup_values values;
	char path[PATH_MAX];
	enum se_code code = judge_label(setup, error);

	if (code != SE_OK)
		return code;
	choose(setup, &values, path);
	se_buffer_reset(&setup->text);
	if (!se_setup_text_change(&setup->old, setup->label, &values, &setup->text))
		return se_error_memory(error);
	return parse(setup, error);
}
