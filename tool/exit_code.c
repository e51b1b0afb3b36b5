#include "tool/exit_code.h"

static const struct {
	int code;
	const char *meaning;
} meanings[] = {
	{SE_EXIT_OK, "done; check, doctor: nothing is wrong; status: nothing needs a\n"
		     "      person; explain: something is known"},
	{SE_EXIT_FAILED,
		"failed until somebody changes something; check, doctor: something is\n"
		"      wrong; status: something needs a person; explain: nothing is known"},
	{SE_EXIT_USAGE, "the command line is wrong"},
	{SE_EXIT_CHANGED, "setup --detailed-exit-code: done, and something was changed"},
	{SE_EXIT_AGAIN, "failed, but the same command can work later"},
	{SE_EXIT_INTERRUPTED, "login: interrupted; nothing was changed"},
};

int
se_exit_code(enum se_code code)
{
	switch (code) {
	case SE_OK:
		return SE_EXIT_OK;
	case SE_AGAIN:
		return SE_EXIT_AGAIN;
	default:
		return SE_EXIT_FAILED;
	}
}

int
se_exit_error(const struct se_error *error)
{
	fprintf(stderr, "sasl-entra: %s\n", error->text);
	return se_exit_code(error->code);
}

void
se_exit_help(FILE *out)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		fprintf(out, " %3d  %s\n", meanings[i].code, meanings[i].meaning);
}
