/*
 * What has to be changed in Postfix's configuration, and why.
 *
 * The way out is a transport of its own and not the limits of smtp: what has another way already (a
 * transport table, a sender with a relay of his own) keeps it and its limits, and the limit on the
 * number of processes in master.cf holds whatever the destinations are called. What the limits are,
 * mailbox_share.c says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pwd.h>

#include "tool/mailbox_share.h"
#include "tool/setup_postfix_maker.h"

#define CA_FILE "/etc/ssl/certs/ca-certificates.crt"
#define SERVICE SE_POSTFIX_TRANSPORT "/unix"

/* --- master.cf ---------------------------------------------------------------------------------- */

static void
plan_service(struct se_maker *maker)
{
	struct se_postfix_plan *plan = maker->plan;
	char field[SE_POSTFIX_VALUE_MAX], command[SE_POSTFIX_VALUE_MAX];
	char level[SE_POSTFIX_VALUE_MAX], limit[16];

	se_maker_get_field(maker, maker->service_exists ? SERVICE : "smtp/unix", "chroot", field);
	if (field[0] == '\0')
		(void)se_copy(field, sizeof(field), "-");
	/* What "-" means has changed with compatibility level 1. */
	se_maker_get(maker, "-hx", "compatibility_level", level);
	plan->chrooted = field[0] == 'y' || (field[0] == '-' && atoi(level) < 1);
	if (!maker->service_exists) {
		se_maker_change(maker, "-M",
			"a transport of its own, with as many connections as the mailbox has",
			SERVICE "=" SE_POSTFIX_TRANSPORT " unix - - %.1s - %u smtp", field,
			plan->concurrency);
		return;
	}
	se_maker_get_field(maker, SERVICE, "command", command);
	if (maker->code == SE_OK && strcmp(command, "smtp") != 0 &&
		strncmp(command, "smtp ", 5) != 0)
		se_maker_fail(maker, "master.cf has a service " SE_POSTFIX_TRANSPORT
				     " that is no smtp(8): rename it");
	se_maker_get_field(maker, SERVICE, "process_limit", field);
	(void)snprintf(limit, sizeof(limit), "%u", plan->concurrency);
	if (strcmp(field, limit) != 0)
		se_maker_change(maker, "-F", "as many connections as the mailbox has",
			SERVICE "/process_limit=%s", limit);
}

/* Where there is no systemd and no agent, Postfix's master starts one for each request. */
static void
plan_agent(struct se_maker *maker)
{
	struct se_postfix_plan *plan = maker->plan;
	char command[SE_POSTFIX_VALUE_MAX];
	const struct passwd *entry = NULL;
	uid_t uid;
	gid_t gid;

	if (maker->code != SE_OK || !plan->chrooted)
		return;
	se_maker_get_field(maker, "sasl-entra/unix", "command", command);
	if (command[0] != '\0') {
		plan->spawns = true;
		return;
	}
	if (!se_postfix_needs_socket(plan) || access("/run/systemd/system", F_OK) == 0)
		return;
	if (se_identity_owner(&plan->command->identity, &uid, &gid))
		entry = getpwuid(uid);
	plan->spawns = true;
	se_maker_change(maker, "-M",
		"the agent, out of the chroot's reach, started for each request",
		"sasl-entra/unix=sasl-entra unix - n n - 50 spawn user=%s argv=%s --inetd",
		entry != NULL ? entry->pw_name : "sasl-entra", SE_AGENT_PATH);
}

/* --- main.cf ------------------------------------------------------------------------------------ */

/* A relay host that is Exchange already, however it is written. */
static bool
is_same_host(const struct se_postfix_plan *plan, const char *relayhost)
{
	const char *begin = relayhost + (relayhost[0] == '[');
	size_t len = strcspn(begin, "]:");

	return len == strlen(plan->host) && strncasecmp(begin, plan->host, len) == 0;
}

static void
look_around(struct se_maker *maker)
{
	struct se_postfix_plan *plan = maker->plan;
	char relayhost[SE_POSTFIX_VALUE_MAX], field[SE_POSTFIX_VALUE_MAX];

	se_maker_get_field(maker, SERVICE, "command", field);
	maker->service_exists = field[0] != '\0';
	se_maker_get(maker, "-hx", "relayhost", relayhost);
	plan->beside = relayhost[0] != '\0' && !is_same_host(plan, relayhost);
	plan->isolated = plan->beside || se_maker_is_set(maker, "transport_maps") ||
			 se_maker_is_set(maker, "sender_dependent_relayhost_maps") ||
			 se_maker_is_set(maker, "sender_dependent_default_transport_maps");
}

static void
plan_limits(struct se_maker *maker)
{
	struct se_postfix_plan *plan = maker->plan;
	const unsigned relays = plan->wish->relays;
	const struct se_mailbox_share share =
		se_mailbox_share(relays > 0 ? relays : 1, plan->wish->rate_delay);
	char before[SE_POSTFIX_VALUE_MAX], field[SE_POSTFIX_VALUE_MAX] = "";

	/* Not said: what is there stays, where Exchange bears it. */
	if (maker->service_exists)
		se_maker_get_field(maker, SERVICE, "process_limit", field);
	plan->concurrency = share.concurrency;
	if (relays == 0 && atoi(field) >= 1 && atoi(field) <= SE_MAILBOX_CONNECTIONS)
		plan->concurrency = (unsigned)atoi(field);
	plan->delay = share.delay;
	(void)snprintf(field, sizeof(field), "%u", plan->concurrency);
	if (maker->service_exists)
		se_maker_get(
			maker, "-h", SE_POSTFIX_TRANSPORT "_destination_concurrency_limit", before);
	else
		before[0] = '\0';
	if (strcmp(before, field) != 0)
		se_maker_change(maker, "-e", "connections at once to one destination",
			SE_POSTFIX_TRANSPORT "_destination_concurrency_limit=%s", field);
	if (maker->service_exists)
		se_maker_get(maker, "-h", SE_POSTFIX_TRANSPORT "_destination_rate_delay", before);
	if (maker->service_exists && relays == 0 && plan->delay == 0)
		plan->delay = (unsigned)atoi(before);
	(void)snprintf(field, sizeof(field), "%us", plan->delay);
	if (plan->delay > 0 && strcmp(before, field) != 0)
		se_maker_change(maker, "-e",
			"30 messages a minute for the mailbox, over all relays",
			SE_POSTFIX_TRANSPORT "_destination_rate_delay=%s", field);
	else if (plan->delay == 0 && relays > 0 && before[0] != '\0' && maker->service_exists &&
		 before[0] != '$' && strcmp(before, "0s") != 0)
		se_maker_change(maker, "-X", "the relays are few enough to do without",
			SE_POSTFIX_TRANSPORT "_destination_rate_delay");
}

static void
plan_way(struct se_maker *maker)
{
	struct se_postfix_plan *plan = maker->plan;
	struct se_postfix_file *senders = &plan->file[SE_POSTFIX_SENDERS];
	static const char name[] = "sender_dependent_default_transport_maps";
	char value[SE_POSTFIX_VALUE_MAX];

	if (!plan->beside) {
		se_maker_set_main(
			maker, "relayhost", plan->relay, "all mail for elsewhere goes to Exchange");
		se_maker_set_main(maker, "default_transport", SE_POSTFIX_TRANSPORT,
			"... by that transport, whose limits then hold for all of it");
		if (se_maker_is_set(maker, "relay_domains"))
			se_maker_set_main(maker, "relay_transport", SE_POSTFIX_TRANSPORT,
				"... that for relay_domains, too: it would be counted apart");
		return;
	}
	se_maker_get(maker, "-hx", name, value);
	if (maker->code == SE_OK)
		maker->code = se_postfix_map_find(
			plan, senders, "sender_transports", value, maker->error);
	se_maker_set_main(maker, name, value, "only this sender goes to Exchange; relayhost stays");
	if (maker->code != SE_OK)
		return;
	(void)snprintf(value, sizeof(value), SE_POSTFIX_TRANSPORT ":%s", plan->relay);
	if (!se_postfix_map_set(senders, plan->login, value, value))
		maker->code = se_error_memory(maker->error);
	se_maker_get(maker, "-hx", "smtp_sasl_auth_enable", value);
	if (strcmp(value, "yes") == 0 && !se_maker_is_set(maker, "smtp_sasl_mechanism_filter"))
		se_maker_set_main(maker, "smtp_sasl_mechanism_filter",
			"!xoauth2, !oauthbearer, static:all",
			"the other relay keeps its password, also where it offers XOAUTH2");
}

static void
plan_passwords(struct se_maker *maker)
{
	struct se_postfix_plan *plan = maker->plan;
	struct se_postfix_file *passwords = &plan->file[SE_POSTFIX_PASSWORDS];
	char value[SE_POSTFIX_VALUE_MAX], before[SE_POSTFIX_VALUE_MAX];
	char entry[SE_NAME_MAX + 16], enough[SE_NAME_MAX + 2];

	se_maker_get_delivery(maker, "smtp_sasl_password_maps", value);
	(void)se_copy(before, sizeof(before), value);
	if (maker->code == SE_OK)
		maker->code =
			se_postfix_map_find(plan, passwords, "sasl_passwd", value, maker->error);
	if (strcmp(before, value) != 0)
		se_maker_set_delivery(maker, "smtp_sasl_password_maps", value,
			"the login name for the relay host; its password is a placeholder");
	if (maker->code != SE_OK)
		return;
	(void)snprintf(enough, sizeof(enough), "%s:", plan->login);
	(void)snprintf(entry, sizeof(entry), "%soauth", enough);
	if (!se_postfix_map_set(passwords, plan->relay, entry, enough))
		maker->code = se_error_memory(maker->error);
}

/* What of it the plugin's mechanisms do not have. */
static bool
excludes_us(const char *options)
{
	static const char *const missing[] = {
		"noactive", "nodictionary", "mutual_auth", "forward_secrecy", NULL};

	for (const char *const *word = missing; *word != NULL; word++)
		if (strstr(options, *word) != NULL)
			return true;
	return false;
}

/* Those that look at the server's name, in another way than `secure`. */
static bool
is_secure(const char *level)
{
	return strcmp(level, "secure") == 0 || strcmp(level, "verify") == 0 ||
	       strcmp(level, "fingerprint") == 0 || strcmp(level, "dane-only") == 0;
}

static void
plan_login(struct se_maker *maker)
{
	static const char *const security[] = {
		"smtp_sasl_security_options", "smtp_sasl_tls_security_options", NULL};
	char value[SE_POSTFIX_VALUE_MAX];

	se_maker_set_delivery(maker, "smtp_sasl_auth_enable", "yes", "log in");
	plan_passwords(maker);
	se_maker_get_delivery(maker, "smtp_sasl_mechanism_filter", value);
	if (strcasecmp(value, "xoauth2") != 0 && strcasecmp(value, "oauthbearer") != 0)
		se_maker_set_delivery(maker, "smtp_sasl_mechanism_filter", "xoauth2",
			"... by OAuth and nothing else");
	for (const char *const *name = security; *name != NULL; name++) {
		se_maker_get_delivery(maker, *name, value);
		if (excludes_us(value))
			se_maker_set_delivery(maker, *name, "noanonymous",
				"no OAuth mechanism has what was asked for");
	}
	se_maker_get_delivery(maker, "smtp_sasl_auth_cache_name", value);
	if (value[0] != '\0')
		se_maker_set_delivery(maker, "smtp_sasl_auth_cache_name", "",
			"a refused token would be remembered like a wrong password");
	se_maker_get_delivery(maker, "smtp_tls_security_level", value);
	if (!is_secure(value))
		se_maker_set_delivery(maker, "smtp_tls_security_level", "secure",
			"the token goes to a server whose name was verified");
	se_maker_get_delivery(maker, "smtp_tls_CAfile", value);
	if (value[0] == '\0' && !se_maker_is_set(maker, "smtp_tls_CApath") &&
		access(CA_FILE, R_OK) == 0)
		se_maker_set_delivery(
			maker, "smtp_tls_CAfile", CA_FILE, "... by these authorities");
}

enum se_code
se_postfix_plan_make(struct se_postfix_plan *plan, struct se_error *error)
{
	struct se_maker maker = {.plan = plan, .error = error, .code = SE_OK};

	look_around(&maker);
	plan_limits(&maker);
	plan_service(&maker);
	plan_way(&maker);
	plan_login(&maker);
	plan_agent(&maker);
	return maker.code;
}
