#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/source.h"

#include "agent/log.h"
#include "agent/options.h"

enum { OPT_SOCKET = 256, OPT_USER, OPT_CONFIG, OPT_INETD, OPT_VERSION, OPT_HELP };

static const struct option long_options[] = {
	{"socket", required_argument, NULL, OPT_SOCKET},
	{"user", required_argument, NULL, OPT_USER},
	{"config", required_argument, NULL, OPT_CONFIG},
	{"inetd", no_argument, NULL, OPT_INETD},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static const char help[] =
	"Usage: sasl-entrad [OPTION]...\n"
	"Hands OAuth access tokens of Microsoft Entra ID to the SASL programs of this machine.\n"
	"\n"
	"  --socket PATH[,GROUP[,MODE]]  listen here; may be given several times\n"
	"                                (default: sockets that systemd hands over, else\n"
	"                                " SE_SOCKET_PATH ",\n"
	"                                the main group of --user, 0660)\n"
	"  --user NAME                   once the sockets are open, become this user for good;\n"
	"                                needed when started by root\n"
	"  --config PATH                 read this configuration\n"
	"                                (default: " SE_CONFIGURATION_PATH ")\n"
	"  --inetd                       serve the one client on standard input, then exit: for\n"
	"                                Postfix's spawn(8)\n"
	"  --version                     print the version\n"
	"  --help                        print this text\n"
	"\n"
	"Tokens are kept in " SE_STATE_PATH " unless the configuration\n"
	"names another directory.\n"
	"Signals: SIGHUP reads the configuration again, SIGTERM and SIGINT stop the agent.\n";

static bool
absolute_path(const char *option, const char *path)
{
	const size_t len = strlen(path);

	if (path[0] == '/' && len < PATH_MAX && path[len - 1] != '/')
		return true;
	se_log("--%s %s: give an absolute path of a file", option, path);
	return false;
}

static bool
parse_mode(const char *text, mode_t *mode)
{
	char *end;
	unsigned long value;

	if (text[0] < '0' || text[0] > '7')
		return false;
	value = strtoul(text, &end, 8);
	if (*end != '\0' || value > 0777)
		return false;
	*mode = (mode_t)value;
	return true;
}

/* Cuts PATH,GROUP,MODE in place. */
static bool
parse_socket(char *argument, struct se_socket_option *socket)
{
	char *group = strchr(argument, ',');
	char *mode = NULL;

	if (group != NULL) {
		*group++ = '\0';
		mode = strchr(group, ',');
	}
	if (mode != NULL)
		*mode++ = '\0';
	if (!absolute_path("socket", argument))
		return false;
	if (group != NULL && group[0] == '\0') {
		se_log("--socket %s: the group after the comma is empty", argument);
		return false;
	}
	socket->mode = SE_SOCKET_MODE;
	if (mode != NULL && !parse_mode(mode, &socket->mode)) {
		se_log("--socket %s: the mode must be octal like 0660, not '%s'", argument, mode);
		return false;
	}
	socket->group = group;
	return se_copy(socket->path, sizeof(socket->path), argument);
}

static bool
add_socket(char *argument, struct se_agent_options *options)
{
	struct se_socket_option *socket;

	if (options->socket_count == SE_SOCKETS_MAX) {
		se_log("--socket may be given at most %d times", SE_SOCKETS_MAX);
		return false;
	}
	socket = &options->sockets[options->socket_count];
	if (!parse_socket(argument, socket))
		return false;
	for (size_t i = 0; i < options->socket_count; i++)
		if (strcmp(options->sockets[i].path, socket->path) == 0) {
			se_log("--socket %s is given twice", socket->path);
			return false;
		}
	options->socket_count++;
	return true;
}

static bool
take(int option, char *argument, struct se_agent_options *options)
{
	switch (option) {
	case OPT_SOCKET:
		return add_socket(argument, options);
	case OPT_USER:
		options->user = argument;
		return true;
	case OPT_CONFIG:
		options->configuration = argument;
		return absolute_path("config", argument);
	case OPT_INETD:
		options->inetd = true;
		return true;
	case OPT_VERSION:
		(void)printf("sasl-entrad %s\n", PACKAGE_VERSION);
		options->finished = true;
		return true;
	case OPT_HELP:
		(void)fputs(help, stdout);
		options->finished = true;
		return true;
	default:
		return false;
	}
}

void
se_options_standard_socket(struct se_agent_options *options)
{
	struct se_socket_option *socket = &options->sockets[options->socket_count++];

	*socket = (struct se_socket_option){.mode = SE_SOCKET_MODE};
	(void)se_copy(socket->path, sizeof(socket->path), SE_SOCKET_PATH);
}

int
se_options_parse(int argc, char **argv, struct se_agent_options *options)
{
	int option;

	memset(options, 0, sizeof(*options));
	options->configuration = SE_CONFIGURATION_PATH;
	/* getopt's own sentences begin with the program's name as well. */
	while (!options->finished &&
		(option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (!take(option, optarg, options)) {
			if (option == '?')
				se_log("sasl-entrad --help lists the options");
			return EX_USAGE;
		}
	}
	if (options->finished)
		return fflush(stdout) == 0 ? 0 : EX_IOERR;
	if (optind < argc) {
		se_log("unexpected argument '%s'; sasl-entrad --help lists the options",
			argv[optind]);
		return EX_USAGE;
	}
	if (options->inetd && options->socket_count > 0) {
		se_log("--inetd serves the client on standard input; leave out --socket");
		return EX_USAGE;
	}
	return 0;
}
