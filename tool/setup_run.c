/*
 * setup: one step after the other; nothing is written before all that can be judged has been.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool/directory_lock.h"
#include "tool/exit_code.h"
#include "tool/question.h"
#include "tool/setup.h"

extern const struct se_verb se_verb_doctor;

static enum se_code
plan(struct se_setup *setup, struct se_error *error)
{
	enum se_code code = setup->interactive ? se_setup_ask(setup, error) : SE_OK;

	if (code == SE_OK)
		code = se_setup_look_up(setup, error);
	if (code == SE_OK)
		code = se_setup_make_text(setup, error);
	if (code == SE_OK)
		code = se_setup_read_secret(setup, error);
	return code == SE_OK ? se_setup_show(setup, error) : code;
}

static bool
would_write(const struct se_setup *setup)
{
	return setup->old.len != setup->text.len ||
	       memcmp(se_buffer_text(&setup->old), se_buffer_text(&setup->text), setup->old.len) !=
		       0;
}

/* Somebody may have thought about the answers for long: what was read is compared, and nobody else writes
 * from then on. */
static enum se_code
write_all(struct se_setup *setup, struct se_error *error)
{
	const char *path = setup->command->identity.configuration;
	enum se_code code = se_setup_make_directory(setup, error);
	int lock = -1;

	if (code == SE_OK && !setup->dry_run) {
		lock = se_directory_lock_of(path, error);
		code = lock >= 0 ? SE_OK : error->code;
	}
	if (code == SE_OK)
		code = se_setup_compare(setup, error);
	if (code == SE_OK)
		code = se_setup_write_secret(setup, error);
	if (code == SE_OK)
		code = se_setup_write(setup, error);
	se_setup_settle_secret(setup, code == SE_OK);
	if (lock >= 0)
		(void)close(lock);
	return code;
}

static enum se_code
carry_out(struct se_setup *setup, struct se_error *error)
{
	enum se_code code;

	if (would_write(setup) && setup->interactive && !setup->yes && !setup->dry_run &&
		!se_question_yes("\nWrite that?"))
		return se_error_set(error, SE_CONFIG, "not written; nothing was changed");
	code = write_all(setup, error);
	if (code != SE_OK)
		return code;
	code = se_setup_make_certificate(setup, error); /* it has a lock of its own */
	if (code != SE_OK)
		se_setup_take_back(setup);
	return code;
}

static void
say_outcome(const struct se_setup *setup)
{
	const char *path = setup->command->identity.configuration;

	if (!setup->changed)
		fprintf(stderr, "[account %s] of %s is as it should be; nothing was changed.\n",
			setup->label, path);
	else if (setup->dry_run)
		fprintf(stderr, "That would be changed; nothing was.\n");
	else
		fprintf(stderr, "[account %s] of %s is set up.\n", setup->label, path);
	if (setup->backup[0] != '\0' && !setup->dry_run)
		fprintf(stderr, "The configuration before is %s.\n", setup->backup);
	if (setup->certificate_made)
		fprintf(stderr, "A key and its certificate were made: %s\n  thumbprint %s\n",
			se_setup_credential_file(setup), setup->certificate.sha1_hex);
	fflush(stderr);
}

/* What it finds is its own: the right may take hours, and the certificate has to be uploaded. */
static void
run_doctor(struct se_setup *setup)
{
	char title[] = "sasl-entra doctor", offline[] = "--offline", label[65];
	char *argv[4] = {title};
	int argc = 1;

	if (setup->no_doctor || setup->dry_run)
		return;
	/* Without those steps the rest cannot work yet. */
	if (setup->interactive &&
		!se_question_yes("\nHave these steps been done, so that all of it can be tried?"))
		setup->offline = true;
	if (setup->offline)
		argv[argc++] = offline;
	(void)snprintf(label, sizeof(label), "%s", setup->label);
	argv[argc++] = label;
	fprintf(stderr, "\nsasl-entra doctor %s%s\n", setup->offline ? "--offline " : "", label);
	se_verb_begin(setup->command, &se_verb_doctor);
	(void)se_verb_doctor.run(setup->command, argc, argv);
}

static int
finish(struct se_setup *setup)
{
	bool has_agent;
	int exit_code;

	say_outcome(setup);
	has_agent = se_setup_tell_agent(setup);
	if (setup->json) {
		exit_code = se_setup_print_json(setup);
	} else {
		fputs("\n", stderr);
		exit_code = se_setup_print_steps(setup);
		if (!has_agent)
			se_setup_start_agent(setup);
		run_doctor(setup);
		se_setup_say_next(setup);
	}
	if (exit_code == SE_EXIT_OK && setup->changed && setup->detailed_exit_code)
		exit_code = SE_EXIT_CHANGED;
	return exit_code;
}

int
se_setup_run(struct se_setup *setup)
{
	struct se_error error = {0};
	enum se_code code = plan(setup, &error);

	if (code == SE_OK)
		code = carry_out(setup, &error);
	return code == SE_OK ? finish(setup) : se_exit_error(&error);
}
