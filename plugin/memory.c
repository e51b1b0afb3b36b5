#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/secret.h"
#include "core/world.h"

#include "memory.h"

struct se_memory {
	pid_t pid; /* a forked child asks for itself */
	uid_t uid;
	int64_t kept;  /* monotonic ms */
	int64_t until; /* monotonic ms */
	int64_t wall;  /* seconds since 1970: the other clock stands still while a machine sleeps */
	struct se_request request;
	struct se_answer answer;
};

static void
memory_free(struct se_memory *memory)
{
	if (memory == NULL)
		return;
	se_answer_free(&memory->answer);
	free(memory);
}

static int64_t
now_ms(void)
{
	return se_world_clocks.monotonic(se_world_clocks.context);
}

static bool
slept(const struct se_memory *memory, int64_t now)
{
	int64_t passed = se_world_clocks.wall(se_world_clocks.context) - memory->wall;

	return passed > (now - memory->kept) / 1000 + 2 || passed < 0;
}

static bool
fits(const struct se_memory *memory, const struct se_request *request, int64_t now)
{
	return memory->pid == getpid() && memory->uid == geteuid() && now < memory->until &&
	       !slept(memory, now) && strcmp(memory->request.login, request->login) == 0 &&
	       strcmp(memory->request.service, request->service) == 0 &&
	       strcmp(memory->request.server, request->server) == 0 &&
	       strcmp(memory->answer.fingerprint, request->rejected) != 0;
}

static bool
copy(const struct se_answer *from, uint32_t gone, struct se_answer *to)
{
	*to = *from;
	to->note[0] = '\0'; /* has been said */
	to->seconds_left = from->seconds_left > gone ? from->seconds_left - gone : 0;
	to->token = se_secret_copy(from->token);
	return to->token != NULL;
}

/* Taken out while it is looked at, so that no two threads use it. */
bool
se_memory_recall(
	struct se_plugin *plugin, const struct se_request *request, struct se_answer *answer)
{
	struct se_memory *memory = atomic_exchange(&plugin->memory, NULL);
	int64_t now;
	bool found;

	if (memory == NULL)
		return false;
	now = now_ms();
	found = fits(memory, request, now) &&
		copy(&memory->answer, (uint32_t)((now - memory->kept) / 1000), answer);
	memory_free(found ? atomic_exchange(&plugin->memory, memory) : memory);
	return found;
}

void
se_memory_keep(
	struct se_plugin *plugin, const struct se_request *request, const struct se_answer *answer)
{
	uint32_t seconds = answer->keep < SE_MEMORY_MAX_S ? answer->keep : SE_MEMORY_MAX_S;
	struct se_memory *memory;

	if (seconds == 0 || answer->token == NULL || (memory = malloc(sizeof(*memory))) == NULL)
		return;
	memset(memory, 0, sizeof(*memory));
	memory->pid = getpid();
	memory->uid = geteuid();
	memory->kept = now_ms();
	memory->wall = se_world_clocks.wall(se_world_clocks.context);
	memory->until = memory->kept + (int64_t)seconds * 1000;
	memory->request = *request;
	if (copy(answer, 0, &memory->answer))
		memory = atomic_exchange(&plugin->memory, memory);
	memory_free(memory);
}

void
se_memory_forget(struct se_plugin *plugin)
{
	memory_free(atomic_exchange(&plugin->memory, NULL));
}
