#include "tool/completion.h"
#include "tool/verb.h"

/* Words are parted at blanks here: readline parts login names at their @, and options at their =,
 * so that what stands before the last of these is taken off the answers. */
static const char head[] = "# bash completion of sasl-entra, made by: sasl-entra completion bash\n"
			   "\n"
			   "_sasl_entra_value() {\n"
			   "\tcase $1 in\n";

static const char middle[] = "\t*' --config') compgen -f -P \"$3\" -- \"$2\" ;;\n"
			     "\tesac\n"
			     "}\n"
			     "\n"
			     "_sasl_entra_takes_value() {\n"
			     "\tcase $1 in\n";

static const char options[] = "\t*' --config') return 0 ;;\n"
			      "\tesac\n"
			      "\treturn 1\n"
			      "}\n"
			      "\n"
			      "_sasl_entra_options() {\n"
			      "\tcase $1 in\n"
			      "\t'') echo --config --help --version ;;\n";

static const char arguments[] = "\tesac\n"
				"}\n"
				"\n"
				"# VERB and how many arguments it has already.\n"
				"_sasl_entra_argument() {\n"
				"\tcase $1 in\n";

static const char tail[] =
	"\tesac\n"
	"}\n"
	"\n"
	"_sasl_entra_candidates() {\n"
	"\tlocal names\n"
	"\tcase $cur in\n"
	"\t--*=*) _sasl_entra_value \"$verb ${cur%%=*}\" \"${cur#*=}\" \"${cur%%=*}=\" ;;\n"
	"\t-*) compgen -W \"$(_sasl_entra_options \"$verb\")\" -- \"$cur\" ;;\n"
	"\t*)\n"
	"\t\tnames=$(_sasl_entra_argument \"$verb\" \"$count\")\n"
	"\t\tif [[ $names = NAME ]]; then\n"
	"\t\t\tnames=$(sasl-entra \"${config[@]}\" config --names 2> /dev/null)\n"
	"\t\tfi\n"
	"\t\tcompgen -W \"$names\" -- \"$cur\" ;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"_sasl_entra() {\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} words=() config=() cur verb='' wanted='' word "
	"before='' "
	"sign\n"
	"\tlocal -i count=0 last\n"
	"\tread -ra words <<< \"$line\"\n"
	"\t[[ $line != *[[:space:]] ]] || words+=('')\n"
	"\tlast=${#words[@]}-1\n"
	"\tcur=${words[last]}\n"
	"\tfor word in \"${words[@]:1:last-1}\"; do\n"
	"\t\tif [[ $wanted ]]; then\n"
	"\t\t\t[[ $wanted != --config ]] || config=(--config \"$word\")\n"
	"\t\t\twanted=\n"
	"\t\telif [[ $word = --config=* ]]; then\n"
	"\t\t\tconfig=(\"$word\")\n"
	"\t\telif [[ $word = -* ]]; then\n"
	"\t\t\tif _sasl_entra_takes_value \"$verb $word\"; then wanted=$word; fi\n"
	"\t\telif [[ -z $verb ]]; then\n"
	"\t\t\tverb=$word\n"
	"\t\telse\n"
	"\t\t\tcount+=1\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tif [[ $wanted ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(_sasl_entra_value \"$verb $wanted\" \"$cur\" '')\n"
	"\telse\n"
	"\t\tmapfile -t COMPREPLY < <(_sasl_entra_candidates)\n"
	"\tfi\n"
	"\tfor sign in @ : =; do\n"
	"\t\tif [[ $COMP_WORDBREAKS = *$sign* && $cur = *$sign* ]]; then\n"
	"\t\t\tword=${cur%\"$sign\"*}$sign\n"
	"\t\t\t[[ ${#word} -le ${#before} ]] || before=$word\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tCOMPREPLY=(\"${COMPREPLY[@]#\"$before\"}\")\n"
	"}\n"
	"complete -F _sasl_entra sasl-entra\n";

static void
add_values(const struct se_verb *verb, struct se_buffer *out)
{
	for (const struct se_option *option = verb->options; option->name != NULL; option++) {
		if (option->choices != NULL)
			se_buffer_addf(out, "\t'%s --%s') compgen -P \"$3\" -W '%s' -- \"$2\" ;;\n",
				verb->name, option->name, option->choices);
		else if (option->completes != SE_COMPLETES_NOTHING)
			se_buffer_addf(out, "\t'%s --%s') compgen -%c -P \"$3\" -- \"$2\" ;;\n",
				verb->name, option->name,
				option->completes == SE_COMPLETES_FILE ? 'f' : 'd');
	}
}

static void
add_takes_value(const struct se_verb *verb, struct se_buffer *out)
{
	for (const struct se_option *option = verb->options; option->name != NULL; option++)
		if (option->value != NULL && option->value[0] != '[')
			se_buffer_addf(out, "\t'%s --%s') return 0 ;;\n", verb->name, option->name);
}

static void
add_options(const struct se_verb *verb, struct se_buffer *out)
{
	se_buffer_addf(out, "\t%s) echo", verb->name);
	for (const struct se_option *option = verb->options; option->name != NULL; option++)
		se_buffer_addf(out, " --%s", option->name);
	se_buffer_add_text(out, " --config --help ;;\n");
}

static void
add_arguments(const struct se_verb *verb, struct se_buffer *out)
{
	se_buffer_addf(out, "\t%s)", verb->name);
	if (verb->actions != NULL)
		se_buffer_addf(out, " [[ $2 != 0 ]] || echo '%s';", verb->actions);
	if (verb->takes_name)
		se_buffer_addf(
			out, " [[ $2 != %d ]] || echo NAME ;;\n", verb->actions != NULL ? 1 : 0);
	else
		se_buffer_add_text(out, " ;;\n");
}

void
se_completion_bash(struct se_buffer *out)
{
	se_buffer_add_text(out, head);
	for (size_t i = 0; se_verbs[i] != NULL; i++)
		add_values(se_verbs[i], out);
	se_buffer_add_text(out, middle);
	for (size_t i = 0; se_verbs[i] != NULL; i++)
		add_takes_value(se_verbs[i], out);
	se_buffer_add_text(out, options);
	for (size_t i = 0; se_verbs[i] != NULL; i++)
		add_options(se_verbs[i], out);
	se_buffer_add_text(out, arguments);
	se_buffer_add_text(out, "\t'') echo '");
	for (size_t i = 0; se_verbs[i] != NULL; i++)
		se_buffer_addf(out, "%s%s", i > 0 ? " " : "", se_verbs[i]->name);
	se_buffer_add_text(out, "' ;;\n");
	for (size_t i = 0; se_verbs[i] != NULL; i++)
		add_arguments(se_verbs[i], out);
	se_buffer_add_text(out, tail);
}
