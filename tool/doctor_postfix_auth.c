/*
 * doctor: whether smtp(8) would log in at all: switched on, and by our mechanism.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tool/doctor_postfix.h"

enum { ENTRY_MAX = 64 << 10 };

bool
se_doctor_postfix_auth(struct se_doctor_postfix *look, struct se_doctor_route *route)
{
	if (!se_postfix_yes(se_doctor_postfix_value(look, route, "smtp_sasl_auth_enable"))) {
		se_doctor_postfix_say(look, route, "postfix-auth", SE_PROBLEM,
			"smtp_sasl_auth_enable", "yes", "mail is handed over without a login");
		return false;
	}
	if (strcmp(se_doctor_postfix_value(look, route, "smtp_sasl_type"), "cyrus") != 0) {
		se_doctor_postfix_say(look, route, "postfix-auth", SE_PROBLEM, "smtp_sasl_type",
			"cyrus", "only Cyrus SASL has plugins");
		return false;
	}
	se_checkup_fine(&look->doctor->checkup, "postfix-auth", "%s%s logs in, by Cyrus SASL",
		look->where, route->service->name);
	return true;
}

/* --- mechanisms ----------------------------------------------------------------------------------- */

/* What string_list(3) of Postfix does with it; the first match decides. */
static bool
filter_takes(const struct se_postfix *postfix, const char *filter, const char *mechanism)
{
	char word[SE_POSTFIX_WORD_MAX];
	const char *at = filter;

	while (se_postfix_word(&at, word)) {
		const bool no = word[0] == '!';
		const char *pattern = word + no;
		struct se_buffer value;
		bool hit = strcasecmp(pattern, mechanism) == 0;

		if (!hit && strchr(pattern, ':') != NULL) {
			se_buffer_init(&value, ENTRY_MAX);
			hit = se_postfix_maps_get(postfix, pattern, mechanism, &value, NULL) ==
			      SE_OK;
			se_buffer_free(&value);
		}
		/* A file of patterns is not looked into. */
		if (hit || pattern[0] == '/')
			return !no;
	}
	return false;
}

/* What neither XOAUTH2 nor OAUTHBEARER can do. */
static const char *const cannot[] = {
	"noactive", "nodictionary", "forward_secrecy", "mutual_auth", NULL};

static bool
options_exclude(const struct se_doctor_postfix *look, const struct se_doctor_route *route,
	const char *parameter, const char **option)
{
	for (size_t i = 0; cannot[i] != NULL; i++) {
		*option = cannot[i];
		if (se_postfix_list_has(se_doctor_postfix_value(look, route, parameter), cannot[i]))
			return true;
	}
	return false;
}

bool
se_doctor_postfix_mechanisms(struct se_doctor_postfix *look, struct se_doctor_route *route)
{
	const char *filter = se_doctor_postfix_value(look, route, "smtp_sasl_mechanism_filter");
	/* The first holds without TLS; the second has its value where it is not set. */
	static const char *const parameters[] = {
		"smtp_sasl_tls_security_options", "smtp_sasl_security_options"};
	const char *option;
	char why[128];

	if (filter[0] != '\0' && !filter_takes(&look->postfix, filter, "XOAUTH2") &&
		!filter_takes(&look->postfix, filter, "OAUTHBEARER")) {
		se_doctor_postfix_say(look, route, "postfix-mechanisms", SE_PROBLEM,
			"smtp_sasl_mechanism_filter", "xoauth2",
			"it leaves out XOAUTH2, the mechanism that Exchange takes tokens by");
		return false;
	}
	if (options_exclude(look, route, parameters[0], &option)) {
		const bool same = options_exclude(look, route, parameters[1], &option);

		(void)snprintf(
			why, sizeof(why), "%s leaves out every mechanism that has tokens", option);
		se_doctor_postfix_say(look, route, "postfix-mechanisms", SE_PROBLEM,
			same ? parameters[1] : parameters[0], "noplaintext, noanonymous", why);
		return false;
	}
	se_checkup_fine(&look->doctor->checkup, "postfix-mechanisms", "%s%s may use XOAUTH2",
		look->where, route->service->name);
	return true;
}

void
se_doctor_postfix_cache(struct se_doctor_postfix *look, struct se_doctor_route *route)
{
	if (se_doctor_postfix_value(look, route, "smtp_sasl_auth_cache_name")[0] != '\0')
		se_doctor_postfix_say(look, route, "postfix-auth-cache", SE_WARNING,
			"smtp_sasl_auth_cache_name", "",
			"one login that fails is remembered with the map's password, which never "
			"changes: for 90 days none is tried again");
	else
		se_checkup_fine(&look->doctor->checkup, "postfix-auth-cache",
			"%s%s remembers no failed logins", look->where, route->service->name);
}
