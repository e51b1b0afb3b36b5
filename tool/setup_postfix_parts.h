/*
 * setup_postfix_parts: what the files of setup_postfix share.
 */
#ifndef SE_TOOL_SETUP_POSTFIX_PARTS_H
#define SE_TOOL_SETUP_POSTFIX_PARTS_H

#include <limits.h>

#include "core/buffer.h"
#include "core/source.h"
#include "engine/config.h"

#include "tool/install_file.h"
#include "tool/setup_postfix.h"

/* The service of master.cf that talks to Exchange. */
#define SE_POSTFIX_TRANSPORT "exchange"

enum { SE_POSTFIX_CHANGES_MAX = 24, SE_POSTFIX_VALUE_MAX = 2048, SE_POSTFIX_FILE_MAX = 4 << 20 };

/* The files, in the order in which they are put in place: main.cf names the others. */
enum se_postfix_file_id {
	SE_POSTFIX_PASSWORDS,
	SE_POSTFIX_SENDERS,
	SE_POSTFIX_MASTER,
	SE_POSTFIX_MAIN,
	SE_POSTFIX_FILES
};

struct se_postfix_file {
	char path[PATH_MAX]; /* "": it has no part in this */
	char type[32];       /* of a table, as postmap(1) takes it; "": none */
	bool exists;
	struct se_file_look look;
	struct se_buffer old, text;
};

/* One call of postconf(1) on the copy. */
struct se_postfix_change {
	const char *option; /* -e, -X: main.cf; -M, -F, -P: master.cf */
	const char *why;
	char text[SE_POSTFIX_VALUE_MAX];
};

struct se_postfix_plan {
	const struct se_command *command;
	const struct se_setup_postfix_wish *wish;
	struct se_config *config;
	const struct se_account *account;
	char directory[PATH_MAX];
	char queue[PATH_MAX];
	char owner[64]; /* mail_owner */
	char relay[300], host[256];
	char login[SE_NAME_MAX + 1];
	unsigned concurrency;
	unsigned delay; /* seconds between two messages; 0: none */
	bool beside;    /* all but one sender go another way, as before */
	bool isolated;  /* what is for Exchange stands in its service, not in main.cf */
	bool chrooted, spawns;
	size_t change_count;
	struct se_postfix_change change[SE_POSTFIX_CHANGES_MAX];
	struct se_postfix_file file[SE_POSTFIX_FILES];
	bool changed, applied;
	char backup[PATH_MAX];
};

/* --- setup_postfix_read.c: Postfix as it is ---------------------------------------------------- */

/* Finds the directory, and reads main.cf and master.cf. SE_CONFIG where Postfix itself could not. */
enum se_code se_postfix_plan_read(struct se_postfix_plan *plan, struct se_error *error);

/* Reads a file that need not exist, and who may read and write it. */
enum se_code se_postfix_file_load(struct se_postfix_file *file, struct se_error *error);

/* What postconf(1) prints for it, without its line end; "" where it prints nothing. `option` is -h, -hx,
 * -Ph, ... */
enum se_code se_postfix_ask(const struct se_postfix_plan *plan, const char *option,
	const char *name, char value[SE_POSTFIX_VALUE_MAX], struct se_error *error);

/* Runs a program of Postfix's with "-c DIRECTORY" and up to three words more (NULL: no more).
 * SE_CONFIG with what it said when it fails. */
enum se_code se_postfix_program(const char *program, const char *directory,
	const char *const words[3], struct se_buffer *output, struct se_error *error);

/* --- setup_postfix_choose.c: who, and where to ------------------------------------------------- */

/* Fills account, login, relay, host. Names that could be read as more than a name are refused. */
enum se_code se_postfix_plan_choose(struct se_postfix_plan *plan, struct se_error *error);

/* --- setup_postfix_plan.c ------------------------------------------------------------------------ */

/* Decides what has to be changed. */
enum se_code se_postfix_plan_make(struct se_postfix_plan *plan, struct se_error *error);

/* --- setup_postfix_map.c ------------------------------------------------------------------------- */

/* Decides on the table that a parameter names, and reads it: the administrator's where it is one that
 * postmap(1) makes of a text, else one of ours. `value` becomes what the parameter should be. */
enum se_code se_postfix_map_find(const struct se_postfix_plan *plan, struct se_postfix_file *file,
	const char *ours, char value[SE_POSTFIX_VALUE_MAX], struct se_error *error);

/* Makes file->text: file->old with that entry, one of the same key replaced. An entry whose value
 * begins with `enough` stays as it is. */
bool se_postfix_map_set(
	struct se_postfix_file *file, const char *key, const char *value, const char *enough);

/* --- setup_postfix_stage.c ----------------------------------------------------------------------- */

/* Lets postconf(1) make the changes in a copy, and reads the outcome. */
enum se_code se_postfix_stage(struct se_postfix_plan *plan, struct se_error *error);

/* Whether it gets another text. Known after that. */
bool se_postfix_file_changes(const struct se_postfix_file *file);

/* --- setup_postfix_backup.c ---------------------------------------------------------------------- */

/* Makes plan->backup of what will be replaced. SE_AGAIN where that is not any more what was read. */
enum se_code se_postfix_keep(struct se_postfix_plan *plan, struct se_error *error);
/* The youngest one in a directory. SE_CONFIG: there is none. */
enum se_code
se_postfix_find_backup(const char *directory, char backup[PATH_MAX], struct se_error *error);
enum se_code se_postfix_put_back(const struct se_postfix_plan *plan, struct se_error *error);
/* What was put back is no backup any more: renames it. */
void se_postfix_retire(struct se_postfix_plan *plan);

/* --- setup_postfix_apply.c ----------------------------------------------------------------------- */

/* Replaces one file. */
enum se_code se_postfix_file_put(const char *path, const struct se_file_look *look,
	const struct se_buffer *text, struct se_error *error);
/* Runs postmap(1), where that type needs it. */
enum se_code se_postfix_file_make(const struct se_postfix_plan *plan, const char *type,
	const char *path, struct se_error *error);

enum se_code se_postfix_apply(struct se_postfix_plan *plan, struct se_error *error);
enum se_code se_postfix_undo(struct se_postfix_plan *plan, struct se_error *error);

/* --- setup_postfix_agent.c ----------------------------------------------------------------------- */

/* Whether smtp(8) is chrooted where no agent listens. */
bool se_postfix_needs_socket(const struct se_postfix_plan *plan);

/* Opens that socket, with `apply` or on a yes, where systemd runs this machine. What fails is said, and
 * se_postfix_show_next names it again. */
void se_postfix_start_agent(const struct se_postfix_plan *plan);

/* Disables and closes the socket that was enabled after plan->backup was made, if one was. */
enum se_code se_postfix_stop_agent(const struct se_postfix_plan *plan, struct se_error *error);

/* --- setup_postfix_show.c ------------------------------------------------------------------------ */

/* The plan, then the differences. */
enum se_code
se_postfix_show(const struct se_postfix_plan *plan, struct se_buffer *out, struct se_error *error);
void se_postfix_show_json(const struct se_postfix_plan *plan, struct se_buffer *out);

/* What is left to type. */
void se_postfix_show_next(const struct se_postfix_plan *plan, struct se_buffer *out);

#endif
