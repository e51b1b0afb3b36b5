/*
 * import_plan: all that an import of sasl-xoauth2 reads, and what it would change; nothing is changed
 * here.
 */
#ifndef SE_TOOL_IMPORT_PLAN_H
#define SE_TOOL_IMPORT_PLAN_H

#include "tool/import.h"
#include "tool/import_postfix.h"
#include "tool/import_sections.h"

enum { SE_IMPORT_PLUGINS_MAX = 16 };

struct se_import_map {
	const struct se_postfix_map *map;
	struct se_buffer text, after;
};

struct se_import_plan {
	const struct se_identity *identity;
	const struct se_import_options *options;
	const char *conf; /* the path of sasl-xoauth2.conf */
	struct se_json *settings;
	bool has_postfix;
	struct se_import_postfix postfix;
	struct se_import_map maps[SE_IMPORT_MAPS_MAX];
	size_t map_count; /* of those that change */
	struct se_import_accounts accounts;
	struct se_buffer text, after; /* of our configuration */
	struct se_config *config;     /* as it is; NULL: there is none */
	struct se_config *planned;    /* as it would be */
	char *plugins[SE_IMPORT_PLUGINS_MAX];
	size_t plugin_count;
	struct se_findings findings;
};

/* Large, hence from memory; NULL without. It is for se_import_plan_free(). What is wrong is in its
 * findings. */
struct se_import_plan *
se_import_plan(const struct se_identity *identity, const struct se_import_options *options);
void se_import_plan_free(struct se_import_plan *plan);

/* Whether there is anything to do. */
bool se_import_plan_changes(const struct se_import_plan *plan);

/* The parts of it. What is wrong is a finding. */
void se_import_read_postfix(struct se_import_plan *plan);
void se_import_read_path(struct se_import_plan *plan, const char *path);
void se_import_problem(struct se_import_plan *plan, const struct se_error *error);

/* The plugin's files, in the directories where libsasl2 finds them. */
void se_import_find_plugins(struct se_import_plan *plan);

/* Where the journal is, for free(). */
char *se_import_journal_path(const struct se_identity *identity);

#endif
