#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool/agent_clients.h"
#include "tool/difference.h"
#include "tool/output.h"
#include "tool/setup_postfix_parts.h"
#include "tool/wrap.h"

enum { WIDTH = 80, INDENT = 6 };

static void
add_wrapped(struct se_buffer *out, unsigned indent, const char *text)
{
	se_buffer_addf(out, "%*s", (int)indent, "");
	se_wrap(text, strlen(text), indent, WIDTH, out);
	se_buffer_add_text(out, "\n");
}

/* --- the plan ------------------------------------------------------------------------------------- */

static void
add_limits(const struct se_postfix_plan *plan, struct se_buffer *out)
{
	char text[400];

	(void)snprintf(text, sizeof(text),
		"Exchange lets a mailbox have three connections at once, over all relays: this "
		"one takes %u%s.",
		plan->concurrency,
		plan->wish->relays > 3 ? ", and so more than three may come together; Exchange "
					 "then answers 432 and Postfix tries again"
				       : "");
	add_wrapped(out, 2, text);
	if (plan->delay == 0)
		return;
	(void)snprintf(text, sizeof(text),
		"It may send 30 messages a minute, over all relays: this one sends one in %u s, "
		"and Postfix then uses one connection.",
		plan->delay);
	add_wrapped(out, 2, text);
}

static void
add_head(const struct se_postfix_plan *plan, struct se_buffer *out)
{
	char text[1400];

	if (plan->beside)
		(void)snprintf(text, sizeof(text),
			"relayhost is another one and stays: what %s sends goes to Exchange (%s), "
			"by "
			"the transport \"" SE_POSTFIX_TRANSPORT "\"; everything else as before.",
			plan->login, plan->relay);
	else
		(void)snprintf(text, sizeof(text),
			"All mail for elsewhere goes to %s, logged in as %s, by the transport "
			"\"" SE_POSTFIX_TRANSPORT "\".",
			plan->relay, plan->login);
	se_buffer_addf(out, "Postfix in %s\n", plan->directory);
	add_wrapped(out, 2, text);
	if (plan->isolated && !plan->beside)
		add_wrapped(out, 2,
			"There are tables of other ways: what is for Exchange stands in its "
			"service "
			"in master.cf, so that those stay as they are.");
	add_limits(plan, out);
}

/* Others' passwords may stand in it: only our own entry is shown. */
static void
add_table(const struct se_postfix_plan *plan, enum se_postfix_file_id id, struct se_buffer *out)
{
	const struct se_postfix_file *file = &plan->file[id];

	if (!se_postfix_file_changes(file))
		return;
	se_buffer_addf(out, "  %s%s\n", file->path, file->exists ? "" : " (new)");
	if (id == SE_POSTFIX_PASSWORDS)
		se_buffer_addf(out, "      %s  %s:oauth\n", plan->relay, plan->login);
	else
		se_buffer_addf(
			out, "      %s  " SE_POSTFIX_TRANSPORT ":%s\n", plan->login, plan->relay);
	if (strcmp(file->type, "texthash") != 0)
		se_buffer_addf(out, "  postmap %s:%s\n", file->type, file->path);
}

enum se_code
se_postfix_show(const struct se_postfix_plan *plan, struct se_buffer *out, struct se_error *error)
{
	enum se_code code = SE_OK;

	add_head(plan, out);
	se_buffer_add_text(out, plan->changed ? "\nTo be changed:\n" : "\nNothing to change.\n");
	for (size_t i = 0; i < plan->change_count; i++) {
		se_buffer_addf(
			out, "  postconf %s '%s'\n", plan->change[i].option, plan->change[i].text);
		add_wrapped(out, INDENT, plan->change[i].why);
	}
	add_table(plan, SE_POSTFIX_PASSWORDS, out);
	add_table(plan, SE_POSTFIX_SENDERS, out);
	for (int i = SE_POSTFIX_MASTER; code == SE_OK && i <= SE_POSTFIX_MAIN; i++) {
		const struct se_postfix_file *file = &plan->file[i];

		if (!se_postfix_file_changes(file))
			continue;
		se_buffer_add_text(out, "\n");
		code = se_difference(
			file->path, se_buffer_text(&file->text), file->text.len, out, error);
	}
	return code;
}

/* --- what is left to do --------------------------------------------------------------------------- */

static void
add_chrooted(const struct se_postfix_plan *plan, struct se_buffer *out)
{
	if (!se_postfix_needs_socket(plan))
		return;
	se_buffer_addf(out,
		"  systemctl stop sasl-entrad.service\n"
		"  systemctl enable --now sasl-entrad.socket \\\n"
		"      \"sasl-entra-postfix@$(systemd-escape -p %s).socket\"\n",
		plan->queue);
	add_wrapped(out, INDENT,
		"the agent, for an smtp(8) in its chroot; one that runs takes no further socket");
}

static void
add_unchrooted(const struct se_postfix_plan *plan, struct se_buffer *out)
{
	const bool systemd = access("/run/systemd/system", F_OK) == 0;
	struct se_agent_clients clients;
	char text[300];

	se_agent_clients_look(&plan->command->identity, &clients);
	if (clients.to_all || (clients.open && se_agent_clients_has(&clients, plan->owner)))
		return;
	se_agent_clients_add(&clients, plan->owner, "  ", out);
	if (systemd)
		se_buffer_add_text(out, "  systemctl enable --now sasl-entrad.socket\n");
	else if (!clients.there)
		se_buffer_addf(out, "  sasl-entrad --user sasl-entra --socket %s,%s\n",
			SE_SOCKET_PATH, clients.group);
	(void)snprintf(text, sizeof(text),
		"the agent; smtp(8) is not chrooted and asks it as a member of the group %s%s%s%s",
		clients.group, systemd ? "" : ". It can do without where ",
		systemd ? "" : plan->owner, systemd ? "" : " may read the credential");
	add_wrapped(out, INDENT, text);
}

void
se_postfix_show_next(const struct se_postfix_plan *plan, struct se_buffer *out)
{
	se_buffer_add_text(out, "\nThen:\n");
	if (plan->chrooted)
		add_chrooted(plan, out);
	else
		add_unchrooted(plan, out);
	se_buffer_addf(out, "  sasl-entra doctor --postfix=%s %s\n", plan->directory,
		plan->account->label);
	se_buffer_addf(out, "  sasl-entra send %s --to you@example.com\n", plan->login);
}

/* --- for programs --------------------------------------------------------------------------------- */

static void
add_member(struct se_buffer *out, const char *name, const char *text)
{
	se_buffer_addf(out, ", \"%s\": ", name);
	se_output_json(out, text);
}

void
se_postfix_show_json(const struct se_postfix_plan *plan, struct se_buffer *out)
{
	const char *comma = "";

	se_buffer_addf(out, "{\"changed\": %s, \"applied\": %s", plan->changed ? "true" : "false",
		plan->applied ? "true" : "false");
	add_member(out, "directory", plan->directory);
	add_member(out, "backup", plan->backup[0] != '\0' ? plan->backup : NULL);
	if (!plan->wish->undo) {
		add_member(out, "login", plan->login);
		add_member(out, "relay", plan->relay);
		se_buffer_addf(out,
			", \"only_this_sender\": %s, \"chrooted\": %s, \"concurrency\": %u, "
			"\"rate_delay\": %u",
			plan->beside ? "true" : "false", plan->chrooted ? "true" : "false",
			plan->concurrency, plan->delay);
	}
	se_buffer_add_text(out, ", \"postconf\": [");
	for (size_t i = 0; i < plan->change_count; i++) {
		se_buffer_addf(out, "%s[\"%s\", ", comma, plan->change[i].option);
		se_output_json(out, plan->change[i].text);
		se_buffer_add_text(out, "]");
		comma = ", ";
	}
	se_buffer_add_text(out, "], \"files\": [");
	comma = "";
	/* An undo reads the files, and has no text for them. */
	for (int i = 0; !plan->wish->undo && i < SE_POSTFIX_FILES; i++) {
		if (!se_postfix_file_changes(&plan->file[i]))
			continue;
		se_buffer_add_text(out, comma);
		se_output_json(out, plan->file[i].path);
		comma = ", ";
	}
	se_buffer_add_text(out, "]}\n");
}
