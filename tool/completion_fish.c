#include "tool/completion.h"
#include "tool/verb.h"

static const char head[] =
	"# fish completion of sasl-entra, made by: sasl-entra completion fish\n"
	"\n"
	"function __sasl_entra_arguments -d 'the verb and its arguments so far, without options'\n"
	"    set -l wanted\n"
	"    set -l words\n"
	"    set -l takes_value";

static const char middle[] =
	"\n"
	"    for word in (commandline -opc)[2..-1]\n"
	"        if set -q wanted[1]\n"
	"            set wanted\n"
	"        else if string match -q -- '-*' $word\n"
	"            if test $word = --config; or contains -- \"$words[1] $word\" $takes_value\n"
	"                set wanted yes\n"
	"            end\n"
	"        else\n"
	"            set -a words $word\n"
	"        end\n"
	"    end\n"
	"    printf '%s\\n' $words\n"
	"end\n"
	"\n"
	"function __sasl_entra_at -a verb count -d 'whether the verb is there, with so many "
	"arguments'\n"
	"    set -l words (__sasl_entra_arguments)\n"
	"    test \"$words[1]\" = \"$verb\"; or return\n"
	"    test -z \"$count\"; or test (count $words) = (math 1 + $count)\n"
	"end\n"
	"\n"
	"function __sasl_entra_names -d 'login names and labels'\n"
	"    set -l words (commandline -opc)\n"
	"    set -l config\n"
	"    if set -l at (contains -i -- --config $words); and set -q words[(math $at + 1)]\n"
	"        set config --config $words[(math $at + 1)]\n"
	"    else if set -l at (string match -- '--config=*' $words)\n"
	"        set config $at[1]\n"
	"    end\n"
	"    sasl-entra $config config --names 2>/dev/null\n"
	"end\n"
	"\n"
	"complete -c sasl-entra -f\n"
	"complete -c sasl-entra -l config -r -F -d 'use this configuration'\n"
	"complete -c sasl-entra -l help -d 'print the usage'\n"
	"complete -c sasl-entra -n '__sasl_entra_at \"\"' -l version -d 'print the version'\n";

static void
add_quoted(const char *text, struct se_buffer *out)
{
	se_buffer_add_text(out, "'");
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			se_buffer_add_text(out, "\\");
		se_buffer_add(out, text, 1);
	}
	se_buffer_add_text(out, "'\n");
}

static void
add_takes_value(const struct se_verb *verb, struct se_buffer *out)
{
	for (const struct se_option *option = verb->options; option->name != NULL; option++)
		if (option->value != NULL && option->value[0] != '[')
			se_buffer_addf(out, " '%s --%s'", verb->name, option->name);
}

static void
add_option(const struct se_verb *verb, const struct se_option *option, struct se_buffer *out)
{
	se_buffer_addf(out, "complete -c sasl-entra -n '__sasl_entra_at %s' -l %s", verb->name,
		option->name);
	if (option->value != NULL && option->value[0] != '[')
		se_buffer_add_text(out, option->completes == SE_COMPLETES_NOTHING ? " -x" : " -r");
	if (option->choices != NULL)
		se_buffer_addf(out, " -a '%s'", option->choices);
	else if (option->completes == SE_COMPLETES_FILE)
		se_buffer_add_text(out, " -F");
	else if (option->completes == SE_COMPLETES_DIRECTORY)
		se_buffer_add_text(out, " -f -a '(__fish_complete_directories)'");
	se_buffer_add_text(out, " -d ");
	add_quoted(option->help, out);
}

static void
add_verb(const struct se_verb *verb, struct se_buffer *out)
{
	se_buffer_addf(
		out, "\ncomplete -c sasl-entra -n '__sasl_entra_at \"\"' -a %s -d ", verb->name);
	add_quoted(verb->help, out);
	if (verb->actions != NULL)
		se_buffer_addf(out, "complete -c sasl-entra -n '__sasl_entra_at %s 0' -a '%s'\n",
			verb->name, verb->actions);
	if (verb->takes_name)
		se_buffer_addf(out,
			"complete -c sasl-entra -n '__sasl_entra_at %s %d' -a "
			"'(__sasl_entra_names)'\n",
			verb->name, verb->actions != NULL ? 1 : 0);
	for (const struct se_option *option = verb->options; option->name != NULL; option++)
		add_option(verb, option, out);
}

void
se_completion_fish(struct se_buffer *out)
{
	se_buffer_add_text(out, head);
	for (size_t i = 0; se_verbs[i] != NULL; i++)
		add_takes_value(se_verbs[i], out);
	se_buffer_add_text(out, middle);
	for (size_t i = 0; se_verbs[i] != NULL; i++)
		add_verb(se_verbs[i], out);
}
