#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <ini_configobj.h>
#include <ini_valueobj.h>

#include "core/buffer.h"
#include "core/room.h"
#include "engine/arena.h"
#include "engine/config.h"
#include "engine/derive.h"
#include "engine/derive_credentials.h"
#include "engine/precheck.h"
#include "engine/report.h"
#include "engine/rules.h"
#include "engine/values.h"

struct loader {
	struct se_arena *arena;
	struct se_config *config;
	struct se_report report;
	struct se_sections sections;
	const char *text;
	char *scratch;             /* room for any section and a NUL */
	struct se_value *defaults; /* SE_KEY_COUNT, from [defaults] */
};

/* --- values by libini_config --------------------------------------------------------------- */

/* Takes one value over. False when memory ran out. */
static bool
take_value(struct loader *loader, struct se_section *section, struct ini_cfgobj *ini,
	const char *section_name, const char *name, struct se_value *values)
{
	enum se_key key = se_key_find(name);
	struct value_obj *object = NULL;
	const char *text;
	uint32_t line = 0;
	int rc;

	if (key == SE_KEY_COUNT)
		return true; /* reported by the precheck */
	rc = ini_get_config_valueobj(section_name, name, ini, INI_GET_FIRST_VALUE, &object);
	if (rc != 0 || object == NULL)
		return rc == 0;
	text = ini_get_const_string_config_value(object, NULL);
	if (text == NULL || value_get_line(object, &line) != 0)
		return false;
	values[key].line = section->line + line - 1;
	values[key].text = se_arena_text(loader->arena, text, strlen(text));
	if (values[key].text == NULL)
		return false;
	if (!se_value_check(key, text, values[key].line, &loader->report))
		section->wrong = true;
	return true;
}

static bool
take_values(struct loader *loader, struct se_section *section, struct ini_cfgobj *ini,
	struct se_value *values)
{
	char **names = ini_get_section_list(ini, NULL, NULL), **keys = NULL;
	bool done = names != NULL;
	size_t i;

	if (names != NULL && names[0] != NULL) {
		keys = ini_get_attribute_list(ini, names[0], NULL, NULL);
		done = keys != NULL;
		for (i = 0; done && keys[i] != NULL; i++)
			done = take_value(loader, section, ini, names[0], keys[i], values);
	}
	if (keys != NULL)
		ini_free_attribute_list(keys);
	if (names != NULL)
		ini_free_section_list(names);
	return done;
}

/* libini_config frees what it has not made when an allocation fails in it. */
enum { ROOM_FIXED = 64 * 1024, ROOM_PER_BYTE = 64 };

/* Hands one section to libini_config: it walks all sections whenever it looks one up, so that
 * thousands of them, read at once, would take minutes. False when memory ran out. */
static bool
read_section(struct loader *loader, struct se_section *section, struct se_value *values)
{
	size_t len = section->end - section->start;
	struct ini_cfgfile *file = NULL;
	struct ini_cfgobj *ini = NULL;
	int rc;

	if (!se_room(ROOM_FIXED + len * ROOM_PER_BYTE))
		return false;
	memcpy(loader->scratch, loader->text + section->start, len);
	loader->scratch[len] = '\0';
	errno = 0;
	rc = ini_config_file_from_mem(loader->scratch, (uint32_t)len, &file);
	if (rc == 0)
		rc = ini_config_create(&ini);
	if (rc == 0)
		rc = ini_config_parse(file, INI_STOP_ON_ANY,
			INI_MV1S_ERROR | INI_MV2S_ERROR | INI_MS_ERROR,
			INI_PARSE_NOWRAP | INI_PARSE_NO_C_COMMENTS, ini);
	if (rc != 0 && errno == ENOMEM)
		rc = ENOMEM; /* as of iconv, which it calls something else */
	if (rc == 0 && !take_values(loader, section, ini, values))
		rc = ENOMEM;
	if (rc != 0 && rc != ENOMEM) {
		/* The precheck should have seen it, whatever it is. */
		se_report_error(&loader->report, section->line, NULL,
			"this section is not a section as libini_config reads them");
		section->wrong = section->broken = true;
	}
	if (ini != NULL)
		ini_config_destroy(ini);
	if (file != NULL)
		ini_config_file_destroy(file);
	return rc != ENOMEM;
}

/* --- sections to accounts ------------------------------------------------------------------ */

/* A user's own configuration may have a program that prints the key. */
static void
take_key_command(struct loader *loader)
{
	const struct se_value *command = &loader->defaults[SE_KEY_STATE_KEY_COMMAND];
	struct se_state_key *key = &loader->config->state_key;

	if (command->text == NULL)
		return;
	if (strcmp(loader->config->path, SE_CONFIGURATION_PATH) == 0)
		se_report_error(&loader->report, command->line, "state_key_command",
			"is for a user's own configuration only; write the key into a file and "
			"state_key_file = PATH here");
	else if (key->file != NULL)
		se_report_error(&loader->report, command->line, "state_key_command",
			"the key is in a file already, by state_key_file; remove one of the two "
			"lines");
	key->file = command->text;
	key->command = true;
	key->line = command->line;
}

/* False when memory ran out. */
static bool
take_state_key(struct loader *loader)
{
	struct se_value *value = &loader->defaults[SE_KEY_STATE_KEY_FILE];
	struct se_state_key *key = &loader->config->state_key;

	if (!se_derive_credential(SE_KEY_STATE_KEY_FILE, value, loader->arena, &key->unusable))
		return false;
	key->file = value->text;
	key->credential = value->credential;
	key->line = value->line;
	take_key_command(loader);
	return true;
}

static bool
read_defaults(struct loader *loader)
{
	size_t i;

	loader->defaults = se_arena_alloc(loader->arena, SE_KEY_COUNT, sizeof(*loader->defaults));
	if (loader->defaults == NULL)
		return false;
	loader->config->defaults = loader->defaults;
	for (i = 0; i < loader->sections.count; i++) {
		struct se_section *section = &loader->sections.list[i];

		if (section->defaults && !section->broken &&
			!read_section(loader, section, loader->defaults))
			return false;
	}
	loader->config->state_dir = loader->defaults[SE_KEY_STATE_DIR].text;
	return take_state_key(loader);
}

/* One that has something wrong is left out: what is reported stays about what is written. */
static bool
read_account(struct loader *loader, struct se_section *section)
{
	struct se_config *config = loader->config;
	struct se_account *account = &config->accounts[config->account_count];
	size_t errors;
	int i;

	memset(account, 0, sizeof(*account));
	account->label = section->label;
	account->line = section->line;
	for (i = 0; i < SE_KEY_COUNT; i++)
		if ((se_keys[i].where & SE_IN_ACCOUNT) != 0)
			account->value[i] = loader->defaults[i];
	if (!read_section(loader, section, account->value))
		return false;
	if (section->wrong) {
		se_rules_check_client_id(account, &loader->report);
		return true;
	}
	errors = loader->report.problems->errors;
	se_derive_defaults(account, strcmp(config->path, SE_CONFIGURATION_PATH) == 0);
	se_rules_check(account, &loader->report);
	if (loader->report.problems->errors != errors)
		return true;
	if (account->cloud == NULL || account->provider == NULL)
		return true; /* unknown, in [defaults], and reported there */
	if (!se_derive(account, loader->arena, &loader->report))
		return false;
	config->account_count++;
	return true;
}

static bool
read_accounts(struct loader *loader)
{
	size_t i, count = 0;

	for (i = 0; i < loader->sections.count; i++)
		if (!loader->sections.list[i].defaults)
			count++;
	loader->config->accounts =
		se_arena_alloc(loader->arena, count + 1, sizeof(struct se_account));
	if (loader->config->accounts == NULL)
		return false;
	for (i = 0; i < loader->sections.count; i++) {
		struct se_section *section = &loader->sections.list[i];

		if (!section->defaults && !section->broken && !read_account(loader, section))
			return false;
	}
	return se_rules_check_ties(loader->config, loader->arena, &loader->report);
}

static bool
read_all(struct loader *loader, size_t len)
{
	if (!se_precheck(loader->text, len, loader->arena, &loader->report, &loader->sections))
		return false;
	if (loader->sections.broken)
		return true;
	return read_defaults(loader) && read_accounts(loader);
}

/* --- the whole file ------------------------------------------------------------------------ */

static enum se_code
judge(const struct se_problems *problems, struct se_error *error)
{
	size_t i;

	for (i = 0; i < problems->count; i++)
		if (!problems->list[i].warning)
			return se_error_set(error, SE_CONFIG, "%s", problems->list[i].text);
	return SE_OK;
}

static enum se_code
parse(const char *text, size_t len, struct loader *loader, const char *name, struct se_error *error)
{
	loader->text = text;
	loader->arena = se_arena_new();
	loader->scratch = malloc(len + 1);
	if (loader->arena == NULL || loader->scratch == NULL)
		return se_error_memory(error);
	loader->config = se_arena_alloc(loader->arena, 1, sizeof(*loader->config));
	if (loader->config == NULL)
		return se_error_memory(error);
	loader->config->memory = loader->arena;
	loader->config->path = se_arena_text(loader->arena, name, strlen(name));
	if (loader->config->path == NULL || !read_all(loader, len))
		return se_error_memory(error);
	return judge(loader->report.problems, error);
}

enum se_code
se_config_parse(const char *text, size_t len, const char *name, struct se_config **config,
	struct se_problems *problems, struct se_error *error)
{
	struct se_problems *own = NULL;
	struct loader loader = {0};
	enum se_code code;

	*config = NULL;
	if (problems == NULL)
		problems = own = malloc(sizeof(*own));
	if (problems == NULL)
		return se_error_memory(error);
	problems->count = problems->errors = 0;
	loader.report.path = name;
	loader.report.problems = problems;
	if (len > SE_CONFIG_SIZE_MAX) {
		se_report_error(&loader.report, 0, NULL, "the file is larger than %d bytes",
			SE_CONFIG_SIZE_MAX);
		code = judge(problems, error);
	} else {
		code = parse(text, len, &loader, name, error);
	}
	if (code == SE_OK)
		*config = loader.config;
	else
		se_arena_free(loader.arena);
	free(loader.scratch);
	free(own);
	return code;
}

enum se_code
se_config_load(const char *path, struct se_config **config, struct se_problems *problems,
	struct se_error *error)
{
	struct se_buffer text;
	struct se_file_id id;
	struct se_error why;
	struct se_report report = {NULL, problems};
	enum se_code code;

	*config = NULL;
	if (problems != NULL)
		problems->count = problems->errors = 0;
	se_error_clear(&why);
	se_buffer_init(&text, SE_CONFIG_SIZE_MAX);
	code = se_file_read(path, SE_FILE_CONFIG, &text, &id, &why);
	if (code == SE_OK) {
		code = se_config_parse(
			se_buffer_text(&text), text.len, path, config, problems, error);
		if (*config != NULL)
			(*config)->id = id;
	} else {
		if (problems != NULL && code == SE_CONFIG)
			se_report_error(&report, 0, NULL, "%s", why.text);
		se_error_set(error, code, "%s", why.text);
	}
	se_buffer_free(&text);
	return code;
}

void
se_config_free(struct se_config *config)
{
	if (config != NULL)
		se_arena_free(config->memory);
}
