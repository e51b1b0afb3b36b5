#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/exit_code.h"
#include "tool/output.h"
#include "tool/question.h"
#include "tool/setup_postfix_parts.h"

static void
plan_free(struct se_postfix_plan *plan)
{
	for (size_t i = 0; i < SE_POSTFIX_FILES; i++) {
		se_buffer_free(&plan->file[i].old);
		se_buffer_free(&plan->file[i].text);
	}
	se_config_free(plan->config);
	free(plan);
}

static enum se_code
make(struct se_postfix_plan *plan, struct se_error *error)
{
	enum se_code code = se_postfix_plan_choose(plan, error);

	if (code == SE_OK)
		code = se_postfix_plan_make(plan, error);
	return code == SE_OK ? se_postfix_stage(plan, error) : code;
}

/* On a yes, or where that was said before. */
static enum se_code
carry_out(struct se_postfix_plan *plan, struct se_error *error)
{
	const struct se_setup_postfix_wish *wish = plan->wish;

	if (!plan->changed || wish->dry_run)
		return SE_OK;
	if (!wish->apply &&
		(wish->json || !se_question_possible() || !se_question_yes("\nChange that?")))
		return SE_OK;
	return se_postfix_apply(plan, error);
}

static void
say_outcome(const struct se_postfix_plan *plan)
{
	if (plan->wish->undo && !plan->applied)
		fprintf(stderr, "%s would be put back from %s; nothing was changed.\n",
			plan->directory, plan->backup);
	else if (plan->wish->undo)
		fprintf(stderr, "%s is as it was before; the backup was renamed to %s.\n",
			plan->directory, plan->backup);
	else if (!plan->changed)
		fprintf(stderr, "%s is as it should be; nothing was changed.\n", plan->directory);
	else if (!plan->applied)
		fprintf(stderr, "Nothing was changed; --apply changes it.\n");
	else
		fprintf(stderr,
			"Changed. What was replaced is in %s;\n"
			"sasl-entra setup --postfix=%s --undo puts it back.\n",
			plan->backup, plan->directory);
}

static enum se_code
print(const struct se_buffer *out, struct se_error *error)
{
	if (se_output_write(out) != SE_EXIT_OK)
		return se_error_set(error, SE_CONFIG, "stdout cannot be written to");
	(void)fflush(stdout);
	return SE_OK;
}

/* The plan is on the screen before anything is changed. */
static enum se_code
work(struct se_postfix_plan *plan, struct se_error *error)
{
	const struct se_setup_postfix_wish *wish = plan->wish;
	struct se_buffer out;
	enum se_code code = se_postfix_plan_read(plan, error);

	se_buffer_init(&out, SE_OUTPUT_MAX);
	if (code == SE_OK)
		code = wish->undo ? se_postfix_undo(plan, error) : make(plan, error);
	if (code == SE_OK && !wish->undo && !wish->json) {
		code = se_postfix_show(plan, &out, error);
		if (code == SE_OK)
			code = print(&out, error);
		se_buffer_reset(&out);
	}
	if (code == SE_OK && !wish->undo)
		code = carry_out(plan, error);
	if (code == SE_OK && !wish->undo && (plan->applied || !plan->changed))
		se_postfix_start_agent(plan);
	if (code == SE_OK) {
		if (wish->json)
			se_postfix_show_json(plan, &out);
		else if (!wish->undo && (plan->applied || !plan->changed))
			se_postfix_show_next(plan, &out);
		say_outcome(plan);
		code = print(&out, error);
	}
	se_buffer_free(&out);
	return code;
}

int
se_setup_postfix(const struct se_command *command, const struct se_setup_postfix_wish *wish)
{
	struct se_postfix_plan *plan = calloc(1, sizeof(*plan));
	struct se_error error;
	enum se_code code;
	bool changed;

	se_error_clear(&error);
	if (plan == NULL) {
		(void)se_error_memory(&error);
		return se_exit_error(&error);
	}
	plan->command = command;
	plan->wish = wish;
	code = work(plan, &error);
	changed = plan->changed;
	plan_free(plan);
	if (code != SE_OK)
		return se_exit_error(&error);
	return changed && wish->detailed_exit_code ? SE_EXIT_CHANGED : SE_EXIT_OK;
}
