#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "engine/environment.h"
#include "engine/state_dir.h"

enum { PATH_TEXT_MAX = 4096 };

static char *
join(const char *directory, const char *rest)
{
	struct se_buffer path;
	char *copy;

	se_buffer_init(&path, PATH_TEXT_MAX);
	se_buffer_addf(&path, "%s%s", directory, rest);
	copy = path.failed ? NULL : strdup(se_buffer_text(&path));
	se_buffer_free(&path);
	return copy;
}

static bool
is_ours(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

/* A person has a home that is his; a service user has none, or one that is root's. */
static char *
persons_own(void)
{
	const char *state = secure_getenv("XDG_STATE_HOME");
	const char *home = secure_getenv("HOME");

	if (geteuid() == 0)
		return NULL;
	if (state != NULL && state[0] == '/' && is_ours(state))
		return join(state, "/sasl-entra");
	if (home != NULL && home[0] == '/' && is_ours(home))
		return join(home, "/.local/state/sasl-entra");
	return NULL;
}

char *
se_state_dir(const struct se_config *config, enum se_role role, bool users_own)
{
	errno = 0;
	if (config->state_dir != NULL)
		return join(config->state_dir, "");
	if (role == SE_ROLE_AGENT && !users_own)
		return join(SE_STATE_PATH, "");
	/* The tool has become the owner of the agent's directory before it asks for tokens. */
	if (role == SE_ROLE_TOOL && !users_own && (geteuid() == 0 || is_ours(SE_STATE_PATH)))
		return join(SE_STATE_PATH, "");
	return persons_own();
}

/* $HOME/.local and .local/state may be missing on a fresh account. */
static void
make_parents(const char *path)
{
	char *copy = strdup(path);
	char *at = copy;

	if (copy == NULL)
		return; /* then the directory cannot be made, which says more */
	while ((at = strchr(at + 1, '/')) != NULL) {
		*at = '\0';
		(void)se_store_make_directory(copy);
		*at = '/';
	}
	free(copy);
}

struct se_store *
se_state_dir_open(const char *path, const struct se_config *config, struct se_error *error)
{
	bool persons = geteuid() != 0 && strstr(path, "/.local/state/") != NULL;
	struct se_store *store;

	if (persons)
		make_parents(path);
	store = se_store_open(path, geteuid() != 0, error);
	if (store == NULL || se_store_seal_with(store, &config->state_key, error) == SE_OK)
		return store;
	se_store_close(store);
	return NULL;
}
