/*
 * options: the agent's command line.
 */
#ifndef SE_AGENT_OPTIONS_H
#define SE_AGENT_OPTIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { SE_SOCKETS_MAX = 64, SE_SOCKET_MODE = 0660 };

/* --socket PATH[,GROUP[,MODE]] */
struct se_socket_option {
	char path[PATH_MAX];
	const char *group; /* NULL: the main group of --user */
	mode_t mode;
};

struct se_agent_options {
	struct se_socket_option sockets[SE_SOCKETS_MAX];
	size_t socket_count;
	const char *user;          /* NULL: whoever started us */
	const char *configuration; /* absolute path */
	bool inetd;                /* one connection, on descriptor 0 */
	bool finished;             /* --help or --version was answered */
};

/* The socket of an agent that was given none. */
void se_options_standard_socket(struct se_agent_options *options);

/* Reads the command line; strings point into argv. Returns 0, or an exit code after a sentence on
 * stderr. */
int se_options_parse(int argc, char **argv, struct se_agent_options *options);

#endif
