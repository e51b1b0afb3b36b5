/*
 * init: what the plugin keeps for the process, from sasl_client_init() to sasl_done().
 */
#ifndef SE_PLUGIN_INIT_H
#define SE_PLUGIN_INIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

enum {
	SE_PLUGIN_MECHANISMS = 2, /* XOAUTH2, OAUTHBEARER */
	SE_PLUGIN_PATH_MAX = 512, /* bytes of a path, with the NUL */
	SE_PLUGIN_REJECTED = 16
};

/* A directory, told from others also when its name means something else by now. */
struct se_place {
	bool known;
	bool safe; /* root's, and se_directory_is_safe(), when it was looked at */
	dev_t device;
	ino_t inode;
};

/*
 * Both mechanisms share one of these; the last mech_free drops it. What changes after loading is
 * atomic: a host may have a connection in each of its threads, and libsasl2's mutexes are empty
 * functions unless the host sets others.
 */
struct se_plugin {
	sasl_client_plug_t mechanisms[SE_PLUGIN_MECHANISMS];
	unsigned references;

	bool by_root;                  /* loaded by root, who may enter a jail */
	struct se_place root;          /* "/", as it was when the plugin was loaded */
	struct se_place directory;     /* the working directory of that time, ... */
	char path[SE_PLUGIN_PATH_MAX]; /* ... and its name, "" when not known */

	_Atomic(struct se_loaded_engine *) engine;     /* not in use right now; plugin/choose.c */
	_Atomic(struct se_memory *) memory;            /* likewise; plugin/memory.c */
	_Atomic uint32_t rejected[SE_PLUGIN_REJECTED]; /* fingerprints, by login name; 0: none */
};

/* What `path` is, or a place that is not known and equals no other. */
struct se_place se_place_of(const char *path);
bool se_place_equal(const struct se_place *a, const struct se_place *b);

/* The one exported function. */
sasl_client_plug_init_t sasl_client_plug_init;

#endif
