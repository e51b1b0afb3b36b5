#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/assertion.h"
#include "engine/credential_certificate.h"
#include "engine/credential_pair.h"
#include "engine/names.h"

enum { DAY = 86400, WARN_DAYS = 60, SOON_DAYS = 30, URGENT_DAYS = 7 };

static void
write_day(int64_t seconds, char day[40])
{
	time_t when = (time_t)seconds;
	struct tm parts;

	if (gmtime_r(&when, &parts) == NULL || strftime(day, 40, "%Y-%m-%d", &parts) == 0)
		(void)snprintf(day, 40, "?");
}

static enum se_code
judge_dates(const struct se_account *account, const struct se_certificate_facts *facts, int64_t now,
	struct se_error *error)
{
	const char *path = account->value[SE_KEY_CERTIFICATE].text;
	char day[40], today[40];

	write_day(now, today);
	if (now > facts->not_after) {
		write_day(facts->not_after, day);
		return se_error_set(error, SE_CONFIG,
			"the certificate in %s (%s) has expired on %s; make a new one with "
			"\"sasl-entra certificate new %s\" and follow its steps",
			path, facts->subject, day, account->label);
	}
	if (now < facts->not_before) {
		write_day(facts->not_before, day);
		return se_error_set(error, SE_CONFIG,
			"the certificate in %s (%s) is not valid before %s, and this machine's "
			"clock says %s; set the clock (timedatectl) if it is wrong, else wait",
			path, facts->subject, day, today);
	}
	return SE_OK;
}

enum se_code
se_credential_certificate_assert(const struct se_account *account, const struct se_world *world,
	struct se_secret **assertion, struct se_error *error)
{
	struct se_pair pair;
	enum se_code code = se_pair_read(account, &pair, error);

	*assertion = NULL;
	if (code == SE_OK)
		code = judge_dates(account, &pair.facts, world->wall(world->context), error);
	if (code == SE_OK)
		code = se_assertion_make(account, world, pair.key, &pair.facts, assertion, error);
	se_pair_free(&pair);
	return code;
}

enum se_code
se_credential_certificate_look(const struct se_account *account, const struct se_world *world,
	struct se_certificate_facts *facts, enum se_key *about, struct se_error *error)
{
	struct se_pair pair;
	enum se_code code = se_pair_read(account, &pair, error);

	*facts = pair.facts;
	if (about != NULL)
		*about = code != SE_OK ? pair.about : SE_KEY_CERTIFICATE;
	if (code == SE_OK)
		code = judge_dates(account, facts, world->wall(world->context), error);
	se_pair_free(&pair);
	return code;
}

bool
se_credential_certificate_ends(const struct se_account *account,
	const struct se_certificate_facts *facts, const struct se_world *world, char *text,
	size_t size)
{
	int64_t left = facts->not_after - world->wall(world->context);
	int64_t days = left / DAY;
	char day[40];

	if (left < 0 || days > WARN_DAYS)
		return false;
	write_day(facts->not_after, day);
	(void)snprintf(text, size,
		"[account %s] the certificate in %s %s %s, in %lld day%s%s; start with: sasl-entra "
		"certificate new %s",
		account->label, account->value[SE_KEY_CERTIFICATE].text,
		days > SOON_DAYS ? "ends on" : "ends soon, on", day, (long long)days,
		days == 1 ? "" : "s",
		days > URGENT_DAYS ? ", and then no mail is sent" : ": mail stops then",
		account->label);
	return true;
}

bool
se_credential_certificate_warning(
	const struct se_account *account, const struct se_world *world, char *text, size_t size)
{
	struct se_pair pair;
	bool warns;

	if (!se_name_equal(account->value[SE_KEY_CREDENTIAL].text, "certificate") ||
		se_pair_read(account, &pair, NULL) != SE_OK)
		return false;
	warns = se_credential_certificate_ends(account, &pair.facts, world, text, size);
	se_pair_free(&pair);
	return warns;
}
