#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/summary.h"

static void
copy(char part[SE_SUMMARY_PART_MAX], const char *text)
{
	(void)snprintf(part, SE_SUMMARY_PART_MAX, "%s", text);
}

void
se_summary_read(struct se_summary *summary, const struct se_config *config)
{
	summary->changed = summary->read = true;
	summary->accounts = config->account_count;
	summary->unusable = 0;
	summary->not_read[0] = '\0';
	for (size_t i = config->account_count; i-- > 0;) {
		const struct se_account *account = &config->accounts[i];

		if (account->unusable == NULL)
			continue;
		summary->unusable++;
		(void)snprintf(summary->why, sizeof(summary->why), "[account %s] %s",
			account->label, account->unusable);
	}
}

void
se_summary_not_read(struct se_summary *summary, const char *why)
{
	copy(summary->not_read, why);
	summary->changed = true;
}

void
se_summary_failed(struct se_summary *summary, bool renewal, const char *text)
{
	const time_t now = time(NULL);
	struct tm local;

	copy(summary->failure, text);
	summary->renewal = renewal;
	if (localtime_r(&now, &local) == NULL ||
		strftime(summary->failed_at, sizeof(summary->failed_at), "%m-%d %H:%M", &local) ==
			0)
		summary->failed_at[0] = '\0';
	summary->changed = true;
}

void
se_summary_worked(struct se_summary *summary, bool is_new, const char *text)
{
	const size_t len = strcspn(summary->failure, ":");

	if (summary->failure[0] == '\0' || (summary->renewal && !is_new) ||
		strncmp(summary->failure, text, len) != 0 ||
		(text[len] != ':' && text[len] != '\0'))
		return;
	summary->failure[0] = '\0';
	summary->changed = true;
}

void
se_summary_text(const struct se_summary *summary, char text[SE_SUMMARY_MAX])
{
	size_t len;
	int n = snprintf(text, SE_SUMMARY_MAX, "%zu account%s", summary->accounts,
		summary->accounts == 1 ? "" : "s");

	len = n > 0 ? (size_t)n : 0;
	if (summary->unusable > 0)
		len += (size_t)snprintf(text + len, SE_SUMMARY_MAX - len,
			", %zu of them of no use here: %s", summary->unusable, summary->why);
	if (summary->not_read[0] != '\0')
		len += (size_t)snprintf(text + len, SE_SUMMARY_MAX - len,
			"; the configuration could not be read%s: %s",
			summary->read ? " again" : "", summary->not_read);
	if (summary->failure[0] != '\0')
		(void)snprintf(text + len, SE_SUMMARY_MAX - len, "; failed at %s: %s",
			summary->failed_at, summary->failure);
}
