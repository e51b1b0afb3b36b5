/*
 * postfix_config: what a Postfix is told to do, as its own postconf(1) and postmap(1) say: every
 * parameter, every service, every map. Nothing is parsed here that Postfix can be asked.
 */
#ifndef SE_TOOL_POSTFIX_CONFIG_H
#define SE_TOOL_POSTFIX_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/buffer.h"
#include "core/error.h"

enum { SE_POSTFIX_INSTANCES_MAX = 16 };

struct se_postfix_value {
	const char *name, *value;
};

struct se_postfix_values {
	struct se_buffer text; /* what the list points into */
	struct se_postfix_value *list;
	size_t count;
};

/* One of master.cf. */
struct se_postfix_service {
	const char *name, *type; /* "smtp", "unix" */
	const char *command;     /* "smtp": the program's name without its arguments */
	const char *arguments;   /* the rest of the line, "" for none */
	bool chrooted;           /* "-" is resolved */
	bool private;            /* its socket is in private/, else in public/ */
	unsigned processes;      /* at most; 0: no limit */
};

/* One instance. Zeroed or filled by se_postfix_read(). */
struct se_postfix {
	char dir[PATH_MAX];  /* its configuration directory */
	bool standard;       /* it is Postfix's own: the commands need no -c */
	const char *queue;   /* queue_directory */
	const char *owner;   /* mail_owner */
	const char *version; /* mail_version */
	uid_t uid;           /* of the owner */
	gid_t gid;
	struct se_postfix_values values;    /* main.cf and all defaults, expanded */
	struct se_postfix_values overrides; /* of master.cf: SERVICE/TYPE/NAME */
	struct se_buffer master;            /* what the services point into */
	struct se_postfix_service *services;
	size_t service_count;
};

/* `dir`: a configuration directory, NULL for Postfix's own. SE_ABSENT: there is no Postfix;
 * SE_CONFIG, in words of Postfix: it cannot be read. What is in `postfix` is freed by
 * se_postfix_free(), also after an error. */
enum se_code se_postfix_read(const char *dir, struct se_postfix *postfix, struct se_error *error);
void se_postfix_free(struct se_postfix *postfix);

/* A parameter of main.cf, expanded; "" where there is none of that name. */
const char *se_postfix_get(const struct se_postfix *postfix, const char *name);
/* The same for a process of that service, with its -o overrides. */
const char *se_postfix_get_for(const struct se_postfix *postfix,
	const struct se_postfix_service *service, const char *name);
/* "yes" */
bool se_postfix_yes(const char *value);

/* The service of that name ("smtp") and type ("unix"), or NULL. */
const struct se_postfix_service *
se_postfix_service(const struct se_postfix *postfix, const char *name, const char *type);

/* The other instances that this one, the first of a multi-instance Postfix, has (postmulti(1)): their
 * configuration directories. Returns how many; the caller frees each. */
size_t se_postfix_instances(const struct se_postfix *postfix, char *dirs[SE_POSTFIX_INSTANCES_MAX]);

/* "postconf -c DIR" or "postconf": how a command that is to be typed begins. */
const char *
se_postfix_command(const struct se_postfix *postfix, const char *program, char *text, size_t size);

/* Runs one of its programs, with its stderr in `error` where it fails. The environment is a clean
 * one, with LD_LIBRARY_PATH: a Postfix may run unpacked from its package. */
enum se_code
se_postfix_run(const char *const *argv, struct se_buffer *out, int *status, struct se_error *error);

#endif
