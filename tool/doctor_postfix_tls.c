/*
 * doctor: whether a token can go to a server that only says that it is Exchange, or in clear.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "tool/doctor_postfix.h"

#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

enum { ENTRY_MAX = 4096 };

/* The level that holds for a route, and what says so. */
struct level {
	char name[32];
	const char *parameter;
};

/* smtp_tls_policy_maps: the destination as written, then the host. */
static bool
find_policy(const struct se_doctor_postfix *look, const struct se_doctor_route *route,
	struct level *level)
{
	const char *maps = se_doctor_postfix_value(look, route, "smtp_tls_policy_maps"), *at;
	char word[SE_POSTFIX_WORD_MAX];
	struct se_buffer value;
	bool found;

	se_buffer_init(&value, ENTRY_MAX);
	found = se_postfix_maps_get(&look->postfix, maps, route->destination, &value, NULL) ==
			SE_OK ||
		se_postfix_maps_get(&look->postfix, maps, route->host, &value, NULL) == SE_OK;
	at = se_buffer_text(&value);
	if (found && se_postfix_word(&at, word)) {
		(void)se_copy(level->name, sizeof(level->name), word);
		level->parameter = "smtp_tls_policy_maps";
	}
	se_buffer_free(&value);
	return found;
}

static void
find_level(const struct se_doctor_postfix *look, const struct se_doctor_route *route,
	struct level *level)
{
	const char *plain = se_doctor_postfix_value(look, route, "smtp_tls_security_level");

	level->parameter = "smtp_tls_security_level";
	if (find_policy(look, route, level))
		return;
	/* The older two count where there is no level. */
	if (plain[0] == '\0' &&
		se_postfix_yes(se_doctor_postfix_value(look, route, "smtp_enforce_tls")))
		plain = se_postfix_yes(
				se_doctor_postfix_value(look, route, "smtp_tls_enforce_peername"))
				? "verify"
				: "encrypt";
	else if (plain[0] == '\0')
		plain = se_postfix_yes(se_doctor_postfix_value(look, route, "smtp_use_tls"))
				? "may"
				: "none";
	(void)se_copy(level->name, sizeof(level->name), plain);
}

static bool
verifies(const char *level)
{
	return strcmp(level, "secure") == 0 || strcmp(level, "verify") == 0 ||
	       strcmp(level, "dane") == 0 || strcmp(level, "dane-only") == 0 ||
	       strcmp(level, "fingerprint") == 0;
}

static bool
needs_ca(const char *level)
{
	return strcmp(level, "secure") == 0 || strcmp(level, "verify") == 0;
}

static bool
has_ca(const struct se_doctor_postfix *look, const struct se_doctor_route *route)
{
	return se_doctor_postfix_value(look, route, "smtp_tls_CAfile")[0] != '\0' ||
	       se_doctor_postfix_value(look, route, "smtp_tls_CApath")[0] != '\0' ||
	       se_postfix_yes(se_doctor_postfix_value(look, route, "tls_append_default_CA"));
}

static void
say_level(const struct se_doctor_postfix *look, const struct se_doctor_route *route,
	const struct level *level, struct se_buffer *fix)
{
	const bool weak = strcmp(level->name, "encrypt") != 0;

	if (strcmp(level->parameter, "smtp_tls_policy_maps") == 0)
		se_buffer_addf(fix,
			"write \"secure\" for %s in smtp_tls_policy_maps, then postmap "
			"it",
			route->destination);
	else
		se_doctor_postfix_set(look, route->service, level->parameter, "secure", fix);
	if (!has_ca(look, route)) {
		se_buffer_add_text(fix, "\n");
		se_doctor_postfix_set(look, route->service, "smtp_tls_CAfile", SYSTEM_CA, fix);
	}
	se_checkup_add(&look->doctor->checkup, "postfix-tls", weak ? SE_PROBLEM : SE_WARNING,
		se_buffer_text(fix), "%s%s = %s for %s: %s", look->where, level->parameter,
		level->name, route->destination,
		weak ? "the token could go over the network in clear"
		     : "it is not verified whose server it is: the token could go to anybody");
}

/* --- versions ------------------------------------------------------------------------------------- */

/* Exchange takes TLS 1.2 and 1.3 only. */
static bool
protocols_fit(const char *list)
{
	char word[SE_POSTFIX_WORD_MAX];
	bool named = false, fits = false, no_12 = false, no_13 = false;

	while (se_postfix_word(&list, word)) {
		no_12 |= strcasecmp(word, "!TLSv1.2") == 0;
		no_13 |= strcasecmp(word, "!TLSv1.3") == 0;
		if (strcasecmp(word, "<=TLSv1.1") == 0 || strcasecmp(word, "<=TLSv1") == 0)
			return false;
		if (word[0] == '!' || word[0] == '>' || word[0] == '<')
			continue;
		named = true;
		fits |= strcasecmp(word, "TLSv1.2") == 0 || strcasecmp(word, "TLSv1.3") == 0;
	}
	return !(no_12 && no_13) && (!named || fits);
}

static bool
ca_is_there(const struct se_doctor_postfix *look, const struct se_doctor_route *route)
{
	const char *file = se_doctor_postfix_value(look, route, "smtp_tls_CAfile");
	const char *directory = se_doctor_postfix_value(look, route, "smtp_tls_CApath");

	return (file[0] == '\0' || access(file, R_OK) == 0) &&
	       (directory[0] == '\0' || access(directory, R_OK) == 0);
}

void
se_doctor_postfix_tls(struct se_doctor_postfix *look, struct se_doctor_route *route)
{
	struct se_checkup *checkup = &look->doctor->checkup;
	const char *protocols =
		se_doctor_postfix_value(look, route, "smtp_tls_mandatory_protocols");
	struct se_buffer fix;
	struct level level;

	find_level(look, route, &level);
	se_buffer_init(&fix, SE_DOCTOR_FIX_MAX);
	if (!verifies(level.name)) {
		say_level(look, route, &level, &fix);
	} else if (needs_ca(level.name) && (!has_ca(look, route) || !ca_is_there(look, route))) {
		se_doctor_postfix_set(look, route->service, "smtp_tls_CAfile", SYSTEM_CA, &fix);
		se_checkup_add(checkup, "postfix-tls", SE_PROBLEM, se_buffer_text(&fix),
			"%s%s = %s needs certificates of authorities: smtp_tls_CAfile %s",
			look->where, level.parameter, level.name,
			has_ca(look, route) ? "or smtp_tls_CApath cannot be read" : "is not set");
	} else if (!protocols_fit(protocols)) {
		se_doctor_postfix_set(
			look, route->service, "smtp_tls_mandatory_protocols", ">=TLSv1.2", &fix);
		se_checkup_add(checkup, "postfix-tls", SE_PROBLEM, se_buffer_text(&fix),
			"%ssmtp_tls_mandatory_protocols = %s: Exchange Online takes TLS 1.2 and "
			"1.3",
			look->where, protocols);
	} else {
		se_checkup_fine(checkup, "postfix-tls", "%s%s for %s", look->where, level.name,
			route->destination);
	}
	se_buffer_free(&fix);
}
