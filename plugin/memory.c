#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/secret.h"
#include "core/world.h"

#include "memory.h"

/* An ask that was answered with the token. Each AUTH makes one, so it is no longer than its names. */
struct asked {
	struct asked *next;
	int64_t kept;  /* monotonic ms */
	int64_t until; /* monotonic ms */
	int64_t wall;  /* seconds since 1970: the other clock stands still while a machine sleeps */
	uint32_t seconds_left;
	char names
		[]; /* login, service, server, and the user that the account prescribes, each with its NUL */
};

struct se_memory {
	pid_t pid; /* a forked child asks for itself */
	uid_t uid;
	struct se_secret *token;
	char fingerprint[SE_FINGERPRINT_MAX + 1];
	struct asked *asked; /* a list, SE_MEMORY_NAMES at most */
};

static void
memory_free(struct se_memory *memory)
{
	struct asked *asked;

	if (memory == NULL)
		return;
	while ((asked = memory->asked) != NULL) {
		memory->asked = asked->next;
		free(asked);
	}
	se_secret_free(memory->token);
	free(memory);
}

static int64_t
now_ms(void)
{
	return se_world_clocks.monotonic(se_world_clocks.context);
}

static int64_t
wall_s(void)
{
	return se_world_clocks.wall(se_world_clocks.context);
}

static bool
is_ours(const struct se_memory *memory)
{
	return memory->pid == getpid() && memory->uid == geteuid();
}

static bool
slept(const struct asked *asked, int64_t now)
{
	int64_t passed = wall_s() - asked->wall;

	return passed > (now - asked->kept) / 1000 + 2 || passed < 0;
}

/* The text behind that one. */
static const char *
next_name(const char *name)
{
	return name + strlen(name) + 1;
}

static bool
is_same(const struct asked *asked, const struct se_request *request)
{
	const char *login = asked->names, *service, *server;

	if (strcmp(login, request->login) != 0)
		return false;
	service = next_name(login);
	server = next_name(service);
	return strcmp(service, request->service) == 0 && strcmp(server, request->server) == 0;
}

static const char *
user_of(const struct asked *asked)
{
	return next_name(next_name(next_name(asked->names)));
}

/* Both are ours, so that it need not take the same time for any. */
static bool
is_same_token(const struct se_secret *a, const struct se_secret *b)
{
	return se_secret_len(a) == se_secret_len(b) &&
	       memcmp(se_secret_reveal(a), se_secret_reveal(b), se_secret_len(a)) == 0;
}

/* NULL: not there. */
static struct asked *
find(struct se_memory *memory, const struct se_request *request)
{
	struct asked *asked = memory->asked;

	while (asked != NULL && !is_same(asked, request))
		asked = asked->next;
	return asked;
}

/* The one that ends first where there are enough; else NULL. */
static struct asked *
find_last(const struct se_memory *memory)
{
	struct asked *last = NULL;
	size_t count = 0;

	for (struct asked *at = memory->asked; at != NULL; at = at->next) {
		count++;
		if (last == NULL || at->until <= last->until) /* the older ones come last */
			last = at;
	}
	return count >= SE_MEMORY_NAMES ? last : NULL;
}

/* NULL is fine. */
static void
drop(struct se_memory *memory, struct asked *asked)
{
	struct asked **at = &memory->asked;

	while (*at != NULL && *at != asked)
		at = &(*at)->next;
	if (*at != NULL)
		*at = asked->next;
	free(asked);
}

static char *
put_name(char *at, const char *name, size_t size)
{
	memcpy(at, name, size);
	return at + size;
}

/* NULL: no memory. */
static struct asked *
asked_new(const struct se_request *request, const struct se_answer *answer, uint32_t seconds)
{
	const size_t login = strlen(request->login) + 1, service = strlen(request->service) + 1;
	const size_t server = strlen(request->server) + 1, user = strlen(answer->user) + 1;
	struct asked *asked = malloc(sizeof(*asked) + login + service + server + user);
	char *at;

	if (asked == NULL)
		return NULL;
	asked->kept = now_ms();
	asked->wall = wall_s();
	asked->until = asked->kept + (int64_t)seconds * 1000;
	asked->seconds_left = answer->seconds_left;
	at = put_name(asked->names, request->login, login);
	at = put_name(at, request->service, service);
	at = put_name(at, request->server, server);
	(void)put_name(at, answer->user, user);
	return asked;
}

static bool
recall(struct se_memory *memory, const struct se_request *request, struct se_answer *answer)
{
	struct asked *asked = find(memory, request);
	int64_t now = now_ms();
	uint32_t gone;

	if (asked == NULL)
		return false;
	if (now >= asked->until || slept(asked, now) ||
		strcmp(memory->fingerprint, request->rejected) == 0) {
		asked->until = 0; /* over */
		return false;
	}
	se_answer_init(answer); /* a note has been said */
	answer->token = se_secret_copy(memory->token);
	if (answer->token == NULL)
		return false;
	(void)se_copy(answer->fingerprint, sizeof(answer->fingerprint), memory->fingerprint);
	gone = (uint32_t)((now - asked->kept) / 1000);
	answer->seconds_left = asked->seconds_left > gone ? asked->seconds_left - gone : 0;
	(void)se_copy(answer->user, sizeof(answer->user), user_of(asked));
	return true;
}

static bool
is_over(const struct se_memory *memory)
{
	const struct asked *asked = memory->asked;
	int64_t now = now_ms();

	while (asked != NULL && now >= asked->until)
		asked = asked->next;
	return asked == NULL;
}

/* Taken out while it is looked at, so that no two threads use it. */
bool
se_memory_recall(
	struct se_plugin *plugin, const struct se_request *request, struct se_answer *answer)
{
	struct se_memory *memory = atomic_exchange(&plugin->memory, NULL);
	bool ours, found;

	if (memory == NULL)
		return false;
	ours = is_ours(memory);
	found = ours && recall(memory, request, answer);
	if (ours && !is_over(memory))
		memory = atomic_exchange(&plugin->memory, memory);
	memory_free(memory);
	return found;
}

static struct se_memory *
memory_new(struct se_answer *answer)
{
	struct se_memory *memory = malloc(sizeof(*memory));

	if (memory == NULL)
		return NULL;
	memset(memory, 0, sizeof(*memory));
	memory->pid = getpid();
	memory->uid = geteuid();
	(void)se_copy(memory->fingerprint, sizeof(memory->fingerprint), answer->fingerprint);
	memory->token = answer->token;
	answer->token = NULL;
	return memory;
}

void
se_memory_keep(struct se_plugin *plugin, const struct se_request *request, struct se_answer *answer)
{
	uint32_t seconds = answer->keep < SE_MEMORY_MAX_S ? answer->keep : SE_MEMORY_MAX_S;
	struct se_memory *memory;
	struct asked *asked, *old;

	if (seconds == 0 || answer->token == NULL)
		return;
	memory = atomic_exchange(&plugin->memory, NULL);
	if (memory == NULL || !is_ours(memory) || !is_same_token(memory->token, answer->token)) {
		memory_free(memory);
		memory = memory_new(answer);
	}
	asked = memory != NULL ? asked_new(request, answer, seconds) : NULL;
	if (asked != NULL) {
		old = find(memory, request);
		drop(memory, old != NULL ? old : find_last(memory));
		asked->next = memory->asked;
		memory->asked = asked;
	}
	memory_free(atomic_exchange(&plugin->memory, memory));
}

void
se_memory_forget(struct se_plugin *plugin)
{
	memory_free(atomic_exchange(&plugin->memory, NULL));
}
