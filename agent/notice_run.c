#include <sys/wait.h>

#include "agent/log.h"
#include "agent/notice_run.h"
#include "agent/spawn.h"

static struct se_run *
free_place(struct se_runs *runs)
{
	for (size_t i = 0; i < SE_NOTICE_AT_ONCE; i++)
		if (runs->list[i].pid == 0)
			return &runs->list[i];
	return NULL;
}

bool
se_run_start(struct se_runs *runs, const char *program, const char *const *environment,
	const char *label, void *owner, int64_t now)
{
	struct se_run *run = free_place(runs);
	struct se_error error = {0};
	pid_t pid = run != NULL ? se_spawn(program, environment, &error) : -1;

	if (pid < 0) {
		se_log("warning: on_problem of [account %s]: %s", label, error.text);
		return false;
	}
	*run = (struct se_run){.pid = pid, .owner = owner, .deadline = now + SE_NOTICE_RUN_MS};
	(void)se_copy(run->label, sizeof(run->label), label);
	runs->count++;
	return true;
}

static void
log_end(const struct se_run *run, int status)
{
	if (run->killed)
		se_log("warning: on_problem of [account %s] had not ended after %d s and was "
		       "killed",
			run->label, SE_NOTICE_RUN_MS / 1000);
	else if (WIFSIGNALED(status))
		se_log("warning: on_problem of [account %s] was ended by signal %d", run->label,
			WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		se_log("warning: on_problem of [account %s] ended with exit code %d", run->label,
			WEXITSTATUS(status));
}

static bool
has_ended(struct se_run *run, int64_t now)
{
	int status = 0;

	if (se_spawn_ended(run->pid, &status)) {
		log_end(run, status);
		return true;
	}
	if (!run->killed && now >= run->deadline) {
		se_spawn_kill(run->pid);
		run->killed = true;
	}
	return false;
}

void *
se_run_ended(struct se_runs *runs, int64_t now)
{
	for (size_t i = 0; i < SE_NOTICE_AT_ONCE && runs->count > 0; i++)
		if (runs->list[i].pid != 0 && has_ended(&runs->list[i], now)) {
			runs->list[i].pid = 0;
			runs->count--;
			return runs->list[i].owner;
		}
	return NULL;
}

int64_t
se_run_due(const struct se_runs *runs)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < SE_NOTICE_AT_ONCE && runs->count > 0; i++)
		if (runs->list[i].pid != 0 && !runs->list[i].killed && runs->list[i].deadline < due)
			due = runs->list[i].deadline;
	return due;
}
