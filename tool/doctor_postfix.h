/*
 * doctor_postfix: what the parts of doctor's Postfix section share: one instance, and each way from a
 * service of its master.cf to a server that one of our accounts serves.
 */
#ifndef SE_TOOL_DOCTOR_POSTFIX_H
#define SE_TOOL_DOCTOR_POSTFIX_H

#include "tool/doctor.h"
#include "tool/postfix_config.h"
#include "tool/postfix_map.h"

enum {
	SE_DOCTOR_ROUTES_MAX = 16,
	SE_DOCTOR_UNLISTED_MAX = 8,
	SE_DOCTOR_FIX_MAX = 2 * PATH_MAX + 1024
};

/* How mail gets to a server. */
struct se_doctor_route {
	const struct se_postfix_service *service; /* "smtp", "relay", a dedicated one */
	char destination[320];                    /* as written: "[smtp.office365.com]:587" */
	char host[SE_SERVER_MAX + 1];
	char port[16];         /* "" where none is written */
	const char *parameter; /* what names it: "relayhost", "transport_maps" */
	const struct se_account
		*account;            /* one that may use the host, or that has the entry; NULL */
	char login[SE_NAME_MAX + 1]; /* of the password map, once that is known; else "" */
};

/* A map that cannot say what is in it (regexp, ldap ...). */
struct se_doctor_unlisted {
	const char *parameter;
	char map[400], why[300]; /* as in main.cf, and in Postfix's words; cut where longer */
};

struct se_doctor_postfix {
	struct se_doctor *doctor;
	struct se_postfix postfix;
	struct se_doctor_route routes[SE_DOCTOR_ROUTES_MAX];
	size_t route_count;
	struct se_doctor_unlisted unlisted[SE_DOCTOR_UNLISTED_MAX];
	size_t unlisted_count;
	char where[PATH_MAX + 4]; /* "DIR: " where there are several instances, else "" */
	bool running;             /* so that a change is to be followed by a reload */
};

/* --- finding the routes --------------------------------------------------------------------------- */

/* Fills `routes`: relayhost and what maps send to servers of our accounts. */
void se_doctor_postfix_routes(struct se_doctor_postfix *look);
/* The maps in which servers may be hidden. */
void se_doctor_postfix_say_unlisted(const struct se_doctor_postfix *look);
/* Where no route says which account, the entry of the password map does. */
const struct se_account *
se_doctor_postfix_account_of_host(const struct se_config *config, const char *host);
/* Whether an earlier route has the same service: what is checked once a service has been. */
bool se_doctor_postfix_repeated(const struct se_doctor_postfix *look, size_t route);

/* --- what to type --------------------------------------------------------------------------------- */

/* Appends the command that sets the parameter where it is set now: in main.cf, or in master.cf for the
 * service (NULL: main.cf); and a reload, where Postfix runs. */
void se_doctor_postfix_set(const struct se_doctor_postfix *look,
	const struct se_postfix_service *service, const char *name, const char *value,
	struct se_buffer *fix);
/* The value for the route's service. */
const char *se_doctor_postfix_value(const struct se_doctor_postfix *look,
	const struct se_doctor_route *route, const char *name);
/* A complaint about one parameter of the route's service, with the command that gives it `value`. */
void se_doctor_postfix_say(struct se_doctor_postfix *look, const struct se_doctor_route *route,
	const char *id, enum se_verdict verdict, const char *name, const char *value,
	const char *why);
/* Appends the reload alone. */
void se_doctor_postfix_reload(const struct se_doctor_postfix *look, struct se_buffer *fix);

/* --- the checks of one route. Each returns false when what follows would be its consequence. ------- */

bool se_doctor_postfix_relay(struct se_doctor_postfix *look, struct se_doctor_route *route);
bool se_doctor_postfix_auth(struct se_doctor_postfix *look, struct se_doctor_route *route);
bool se_doctor_postfix_mechanisms(struct se_doctor_postfix *look, struct se_doctor_route *route);
bool se_doctor_postfix_passwords(struct se_doctor_postfix *look, struct se_doctor_route *route);
void se_doctor_postfix_cache(struct se_doctor_postfix *look, struct se_doctor_route *route);
void se_doctor_postfix_tls(struct se_doctor_postfix *look, struct se_doctor_route *route);
void se_doctor_postfix_concurrency(struct se_doctor_postfix *look, struct se_doctor_route *route);
void se_doctor_postfix_senders(struct se_doctor_postfix *look, struct se_doctor_route *route);
/* Mail that waits for any of this. */
void se_doctor_postfix_queue(struct se_doctor_postfix *look);
/* The chroot and the token; `ask`: a token is worth asking for. */
void
se_doctor_postfix_token(struct se_doctor_postfix *look, struct se_doctor_route *route, bool ask);

#endif
