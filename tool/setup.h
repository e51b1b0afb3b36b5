/*
 * setup: what the parts of `sasl-entra setup` share: an account is asked for, judged, shown, written,
 * and what is left to do at the tenant is said.
 */
#ifndef SE_TOOL_SETUP_H
#define SE_TOOL_SETUP_H

#include <stdbool.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/file.h"
#include "core/secret.h"
#include "engine/config.h"
#include "engine/crypto_certificate.h"
#include "engine/discovery.h"

#include "tool/setup_text.h"
#include "tool/verb.h"

/* What has become of the secret's file. */
enum se_secret_state {
	SE_SECRET_AS_IT_WAS, /* nothing */
	SE_SECRET_SAME,      /* it has the secret that was said */
	SE_SECRET_FIRST,     /* there was none */
	SE_SECRET_REPLACED   /* the one before is kept */
};

struct se_setup {
	/* from the command line */
	struct se_command *command;
	const char *label;
	char *value[SE_KEY_COUNT]; /* of the account, from options and answers; NULL: not said */
	bool interactive, yes, dry_run, json, detailed_exit_code, no_doctor;
	bool secret_stdin;

	/* what was there */
	struct se_buffer old;         /* "": no configuration yet */
	bool exists;                  /* the file */
	struct se_file_id id;         /* of it */
	char *before[SE_KEY_COUNT];   /* of the account, as written; NULL: not there */
	char *defaults[SE_KEY_COUNT]; /* of [defaults] */

	/* what will be */
	struct se_buffer text;
	struct se_config *config; /* of that text */
	const struct se_account *account;
	struct se_discovery tenant;
	bool looked_up; /* `tenant` is known */
	bool offline;   /* it could not be asked, and that has been said */
	struct se_secret *secret;

	/* what has been done */
	bool changed;
	enum se_secret_state secret_state;
	char backup[PATH_MAX]; /* "": none */
	char upload[PATH_MAX]; /* the certificate to upload; "": none */
	bool certificate_made; /* it has never been uploaded */
	struct se_certificate_facts certificate;
};

/* --- setup_run.c ------------------------------------------------------------------------------ */

/* All of it, after se_setup_read(). Returns an exit code. */
int se_setup_run(struct se_setup *setup);

/* --- setup_read.c: the configuration as it is ----------------------------------------------- */

/* Fills `old`, `before` and `defaults`. SE_CONFIG when it is not right. */
enum se_code se_setup_read(struct se_setup *setup, struct se_error *error);

/* The value that counts now: said, else as written in the account, else in [defaults]. NULL: none. */
const char *se_setup_value(const struct se_setup *setup, enum se_key key);

/* --- setup_ask.c: the person at the terminal -------------------------------------------------- */

/* Asks for what is not said yet, each answer judged at once; three wrong ones end it. */
enum se_code se_setup_ask(struct se_setup *setup, struct se_error *error);

/* --- setup_tenant.c --------------------------------------------------------------------------- */

/* Looks up the tenant, once, and says what it found. SE_CONFIG when there is no such tenant, or it is
 * in another cloud than was said. Where it cannot be asked: SE_AGAIN, or, with a cloud that was said,
 * SE_OK and a warning. */
enum se_code se_setup_look_up(struct se_setup *setup, struct se_error *error);

/* --- setup_account.c: what is written ----------------------------------------------------------- */

/* Judges one value as the configuration's parser does. NULL, or what is wrong with it, maybe in `why`. */
const char *se_setup_judge(enum se_key key, const char *text, char why[400]);

/* Whether the account signs in as an app. */
bool se_setup_is_app(const struct se_setup *setup);

/* The credential, with its default: "none" for a person. */
const char *se_setup_credential(const struct se_setup *setup);

/* Makes `text` of `old`, and `config` and `account` of that. SE_CONFIG with all that is wrong said on
 * stderr. */
enum se_code se_setup_make_text(struct se_setup *setup, struct se_error *error);

/* --- setup_write.c ------------------------------------------------------------------------------ */

/* Shows what would change in the configuration; nothing where nothing would. */
enum se_code se_setup_show(const struct se_setup *setup, struct se_error *error);

/* Makes the configuration's directory, and those above, where they are missing. */
enum se_code se_setup_make_directory(const struct se_setup *setup, struct se_error *error);

/* SE_AGAIN when somebody else has changed the file since it was read. */
enum se_code se_setup_compare(const struct se_setup *setup, struct se_error *error);

/* Keeps the old file, and writes the new one. */
enum se_code se_setup_write(struct se_setup *setup, struct se_error *error);

/* Puts the old one back, or takes the new one away; but not where somebody else has changed it since. */
void se_setup_take_back(struct se_setup *setup);

/* --- setup_credential.c: what it proves itself with ---------------------------------------------- */

/* The path of the file that setup itself fills: the secret's or the certificate's; NULL: there is none,
 * or somebody else sees to it. */
const char *se_setup_credential_file(const struct se_setup *setup);

/* Makes key and certificate where there are none, and the file to upload. */
enum se_code se_setup_make_certificate(struct se_setup *setup, struct se_error *error);

/* --- setup_secret.c: the client secret ------------------------------------------------------------- */

/* Reads the secret where it is not there yet or was said to come. */
enum se_code se_setup_read_secret(struct se_setup *setup, struct se_error *error);

/* Writes the secret, before the configuration names it, and forgets it. The one before is kept. */
enum se_code se_setup_write_secret(struct se_setup *setup, struct se_error *error);

/* --- setup_secret_before.c: the one before --------------------------------------------------------- */

/* Keeps what is in the secret's file, NAME in an open directory, as .NAME.before, to be called before that is
 * replaced. SE_CONFIG where there is such a copy already, of a setup that was cut short. */
enum se_code se_setup_keep_secret(
	struct se_setup *setup, int directory, const char *name, struct se_error *error);

/* Removes the copy once all is set up; else puts it back. Says on stderr what could not be done. */
void se_setup_settle_secret(const struct se_setup *setup, bool set_up);

/* --- setup_after.c ------------------------------------------------------------------------------- */

/* Lets the agent read what has changed. False: there is none that would have to. */
bool se_setup_tell_agent(const struct se_setup *setup);

/* Says how it is started, and does it on a yes. */
void se_setup_start_agent(const struct se_setup *setup);

/* What an administrator of the tenant does. Returns an exit code. */
int se_setup_print_steps(const struct se_setup *setup);

/* One JSON object with all that, "changed" before all. Returns an exit code. */
int se_setup_print_json(const struct se_setup *setup);

/* What to type next. */
void se_setup_say_next(const struct se_setup *setup);

#endif
