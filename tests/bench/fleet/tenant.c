/*
 * tenant: what a token endpoint does to a request. Microsoft says that client credentials above a
 * limit get status 429 with "Retry-After: 60", and does not publish the limit of a workforce tenant;
 * for external tenants it says 200 requests a second, and 20 from one address. A request above the
 * limit does not count against it.
 */
#include "fleet.h"

enum { ROUND_TRIP_MS = 150, MORE_MS = 250, CONNECT_MS = 5000 };

struct tenant
tenant_usual(void)
{
	const struct tenant usual = {.retry_after = 60, .life_min = 3600, .life_max = 5400};

	return usual;
}

static struct fate
out_of_order(const struct tenant *tenant, struct chance *chance)
{
	struct fate fate = {.after = ROUND_TRIP_MS + chance_up_to(chance, MORE_MS)};

	if (tenant->outage == OUTAGE_503)
		fate.status = 503;
	else if (tenant->outage == OUTAGE_SILENT)
		fate.after = CONNECT_MS;
	return fate;
}

struct fate
tenant_ask(struct tenant *tenant, int64_t now, struct chance *chance)
{
	struct fate fate = {.after = ROUND_TRIP_MS + chance_up_to(chance, MORE_MS), .status = 200};

	if (now >= tenant->outage_from && now < tenant->outage_to)
		return out_of_order(tenant, chance);
	if (now / 1000 != tenant->second) {
		tenant->second = now / 1000;
		tenant->granted = 0;
	}
	if (tenant->limit > 0 && tenant->granted >= tenant->limit) {
		fate.status = 429;
		fate.retry_after = tenant->retry_after;
		return fate;
	}
	tenant->granted++;
	fate.life = tenant->life_min +
		    (unsigned)chance_up_to(chance, (int64_t)tenant->life_max - tenant->life_min);
	return fate;
}
