/* http_lookup: which transfers may have their name looked up. libcurl does that in a thread for each,
 * and cannot end one. */
#include <string.h>

#include "engine/http_transfer.h"

struct lookups {
	const struct se_http_transfer *of[SE_HTTP_LOOKUPS_MAX];
	size_t count;
};

bool
se_http_looks_up_name(const struct se_http_transfer *transfer)
{
	curl_off_t looked_up = 0;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
	return looked_up == 0 && !se_http_is_connected(transfer);
}

/* Those under way, given up or not. */
static void
find_lookups(const struct se_http *http, struct lookups *lookups)
{
	const struct se_http_transfer *transfer;

	lookups->count = 0;
	for (transfer = http->transfers; transfer != NULL; transfer = transfer->next)
		if (transfer->admitted && se_http_looks_up_name(transfer) &&
			lookups->count < SE_HTTP_LOOKUPS_MAX)
			lookups->of[lookups->count++] = transfer;
}

static size_t
count_of_name(const struct lookups *lookups, const char *name, bool parked)
{
	size_t i, count = 0;

	for (i = 0; i < lookups->count; i++)
		if ((lookups->of[i]->parked || !parked) && strcmp(lookups->of[i]->name, name) == 0)
			count++;
	return count;
}

/* A machine's own endpoint has an address instead of a name. */
static bool
may_be_looked_up(const struct lookups *lookups, const struct se_http_transfer *transfer)
{
	return transfer->machine ||
	       (lookups->count < SE_HTTP_LOOKUPS_MAX &&
		       count_of_name(lookups, transfer->name, false) < SE_HTTP_PARKED_MAX);
}

struct se_http_transfer *
se_http_next_lookup(const struct se_http *http)
{
	struct se_http_transfer *transfer;
	struct lookups lookups;

	find_lookups(http, &lookups);
	for (transfer = http->transfers; transfer != NULL; transfer = transfer->next)
		if (!transfer->admitted && may_be_looked_up(&lookups, transfer))
			return transfer;
	return NULL;
}

size_t
se_http_hanging_lookups(const struct se_http_transfer *transfer)
{
	const struct se_http *http = transfer->http;
	struct lookups lookups;
	size_t of_name;

	if (transfer->machine)
		return 0;
	if (http->parked >= SE_HTTP_LOOKUPS_MAX)
		return http->parked;
	find_lookups(http, &lookups);
	of_name = count_of_name(&lookups, transfer->name, true);
	return of_name >= SE_HTTP_PARKED_MAX ? of_name : 0;
}
