/*
 * sasl-entra: finds the verb.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/descriptor.h"
#include "engine/crypto_memory.h"

#include "tool/exit_code.h"
#include "tool/verb.h"

enum { OPT_VERSION = 1, HELP_INDENT = 6 };

static int
print_help(void)
{
	printf("Usage: sasl-entra [--config PATH] VERB [ARGUMENT]...\n"
	       "OAuth access tokens of Microsoft Entra ID, for people and scripts. NAME is a\n"
	       "login name or the label of an account.\n\nVerbs:\n");
	for (size_t i = 0; se_verbs[i] != NULL; i++) {
		se_verb_print_usage(stdout, "  ", se_verbs[i]);
		se_verb_print(stdout, "", se_verbs[i]->help, HELP_INDENT);
	}
	printf("\nOptions:\n"
	       "  --config PATH  use this configuration\n"
	       "                 (default: a user's own sasl-entra/sasl-entra.conf below\n"
	       "                 $XDG_CONFIG_HOME, else\n"
	       "                 " SE_CONFIGURATION_PATH ")\n"
	       "  --version      print the version\n"
	       "  --help         print this text; after a verb, its usage and options\n"
	       "\nExit codes:\n");
	se_exit_help(stdout);
	printf("\nThe agent is asked at " SE_SOCKET_PATH ".\n");
	return fflush(stdout) == 0 ? SE_EXIT_OK : SE_EXIT_FAILED;
}

static int
usage(const char *what, const char *which)
{
	fprintf(stderr, "sasl-entra: %s%s; sasl-entra --help lists the verbs\n", what, which);
	return SE_EXIT_USAGE;
}

/* Secrets pass through this process. */
static void
harden(void)
{
	const struct rlimit no_core = {0, 0};

	se_crypto_wipe_what_is_freed();
	(void)unsetenv("SSLKEYLOGFILE");
	/* A file that may not grow is an error to be said, and no reason to leave half of it there. */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)setrlimit(RLIMIT_CORE, &no_core);
	se_identity_hide();
}

static int
run_verb(struct se_command *command, int argc, char **argv)
{
	static char title[64]; /* what getopt puts before its complaints */

	for (size_t i = 0; se_verbs[i] != NULL; i++)
		if (strcmp(se_verbs[i]->name, argv[0]) == 0) {
			(void)snprintf(title, sizeof(title), "sasl-entra %s", argv[0]);
			argv[0] = title;
			se_verb_begin(command, se_verbs[i]);
			return se_verbs[i]->run(command, argc, argv);
		}
	return usage("there is no verb ", argv[0]);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{"version", no_argument, NULL, OPT_VERSION}, SE_OPTIONS_OF_ALL, {NULL, 0, NULL, 0}};
	static struct se_command command;
	const char *configuration = NULL;
	int option;

	if (!se_descriptors_fill(false))
		return SE_EXIT_FAILED;
	harden();
	/* '+': what stands behind the verb is the verb's. */
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (option) {
		case SE_OPTION_CONFIG:
			configuration = optarg;
			break;
		case OPT_VERSION:
			printf("sasl-entra %s\n", PACKAGE_VERSION);
			return fflush(stdout) == 0 ? SE_EXIT_OK : SE_EXIT_FAILED;
		case SE_OPTION_HELP:
			return print_help();
		default:
			return usage("nothing was done", "");
		}
	}
	if (!se_identity_choose(configuration, &command.identity))
		return usage("--config: the path is too long", "");
	if (optind == argc)
		return usage("a verb is missing", "");
	return run_verb(&command, argc - optind, argv + optind);
}
