#include <string.h>
#include <strings.h>

#include "engine/policy.h"

static const int64_t century = INT64_C(3153600000); /* seconds */

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

struct se_times
se_policy_times(int64_t now, const struct se_lifetime *lifetime, unsigned chance)
{
	struct se_times times;
	int64_t life = lifetime->expires_in, use, renew;

	if (life < 0)
		life = SE_LIFETIME_DEFAULT;
	life = least(life, century);
	use = life;
	renew = life / 2;
	if (lifetime->refresh_in > 0)
		renew = least(renew, lifetime->refresh_in);
	if (lifetime->roleless && use > SE_ROLELESS_LIFETIME) {
		use = SE_ROLELESS_LIFETIME;
		renew = least(renew, SE_ROLELESS_RENEW);
	}
	if (lifetime->max_age > 0 && use > lifetime->max_age) {
		use = lifetime->max_age;
		renew = least(renew, use * 4 / 5);
	}
	times.obtained = now;
	times.expires = now + life;
	times.usable = now + use;
	times.renew = now + renew - renew * (int64_t)(chance & 255) / 2560; /* up to a tenth */
	return times;
}

bool
se_policy_from_the_future(int64_t then, int64_t now)
{
	return then - now > SE_CLOCK_SLACK;
}

enum se_use
se_policy_judge(const struct se_times *times, int64_t now, unsigned min_lifetime)
{
	int64_t margin = least(min_lifetime, (times->expires - times->obtained) / 4);

	if (se_policy_from_the_future(times->obtained, now))
		return SE_USE_NOT;
	/* `usable` is our own limit on the token's age, so that the server's margin does not
	 * come off it. */
	if (now >= times->usable || now >= times->expires - margin)
		return SE_USE_NOT;
	return now >= times->renew ? SE_USE_AND_RENEW : SE_USE;
}

bool
se_policy_still_valid(const struct se_times *times, int64_t now)
{
	return !se_policy_from_the_future(times->obtained, now) && now < times->expires;
}

unsigned
se_policy_min_lifetime(unsigned min_lifetime, const char *server)
{
	if (strcasecmp(server, "smtp.hve.mx.microsoft") != 0 &&
		strcasecmp(server, "smtp-hve.office365.com") != 0)
		return min_lifetime;
	return min_lifetime > SE_HVE_LIFETIME ? min_lifetime : SE_HVE_LIFETIME;
}

/* Never earlier than the endpoint says. Who was refused together would come back together, and most of
 * them would be refused again: they are spread over a time that is as long once more, or five minutes. */
static unsigned
after_what_was_said(unsigned retry_after, unsigned chance)
{
	unsigned seconds = retry_after < SE_RETRY_AFTER_MAX ? retry_after : SE_RETRY_AFTER_MAX;
	unsigned width = seconds < SE_BACKOFF_MAX ? seconds : SE_BACKOFF_MAX;

	return seconds + width * (chance & 255) / 255;
}

unsigned
se_policy_backoff(enum se_code code, unsigned retry_after, unsigned count, unsigned chance)
{
	unsigned seconds = 1;

	if (retry_after > 0)
		return after_what_was_said(retry_after, chance);
	if (code != SE_AGAIN && code != SE_MEMORY)
		return SE_BACKOFF_MAX;
	for (; count > 1 && seconds < SE_BACKOFF_MAX; count--)
		seconds *= 2;
	if (seconds > SE_BACKOFF_MAX)
		seconds = SE_BACKOFF_MAX;
	return seconds - (seconds / 2 + 1) * (chance & 255) / 256; /* up to a half less */
}
