#include <string.h>

#include "tool/completion.h"
#include "tool/verb.h"

static const char head[] =
	"#compdef sasl-entra\n"
	"# zsh completion of sasl-entra, made by: sasl-entra completion zsh\n"
	"\n"
	"_sasl-entra_names() {\n"
	"\tlocal -a names\n"
	"\tlocal path_given=${opt_args[--config]:-$given}\n"
	"\tnames=(${(f)\"$(sasl-entra ${path_given:+--config} ${path_given:+${(Q)path_given}} "
	"config "
	"--names 2> /dev/null)\"})\n"
	"\tcompadd -a names\n"
	"}\n"
	"\n"
	"_sasl-entra() {\n"
	"\tlocal curcontext=$curcontext state line given\n"
	"\tlocal -a verbs\n"
	"\ttypeset -A opt_args\n"
	"\n"
	"\t_arguments -C -A '-*' '--config=[use this configuration]:PATH:_files' \\\n"
	"\t\t'(- *)--help[print the verbs]' '(- *)--version[print the version]' \\\n"
	"\t\t'1:verb:->verb' '*::argument:->arguments' && return\n"
	"\tgiven=${opt_args[--config]}\n"
	"\tif [[ $state = verb ]]; then\n"
	"\t\tverbs=(\n";

static const char middle[] = "\t\t)\n"
			     "\t\t_describe verb verbs\n"
			     "\t\treturn\n"
			     "\tfi\n"
			     "\tcase $words[1] in\n";

static const char tail[] = "\tesac\n"
			   "}\n"
			   "\n"
			   "_sasl-entra \"$@\"\n";

/* Between single quotes, with a backslash before each of `special`. */
static void
add_quoted(const char *text, const char *special, struct se_buffer *out)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			se_buffer_add_text(out, "'\\'");
		else if (strchr(special, *text) != NULL)
			se_buffer_add_text(out, "\\");
		se_buffer_add(out, text, 1);
	}
}

static void
add_option(const struct se_option *option, struct se_buffer *out)
{
	const bool optional = option->value != NULL && option->value[0] == '[';

	se_buffer_addf(out, " \\\n\t\t\t'--%s%s[", option->name,
		optional                ? "=-"
		: option->value != NULL ? "="
					: "");
	add_quoted(option->help, "[]:\\", out);
	se_buffer_add_text(out, "]");
	if (option->value != NULL) {
		se_buffer_add_text(out, optional ? "::" : ":");
		se_buffer_add(
			out, option->value + optional, strlen(option->value) - (optional ? 2 : 0));
		se_buffer_add_text(out, ":");
	}
	if (option->choices != NULL)
		se_buffer_addf(out, "(%s)", option->choices);
	else if (option->completes == SE_COMPLETES_FILE)
		se_buffer_add_text(out, "_files");
	else if (option->completes == SE_COMPLETES_DIRECTORY)
		se_buffer_add_text(out, "_files -/");
	se_buffer_add_text(out, "'");
}

static void
add_verb(const struct se_verb *verb, struct se_buffer *out)
{
	se_buffer_addf(out, "\t%s)\n\t\t_arguments", verb->name);
	for (const struct se_option *option = verb->options; option->name != NULL; option++)
		add_option(option, out);
	se_buffer_add_text(out, " \\\n\t\t\t'--config=[use this configuration]:PATH:_files' "
				"'(- *)--help[print the usage]'");
	if (verb->actions != NULL)
		se_buffer_addf(out, " \\\n\t\t\t'1:action:(%s)'", verb->actions);
	if (verb->takes_name)
		se_buffer_addf(out, " \\\n\t\t\t'%d:NAME:_sasl-entra_names'",
			verb->actions != NULL ? 2 : 1);
	se_buffer_add_text(out, " ;;\n");
}

void
se_completion_zsh(struct se_buffer *out)
{
	se_buffer_add_text(out, head);
	for (size_t i = 0; se_verbs[i] != NULL; i++) {
		se_buffer_addf(out, "\t\t\t'%s:", se_verbs[i]->name);
		add_quoted(se_verbs[i]->help, ":\\", out);
		se_buffer_add_text(out, "'\n");
	}
	se_buffer_add_text(out, middle);
	for (size_t i = 0; se_verbs[i] != NULL; i++)
		add_verb(se_verbs[i], out);
	se_buffer_add_text(out, tail);
}
