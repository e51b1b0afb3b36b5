/*
 * doctor: which servers a Postfix hands mail to, by which of its services, and whether an account may
 * use them.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "engine/account.h"

#include "tool/doctor_postfix.h"

enum { ENTRIES_MAX = 1 << 20 };

const struct se_account *
se_doctor_postfix_account_of_host(const struct se_config *config, const char *host)
{
	for (size_t i = 0; config != NULL && i < config->account_count; i++)
		if (se_account_check_server(&config->accounts[i], host, NULL) == SE_OK)
			return &config->accounts[i];
	return NULL;
}

bool
se_doctor_postfix_repeated(const struct se_doctor_postfix *look, size_t route)
{
	for (size_t i = 0; i < route; i++)
		if (look->routes[i].service == look->routes[route].service)
			return true;
	return false;
}

/* --- finding them --------------------------------------------------------------------------------- */

/* [HOST]:PORT, HOST:PORT, [HOST], HOST */
static bool
split_destination(struct se_doctor_route *route)
{
	const char *start = route->destination, *port;
	size_t len;

	if (*start == '[') {
		len = strcspn(++start, "]");
		port = start + len + (start[len] == ']');
	} else {
		len = strcspn(start, ":");
		port = start + len;
	}
	if (len == 0 || len >= sizeof(route->host))
		return false;
	memcpy(route->host, start, len);
	route->host[len] = '\0';
	return *port != ':' || se_copy(route->port, sizeof(route->port), port + 1);
}

static bool
is_known(const struct se_doctor_postfix *look, const struct se_doctor_route *route)
{
	for (size_t i = 0; i < look->route_count; i++)
		if (look->routes[i].service == route->service &&
			strcmp(look->routes[i].destination, route->destination) == 0)
			return true;
	return false;
}

/* TRANSPORT:NEXTHOP, either may be empty; `ours`: only a server of an account counts. */
static void
add_route(struct se_doctor_postfix *look, const char *transport, const char *destination,
	const char *parameter, bool ours)
{
	struct se_doctor_route route = {.parameter = parameter};

	route.service = se_postfix_service(&look->postfix, transport, "unix");
	if (route.service == NULL || strcmp(route.service->command, "smtp") != 0 ||
		!se_copy(route.destination, sizeof(route.destination), destination) ||
		!split_destination(&route) || is_known(look, &route))
		return;
	route.account = se_doctor_postfix_account_of_host(look->doctor->config, route.host);
	if ((ours && route.account == NULL) || look->route_count == SE_DOCTOR_ROUTES_MAX)
		return;
	look->routes[look->route_count++] = route;
}

/* The transport of `value` ("smtp", "exchange:[host]:587", ":[host]"), and where its nexthop is. */
static const char *
split_transport(const char *value, const char *fallback, char transport[128])
{
	const size_t len = strcspn(value, ":");

	(void)snprintf(transport, 128, "%.*s", (int)(len < 127 ? len : 127), value);
	if (transport[0] == '\0')
		(void)se_copy(transport, 128, fallback);
	return value[len] == ':' ? value + len + 1 : "";
}

/* A pattern or a directory has no list of what it may answer: its servers are hidden. */
static void
note_unlisted(struct se_doctor_postfix *look, const char *parameter,
	const struct se_postfix_map *map, const struct se_error *why)
{
	struct se_doctor_unlisted *unlisted = &look->unlisted[look->unlisted_count];

	if (look->unlisted_count == SE_DOCTOR_UNLISTED_MAX)
		return;
	unlisted->parameter = parameter;
	(void)snprintf(unlisted->map, sizeof(unlisted->map), "%.399s", map->name);
	(void)snprintf(unlisted->why, sizeof(unlisted->why), "%.299s", why->text);
	look->unlisted_count++;
}

/* Each value of a list of maps; `relays`: they are nexthops, else TRANSPORT:NEXTHOP. */
static void
add_maps(struct se_doctor_postfix *look, const char *parameter, bool relays, const char *transport)
{
	const char *maps = se_postfix_get(&look->postfix, parameter);
	struct se_postfix_map map;
	struct se_buffer entries;
	struct se_error error;
	char *line, *end, *value;

	while (se_postfix_next_map(&look->postfix, &maps, &map)) {
		se_buffer_init(&entries, ENTRIES_MAX);
		/* One that is empty fails without a word. */
		if (se_postfix_map_all(&look->postfix, &map, &entries, &error) != SE_OK &&
			error.text[0] != '\0')
			note_unlisted(look, parameter, &map, &error);
		for (line = entries.data; line != NULL && *line != '\0'; line = end) {
			char by[128];
			const char *to;

			end = strchr(line, '\n');
			if (end != NULL)
				*end++ = '\0';
			value = strchr(line, '\t');
			if (value == NULL)
				continue;
			value += strspn(value, "\t ");
			to = relays ? value : split_transport(value, transport, by);
			add_route(look, relays ? transport : by,
				to[0] != '\0' || relays ? to : look->routes[0].destination,
				parameter, true);
		}
		se_buffer_free(&entries);
	}
}

void
se_doctor_postfix_routes(struct se_doctor_postfix *look)
{
	const struct se_postfix *postfix = &look->postfix;
	const char *relayhost = se_postfix_get(postfix, "relayhost"), *to;
	char transport[128];

	to = split_transport(se_postfix_get(postfix, "default_transport"), "smtp", transport);
	add_route(look, transport, to[0] != '\0' ? to : relayhost,
		to[0] != '\0' ? "default_transport" : "relayhost", false);
	if (se_postfix_get(postfix, "relay_domains")[0] != '\0') {
		char relay[128];

		to = split_transport(se_postfix_get(postfix, "relay_transport"), "relay", relay);
		add_route(look, relay, to[0] != '\0' ? to : relayhost,
			to[0] != '\0' ? "relay_transport" : "relayhost", false);
	}
	add_maps(look, "sender_dependent_relayhost_maps", true, transport);
	add_maps(look, "sender_dependent_default_transport_maps", false, transport);
	add_maps(look, "transport_maps", false, transport);
}

/* Whoever knows an address can ask for that one. */
void
se_doctor_postfix_say_unlisted(const struct se_doctor_postfix *look)
{
	char program[PATH_MAX + 32];

	(void)se_postfix_command(&look->postfix, "postmap", program, sizeof(program));
	for (size_t i = 0; i < look->unlisted_count; i++) {
		const struct se_doctor_unlisted *unlisted = &look->unlisted[i];

		se_checkup_left_out(&look->doctor->checkup, "postfix-relay",
			"%s%s: the entries of %s cannot be listed (%s), so that the servers in it "
			"are not "
			"looked at; to see where the mail for or of an address goes: %s -q ADDRESS "
			"'%s'",
			look->where, unlisted->parameter, unlisted->map, unlisted->why, program,
			unlisted->map);
	}
}

/* --- judging them --------------------------------------------------------------------------------- */

/* What the destination should be, of `servers`. */
static void
write_destination(const struct se_doctor_route *route, bool host_too, char text[512])
{
	const char *host = route->host;

	if (host_too && route->account != NULL && route->account->servers[0] != NULL &&
		strcmp(route->account->servers[0], "*") != 0)
		host = route->account->servers[0];
	(void)snprintf(text, 512, "[%.255s]:587", host);
}

static void
say_relay(struct se_doctor_postfix *look, const struct se_doctor_route *route, bool host_too,
	const char *why)
{
	struct se_buffer fix;
	char wanted[512];

	write_destination(route, host_too, wanted);
	se_buffer_init(&fix, SE_DOCTOR_FIX_MAX);
	if (strcmp(route->parameter, "relayhost") == 0)
		se_doctor_postfix_set(look, NULL, "relayhost", wanted, &fix);
	else
		se_buffer_addf(&fix, "write %s instead of %s in %s", wanted, route->destination,
			route->parameter);
	se_checkup_add(&look->doctor->checkup, "postfix-relay", SE_PROBLEM, se_buffer_text(&fix),
		"%s%s %s: %s", look->where, route->parameter, route->destination, why);
	se_buffer_free(&fix);
}

static const char *
wrong_port(const struct se_doctor_postfix *look, const struct se_doctor_route *route)
{
	const bool wrapped = se_postfix_yes(
		se_postfix_get_for(&look->postfix, route->service, "smtp_tls_wrappermode"));
	const char *port = route->port;

	if (port[0] == '\0' || strcmp(port, "25") == 0 || strcmp(port, "smtp") == 0)
		return "port 25 takes no login; submission is at port 587";
	if (!wrapped && (strcmp(port, "465") == 0 || strcmp(port, "smtps") == 0 ||
				strcmp(port, "submissions") == 0))
		return "port 465 speaks TLS at once, which needs smtp_tls_wrappermode = yes, and "
		       "Exchange Online has no such port; its submission is at port 587";
	return NULL;
}

/* For the server's section, by a number. */
static void
tell_server(struct se_doctor *doctor, const struct se_doctor_route *route)
{
	const struct servent *service = getservbyname(route->port, "tcp");
	const size_t n = doctor->relay_count;

	if (n == SE_DOCTOR_RELAYS_MAX)
		return;
	(void)se_copy(doctor->relays[n].host, sizeof(doctor->relays[n].host), route->host);
	if (service != NULL)
		(void)snprintf(doctor->relays[n].port, sizeof(doctor->relays[n].port), "%d",
			ntohs((uint16_t)service->s_port));
	else
		(void)se_copy(doctor->relays[n].port, sizeof(doctor->relays[n].port), route->port);
	doctor->relay_count++;
}

/* An account that is known by its entry alone: it may not use that server. */
static const struct se_account *
only_account(const struct se_config *config)
{
	return config != NULL && config->account_count > 0 ? &config->accounts[0] : NULL;
}

bool
se_doctor_postfix_relay(struct se_doctor_postfix *look, struct se_doctor_route *route)
{
	const char *port = wrong_port(look, route);
	const struct se_config *config = look->doctor->config;
	char why[256];

	if (config != NULL && route->account == NULL) {
		route->account = only_account(config);
		(void)snprintf(why, sizeof(why),
			"no account of %.120s may use that server "
			"(servers)",
			config->path);
		say_relay(look, route, true, why);
		return false;
	}
	if (port != NULL) {
		say_relay(look, route, false, port);
	} else {
		tell_server(look->doctor, route);
		se_checkup_fine(&look->doctor->checkup, "postfix-relay", "%s%s %s, by %s",
			look->where, route->parameter, route->destination, route->service->name);
	}
	return true;
}
