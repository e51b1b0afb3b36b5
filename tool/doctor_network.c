#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/http.h"
#include "engine/json.h"
#include "engine/provider.h"

#include "tool/doctor.h"
#include "tool/doctor_aside.h"
#include "tool/doctor_network.h"

enum {
	TURN_MS = 250,
	CLOCK_WARN = 60,
	CLOCK_WRONG = 300, /* Entra takes signed statements that are off by five minutes */
	FIX_MAX = 8192
};

#define CONFIGURATION_OF_TENANT "/v2.0/.well-known/openid-configuration"

/* --- HTTPS ------------------------------------------------------------------------------------------------ */

struct visit {
	struct se_doctor *doctor;
	const struct se_account *account;
	bool clock; /* nobody has compared it yet */
	bool over;
};

static void
compare_clocks(const struct visit *visit, int64_t date)
{
	const int64_t off = se_world_system.wall(se_world_system.context) - date;
	const int64_t size = off < 0 ? -off : off;
	struct se_checkup *checkup = &visit->doctor->checkup;

	if (!visit->clock || date == 0)
		return;
	if (size <= CLOCK_WARN)
		se_checkup_fine(checkup, "network-clock", "the clock is right, within %lld s",
			(long long)size);
	else
		se_checkup_add(checkup, "network-clock",
			size > CLOCK_WRONG ? SE_PROBLEM : SE_WARNING, "timedatectl set-ntp true",
			"the clock of this machine is %lld seconds %s%s", (long long)size,
			off < 0 ? "slow" : "fast",
			size > CLOCK_WRONG ? ": signed statements are refused, and tokens seem "
					     "to have ended"
					   : "");
}

/* Bytes of "AADSTS90002: Tenant 'x' not found." of all that Entra says. */
static int
first_sentence(const char *text)
{
	const char *end = text != NULL ? strstr(text, ". ") : NULL;

	return text == NULL ? 0 : end != NULL ? (int)(end - text) : (int)strlen(text);
}

static void
say_no_tenant(const struct visit *visit, const struct se_json *json)
{
	const struct se_value *tenant = &visit->account->value[SE_KEY_TENANT];
	const char *text = se_json_string(json, "error_description");
	char fix[FIX_MAX];

	(void)snprintf(fix, sizeof(fix),
		"write a domain name of the tenant, or its Directory (tenant) ID, in line %u of "
		"%s; "
		"the cloud must be the tenant's, too",
		tenant->line, visit->doctor->config->path);
	se_doctor_then_reload(visit->doctor);
	se_checkup_add(&visit->doctor->checkup, "network-tenant", SE_PROBLEM, fix,
		"account %s: %s knows no tenant %s: %.*s", visit->account->label,
		visit->account->authority, tenant->text != NULL ? tenant->text : "",
		first_sentence(text), text != NULL ? text : "");
}

/* Only where there is one: others have other documents, or none. */
static void
judge_tenant(const struct visit *visit, const struct se_http_response *response)
{
	struct se_json *json = se_json_parse(response->body, response->body_len);

	if (visit->account->authority == NULL)
		; /* no tenant */
	else if (response->status == 200 && se_json_string(json, "token_endpoint") != NULL)
		se_checkup_fine(&visit->doctor->checkup, "network-tenant",
			"account %s: the tenant is known there", visit->account->label);
	else if (response->status == 400 && se_json_has(json, "error"))
		say_no_tenant(visit, json);
	se_json_free(json);
}

/* With a proxy everything but the certificate is between us and it. */
static void
say_no_way(const struct visit *visit, const struct se_error *error)
{
	const bool proxied = visit->account->value[SE_KEY_PROXY].text != NULL;
	const bool certificate = strstr(error->text, "certificate") != NULL;

	se_checkup_add(&visit->doctor->checkup,
		proxied && !certificate ? "network-proxy" : "network-tls", SE_PROBLEM, NULL,
		"account %s: %s", visit->account->label, error->text);
}

/* Bytes of "https://HOST:PORT". */
static int
origin_len(const char *url)
{
	const char *host = strstr(url, "://");

	return (int)(host == NULL ? strlen(url)
				  : (size_t)(host + 3 - url) + strcspn(host + 3, "/?#"));
}

static void
on_answer(void *context, const struct se_http_response *response, const struct se_error *error)
{
	struct visit *visit = context;
	const char *proxy = visit->account->value[SE_KEY_PROXY].text;
	struct se_checkup *checkup = &visit->doctor->checkup;

	visit->over = true;
	if (response == NULL) {
		say_no_way(visit, error);
		return;
	}
	if (proxy != NULL)
		se_checkup_fine(checkup, "network-proxy", "account %s: %s lets us through",
			visit->account->label, proxy);
	se_checkup_fine(checkup, "network-tls",
		"account %s: %.*s answers, and its certificate is trusted", visit->account->label,
		origin_len(visit->account->token_endpoint), visit->account->token_endpoint);
	judge_tenant(visit, response);
	compare_clocks(visit, response->date);
}

static bool
make_url(const struct se_account *account, struct se_buffer *url)
{
	if (account->authority != NULL)
		return se_buffer_addf(url, "%s" CONFIGURATION_OF_TENANT, account->authority);
	return se_buffer_add_text(url, account->token_endpoint);
}

static void
exchange(struct visit *visit, const char *url)
{
	const struct se_world *world = &se_world_system;
	const struct se_account *account = visit->account;
	struct se_http_request request = {
		.url = url,
		.microsoft = account->provider->microsoft,
		.proxy = account->value[SE_KEY_PROXY].text,
		.ca_file = account->value[SE_KEY_CA_FILE].text,
		.deadline = world->monotonic(world->context) + (int64_t)account->timeout * 1000,
	};
	struct se_http *http = se_http_new(world);
	struct se_error error;

	if (http == NULL)
		return;
	if (se_http_start(http, &request, on_answer, visit, &error) == NULL)
		on_answer(visit, NULL, &error);
	while (!visit->over && se_http_turn(http, NULL, 0, TURN_MS))
		;
	se_http_free(http);
}

/* In the child: libcurl's threads and memory are not for a process that forks later. */
static void
visit_authority(struct se_doctor *doctor, void *context)
{
	struct visit *visit = context;
	struct se_buffer url;

	visit->doctor = doctor;
	se_buffer_init(&url, FIX_MAX);
	if (make_url(visit->account, &url))
		exchange(visit, se_buffer_text(&url));
	se_buffer_free(&url);
}

static bool
was_looked_at(const struct se_checkup *checkup, const char *id)
{
	for (size_t i = 0; i < checkup->count; i++)
		if (strcmp(checkup->list[i].id, id) == 0)
			return true;
	return false;
}

static void
reach(struct se_doctor *doctor, const struct se_account *account)
{
	struct visit visit = {
		.account = account, .clock = !was_looked_at(&doctor->checkup, "network-clock")};
	const struct se_doctor_part part = {
		.look = visit_authority,
		.context = &visit,
		.timeout = (int)account->timeout * 1000 + 2000,
		.what = "waiting for the tenant's endpoint",
	};
	struct se_error error;

	if (se_doctor_aside(doctor, &part, &error) != SE_OK)
		se_checkup_add(&doctor->checkup, "network-tls", SE_PROBLEM,
			"look at the network, the firewall and the key \"proxy\"",
			"account %s: asking %s: %s", account->label, account->token_endpoint,
			error.text);
}

/* --- which --------------------------------------------------------------------------------------------------- */

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_way(const struct se_account *a, const struct se_account *b)
{
	return same(a->token_endpoint, b->token_endpoint) && same(a->authority, b->authority) &&
	       same(a->value[SE_KEY_PROXY].text, b->value[SE_KEY_PROXY].text) &&
	       same(a->value[SE_KEY_CA_FILE].text, b->value[SE_KEY_CA_FILE].text);
}

static bool
is_looked_at(const struct se_doctor *doctor, const struct se_account *account)
{
	return (doctor->name == NULL || account == doctor->account) && !account->machine &&
	       account->token_endpoint != NULL && account->unusable == NULL;
}

static bool
came_before(const struct se_doctor *doctor, const struct se_account *account)
{
	for (const struct se_account *other = doctor->config->accounts; other < account; other++)
		if (is_looked_at(doctor, other) && same_way(other, account))
			return true;
	return false;
}

/* The one that the account sends to in most cases: others of its list may never be asked. */
static void
look_at_server(struct se_doctor *doctor, const struct se_account *account)
{
	const char *server = account->servers != NULL ? account->servers[0] : NULL;

	if (server == NULL || strcmp(server, "*") == 0)
		return;
	for (const struct se_account *other = doctor->config->accounts; other < account; other++)
		if (is_looked_at(doctor, other) && other->servers != NULL &&
			same(other->servers[0], server))
			return;
	(void)se_doctor_name_is_found(doctor, server);
}

static void
look_at_account(struct se_doctor *doctor, const struct se_account *account)
{
	const char *proxy = account->value[SE_KEY_PROXY].text;

	look_at_server(doctor, account);
	if (came_before(doctor, account))
		return;
	if (se_doctor_name_is_found(doctor, proxy != NULL ? proxy : account->token_endpoint))
		reach(doctor, account);
	else
		se_checkup_left_out(&doctor->checkup, "network-tls",
			"account %s: whether %s answers", account->label, account->token_endpoint);
}

void
se_doctor_network(struct se_doctor *doctor)
{
	if (doctor->config == NULL) {
		se_checkup_left_out(
			&doctor->checkup, "network-names", "nothing says whom to ask for tokens");
		return;
	}
	for (size_t i = 0; i < doctor->config->account_count; i++)
		if (is_looked_at(doctor, &doctor->config->accounts[i]))
			look_at_account(doctor, &doctor->config->accounts[i]);
}
