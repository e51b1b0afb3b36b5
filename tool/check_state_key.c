#include <string.h>

#include "engine/seal_keys.h"

#include "tool/check_state_key.h"

/* Where a finding about the key stands: FILE:LINE: state_key_file */
#define PLACE "%s:%u: state_key_file: "

/* Whoever copies the one copies the other. */
static void
check_place(const struct se_config *config, const char *state_dir, struct se_findings *findings)
{
	const struct se_state_key *key = &config->state_key;
	const size_t len = strlen(state_dir);

	if (!key->command && strncmp(key->file, state_dir, len) == 0 &&
		(key->file[len] == '/' || (len > 0 && state_dir[len - 1] == '/')))
		se_findings_add(findings, true, key->line,
			PLACE "%s lies in the state directory, and in each copy of it; put the key "
			      "somewhere else",
			config->path, key->line, key->file);
}

static void
check_survey(const struct se_config *config, const struct se_store_survey *survey,
	const char *state_dir, struct se_findings *findings)
{
	const unsigned line = config->state_key.line;
	const size_t not_yet = survey->plain + survey->older;

	if (survey->foreign > 0 && config->state_key.file == NULL)
		se_findings_add(findings, false, 0,
			"%zu of the state files in %s cannot be opened: %s.json, for one, is "
			"sealed with key %s, and [defaults] names no state_key_file",
			survey->foreign, state_dir, survey->foreign_name, survey->foreign_key);
	else if (survey->foreign > 0)
		se_findings_add(findings, false, line,
			PLACE "%zu of the state files in %s cannot be opened: %s.json, for one, is "
			      "sealed with key %s, which is not in %s; put that key back, on a "
			      "line below the others",
			config->path, line, survey->foreign, state_dir, survey->foreign_name,
			survey->foreign_key, config->state_key.file);
	if (not_yet > 0 && config->state_key.file != NULL)
		se_findings_add(findings, true, line,
			PLACE "state files in %s that are not sealed with the first key: %zu in "
			      "clear, %zu with an older one; seal them now with: sasl-entra reseal",
			config->path, line, state_dir, survey->plain, survey->older);
}

/* What only the agent has been given cannot be judged from here: then it is no error. */
static bool
check_key(const struct se_config *config, se_state_key_id id, struct se_findings *findings)
{
	const struct se_state_key *key = &config->state_key;
	struct se_seal_keys *keys = se_seal_keys_new(key);
	struct se_error error;
	bool ok = keys != NULL && se_seal_keys_load(keys, &error) == SE_OK;

	if (keys == NULL)
		findings->failed = true;
	else if (ok)
		(void)se_copy(id, sizeof(se_state_key_id), se_seal_keys_first(keys)->id);
	else
		se_findings_add(findings, key->unusable != NULL, key->line, PLACE "%s",
			config->path, key->line, error.text);
	se_seal_keys_free(keys);
	return ok;
}

void
se_check_state_key(const struct se_config *config, const char *state_dir, se_state_key_id id,
	struct se_findings *findings)
{
	struct se_store *store;
	struct se_store_survey survey;
	struct se_error error;

	id[0] = '\0';
	if (config->state_key.file != NULL) {
		if (state_dir != NULL)
			check_place(config, state_dir, findings);
		if (!check_key(config, id, findings))
			return;
	}
	/* What is wrong with the directory has been said by who judged it. */
	store = state_dir != NULL ? se_store_open(state_dir, false, NULL) : NULL;
	if (store != NULL && se_store_seal_with(store, &config->state_key, &error) == SE_OK &&
		se_store_survey(store, &survey, &error) == SE_OK)
		check_survey(config, &survey, state_dir, findings);
	se_store_close(store);
}
