/*
 * doctor: what Exchange takes from a Postfix: so many connections, such senders.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/account.h"
#include "engine/provider.h"

#include "tool/doctor_postfix.h"
#include "tool/mailbox_share.h"

enum { ENTRY_MAX = 4096, ADDRESS_MAX = 512 };

/* --- connections ---------------------------------------------------------------------------------- */

static unsigned long
number(const char *text)
{
	return strtoul(text, NULL, 10);
}

void
se_doctor_postfix_concurrency(struct se_doctor_postfix *look, struct se_doctor_route *route)
{
	const struct se_postfix_service *service = route->service;
	struct se_checkup *checkup = &look->doctor->checkup;
	unsigned long limit;
	struct se_buffer fix;
	char name[256];
	const char *value;

	if (route->account != NULL && !route->account->provider->microsoft)
		return;
	(void)snprintf(name, sizeof(name), "%.200s_destination_concurrency_limit", service->name);
	value = se_postfix_get(&look->postfix, name);
	if (value[0] == '\0' || value[0] == '$')
		value = se_postfix_get(&look->postfix, "default_destination_concurrency_limit");
	/* 0 is no limit; and no more processes than master starts. */
	limit = number(value);
	if (service->processes > 0 && (limit == 0 || limit > service->processes))
		limit = service->processes;
	if (limit >= 1 && limit <= SE_MAILBOX_CONNECTIONS) {
		se_checkup_fine(checkup, "postfix-concurrency",
			"%s%s has at most %lu connections to a server at a time", look->where,
			service->name, limit);
		return;
	}
	se_buffer_init(&fix, SE_DOCTOR_FIX_MAX);
	se_doctor_postfix_set(look, NULL, name, "3", &fix);
	se_checkup_add(checkup, "postfix-concurrency", SE_WARNING, se_buffer_text(&fix),
		"%s%s = %s: Exchange Online takes three connections of a mailbox at a time, all "
		"relays together, and answers a fourth with 432 4.3.2",
		look->where, name, value);
	se_buffer_free(&fix);
}

/* --- senders -------------------------------------------------------------------------------------- */

/* What is appended to "root": myorigin, which may be a file that has it. */
static void
find_origin(const struct se_postfix *postfix, char origin[ADDRESS_MAX])
{
	const char *value = se_postfix_get(postfix, "myorigin");
	FILE *file;

	(void)se_copy(origin, ADDRESS_MAX, value);
	if (value[0] != '/')
		return;
	file = fopen(value, "re");
	if (file != NULL && fgets(origin, ADDRESS_MAX, file) == NULL)
		origin[0] = '\0';
	if (file != NULL)
		(void)fclose(file);
	origin[strcspn(origin, " \t\r\n")] = '\0';
}

/* The address as a whole, the name alone, the domain alone: as canonical(5) and generic(5) have it. */
static void
rewrite(const struct se_doctor_postfix *look, const char *maps, const char *origin,
	char address[ADDRESS_MAX])
{
	const struct se_postfix *postfix = &look->postfix;
	const char *at = strrchr(address, '@');
	struct se_buffer value;
	char name[ADDRESS_MAX];
	enum se_code code;

	if (maps[0] == '\0' || at == NULL)
		return;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(at - address), address);
	se_buffer_init(&value, ENTRY_MAX);
	code = se_postfix_maps_get(postfix, maps, address, &value, NULL);
	if (code == SE_ABSENT && strcasecmp(at + 1, origin) == 0)
		code = se_postfix_maps_get(postfix, maps, name, &value, NULL);
	if (code == SE_ABSENT)
		code = se_postfix_maps_get(postfix, maps, at, &value, NULL);
	if (code == SE_OK && se_buffer_text(&value)[0] == '@')
		(void)snprintf(address, ADDRESS_MAX, "%.200s%.300s", name, se_buffer_text(&value));
	else if (code == SE_OK && strchr(se_buffer_text(&value), '@') != NULL)
		(void)se_copy(address, ADDRESS_MAX, se_buffer_text(&value));
	else if (code == SE_OK)
		(void)snprintf(
			address, ADDRESS_MAX, "%.200s@%.300s", se_buffer_text(&value), origin);
	se_buffer_free(&value);
}

static const char *
domain(const char *address)
{
	const char *at = strrchr(address, '@');

	return at != NULL ? at + 1 : "";
}

static bool
is_onmicrosoft(const char *address)
{
	static const char suffix[] = ".onmicrosoft.com";
	const size_t len = strlen(address);

	return len >= strlen(suffix) && strcasecmp(address + len - strlen(suffix), suffix) == 0;
}

static void
say_foreign(struct se_doctor_postfix *look, const struct se_doctor_route *route, const char *before,
	const char *after)
{
	const char *maps = se_postfix_get_for(&look->postfix, route->service, "smtp_generic_maps");
	char value[2 * ADDRESS_MAX + 64];
	struct se_buffer fix;

	(void)snprintf(value, sizeof(value), "inline:{ { @%s = %s } }%s%.400s", domain(before),
		route->login, maps[0] != '\0' ? ", " : "", maps);
	se_buffer_init(&fix, SE_DOCTOR_FIX_MAX);
	se_doctor_postfix_set(look, route->service, "smtp_generic_maps", value, &fix);
	se_checkup_add(&look->doctor->checkup, "postfix-senders", SE_WARNING, se_buffer_text(&fix),
		"%smail of cron would be sent by %s, which is no address in %s: Exchange Online "
		"refuses it (5.2.252 SendAsDenied)",
		look->where, after, domain(route->login));
	se_buffer_free(&fix);
}

void
se_doctor_postfix_senders(struct se_doctor_postfix *look, struct se_doctor_route *route)
{
	const struct se_postfix *postfix = &look->postfix;
	char origin[ADDRESS_MAX], before[ADDRESS_MAX], sender[ADDRESS_MAX];

	if (route->login[0] == '\0' ||
		(route->account != NULL && !route->account->provider->microsoft))
		return;
	find_origin(postfix, origin);
	(void)snprintf(before, sizeof(before), "root@%.400s", origin);
	(void)se_copy(sender, sizeof(sender), before);
	rewrite(look, se_postfix_get(postfix, "sender_canonical_maps"), origin, sender);
	rewrite(look, se_postfix_get(postfix, "canonical_maps"), origin, sender);
	rewrite(look, se_postfix_get_for(postfix, route->service, "smtp_generic_maps"), origin,
		sender);
	if (strcasecmp(domain(sender), domain(route->login)) != 0 &&
		strchr(route->login, '@') != NULL)
		say_foreign(look, route, before, sender);
	else if (is_onmicrosoft(sender))
		se_checkup_add(&look->doctor->checkup, "postfix-senders", SE_WARNING,
			"send from a domain of your own that the tenant has",
			"%s%s: senders in *.onmicrosoft.com reach 100 recipients outside of the "
			"tenant a day, then 550 5.7.236",
			look->where, sender);
	else
		se_checkup_fine(&look->doctor->checkup, "postfix-senders",
			"%smail of cron would be sent by %s", look->where, sender);
}
