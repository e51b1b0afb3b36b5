#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/cloud.h"

#include "tool/agent_reload.h"
#include "tool/exit_code.h"
#include "tool/output.h"
#include "tool/question.h"
#include "tool/run.h"
#include "tool/screen.h"
#include "tool/setup.h"
#include "tool/setup_steps.h"

static struct se_steps
steps_of(const struct se_setup *setup, unsigned width)
{
	return (struct se_steps){.account = setup->account,
		.tenant = setup->tenant.tenant_id[0] != '\0'
				  ? setup->tenant.tenant_id
				  : setup->account->value[SE_KEY_TENANT].text,
		.upload = setup->upload[0] != '\0' ? setup->upload : NULL,
		.width = width};
}

int
se_setup_print_steps(const struct se_setup *setup)
{
	const struct se_screen screen = se_screen_of_stdout();
	const struct se_steps steps = steps_of(setup, screen.width != 0 ? screen.width : 80);
	struct se_buffer out;
	int exit_code;

	se_buffer_init(&out, SE_OUTPUT_MAX);
	se_steps_all(&steps, &out);
	exit_code = se_output_write(&out);
	se_buffer_free(&out);
	return exit_code;
}

static void
add_member(struct se_buffer *out, const char *name, const char *text)
{
	se_buffer_addf(out, ", \"%s\": ", name);
	se_output_json(out, text != NULL && text[0] != '\0' ? text : NULL);
}

int
se_setup_print_json(const struct se_setup *setup)
{
	const struct se_steps steps = steps_of(setup, 0);
	struct se_buffer out, text;
	int exit_code;

	se_buffer_init(&out, SE_OUTPUT_MAX);
	se_buffer_init(&text, SE_OUTPUT_MAX);
	se_steps_all(&steps, &text);
	se_buffer_addf(&out, "{\"changed\": %s", setup->changed ? "true" : "false");
	add_member(&out, "configuration", setup->command->identity.configuration);
	add_member(&out, "backup", setup->backup);
	add_member(&out, "account", setup->label);
	add_member(
		&out, "cloud", setup->account->cloud != NULL ? setup->account->cloud->name : NULL);
	add_member(&out, "tenant_id", setup->tenant.tenant_id);
	add_member(&out, "upload", setup->upload);
	add_member(&out, "steps", se_buffer_text(&text));
	se_buffer_add_text(&out, "}\n");
	out.failed |= text.failed;
	exit_code = se_output_write(&out);
	se_buffer_free(&text);
	se_buffer_free(&out);
	return exit_code;
}

/* --- the agent ------------------------------------------------------------------------------------- */

/* Whether systemd runs this machine (sd_booted(3)). */
static bool
has_systemd(void)
{
	struct stat found;

	return lstat("/run/systemd/system", &found) == 0 && S_ISDIR(found.st_mode);
}

static void
run(const char *const *argv)
{
	const struct se_run command = {.argv = argv};
	struct se_error error;
	int status = 0;

	if (se_run(&command, &status, &error) != SE_OK)
		fprintf(stderr, "sasl-entra: %s\n", error.text);
	else if (status != 0)
		fprintf(stderr, "sasl-entra: %s ended with %d\n", argv[0], status);
}

bool
se_setup_tell_agent(const struct se_setup *setup)
{
	const struct se_identity *identity = &setup->command->identity;
	enum se_agent_told told;

	if (!identity->system || !setup->changed || setup->dry_run)
		return true;
	told = se_agent_reload(identity);
	if (told == SE_AGENT_TOLD)
		fprintf(stderr, "The agent has been told to read the configuration anew.\n");
	return told != SE_AGENT_NONE;
}

void
se_setup_start_agent(const struct se_setup *setup)
{
	static const char *const start[] = {
		"systemctl", "enable", "--now", "sasl-entrad.socket", NULL};

	if (!has_systemd())
		return;
	fputs("\nThe agent has to be started:\n  systemctl enable --now sasl-entrad.socket\n",
		stderr);
	if (setup->interactive && geteuid() == 0 && se_question_yes("Do that now?"))
		run(start);
}

/* --- next ------------------------------------------------------------------------------------------ */

void
se_setup_say_next(const struct se_setup *setup)
{
	const struct se_account *account = setup->account;
	char mailbox[400];

	se_steps_mailbox(account, mailbox, sizeof(mailbox));
	fputs("\nNext:\n", stderr);
	if (setup->dry_run) {
		fputs("  the same without --dry-run; nothing has been changed\n", stderr);
		return;
	}
	/* A label names somebody only where the account says whom. */
	if (!account->app_only)
		fprintf(stderr, "  sasl-entra login %s\n",
			account->value[SE_KEY_IDENTITY].text != NULL ? setup->label : mailbox);
	if (setup->command->identity.system)
		fprintf(stderr, "  sasl-entra setup --postfix %s --login %s\n", setup->label,
			mailbox);
	fprintf(stderr, "  sasl-entra doctor %s\n  sasl-entra send %s --to YOUR-ADDRESS\n",
		setup->label, mailbox);
}
