#include <stdio.h>
#include <string.h>

#include "engine/cloud.h"
#include "engine/discovery.h"
#include "engine/http.h"
#include "engine/identifiers.h"
#include "engine/json.h"
#include "engine/names.h"
#include "engine/percent.h"

enum { TURN_MS = 1000, URL_SIZE = 2048, DETAIL_SHOWN = 300 };

struct look {
	bool ended;
	enum se_code code;
	struct se_discovery *found;
	struct se_error *error;
	const char *tenant, *host;
};

/* --- the document ------------------------------------------------------------------------------- */

/* https://login.microsoftonline.com/TENANT/v2.0 */
static void
take_tenant_id(const char *issuer, struct se_discovery *found)
{
	const char *path = issuer != NULL ? strstr(issuer, "://") : NULL;

	path = path != NULL ? strchr(path + 3, '/') : NULL;
	if (path == NULL || strlen(path + 1) < SE_TENANT_ID_SIZE - 1)
		return;
	(void)snprintf(found->tenant_id, sizeof(found->tenant_id), "%s", path + 1);
	if (!se_is_guid(found->tenant_id))
		found->tenant_id[0] = '\0';
}

/* The two clouds of the United States' government share an instance; a part of the region tells
 * which. GCC is in the global one. */
static const char *
name_cloud(const char *instance, const char *part)
{
	if (se_name_equal(instance, "microsoftonline.com"))
		return "global";
	if (se_name_equal(instance, "microsoftonline.us"))
		return part != NULL && se_name_equal(part, "DOD") ? "dod" : "gcc-high";
	if (se_name_equal(instance, "partner.microsoftonline.cn") ||
		se_name_equal(instance, "chinacloudapi.cn"))
		return "china";
	return NULL;
}

enum se_code
se_discovery_read(const char *body, size_t len, struct se_discovery *found, struct se_error *error)
{
	struct se_json *json = se_json_parse(body, len);
	const char *instance, *name = NULL;

	memset(found, 0, sizeof(*found));
	if (json == NULL || se_json_string(json, "issuer") == NULL) {
		se_json_free(json);
		return se_error_set(error, SE_AGAIN, "the answer is no OpenID configuration");
	}
	take_tenant_id(se_json_string(json, "issuer"), found);
	instance = se_json_string(json, "cloud_instance_name");
	if (instance != NULL) {
		(void)snprintf(found->instance, sizeof(found->instance), "%s", instance);
		name = name_cloud(instance, se_json_string(json, "tenant_region_sub_scope"));
	}
	if (name != NULL)
		found->cloud = se_cloud_find(name);
	se_text_clean(found->instance);
	se_json_free(json);
	return SE_OK;
}

/* --- asking for it ------------------------------------------------------------------------------ */

/* Entra says with 400 that it has no such tenant, with the number of the reason. */
static enum se_code
refuse(const struct look *look, const struct se_http_response *response)
{
	struct se_json *json = se_json_parse(response->body, response->body_len);
	const char *name = json != NULL ? se_json_string(json, "error") : NULL;
	const char *detail = json != NULL ? se_json_string(json, "error_description") : NULL;
	bool unknown = name != NULL && strcmp(name, "invalid_tenant") == 0;
	enum se_code code;

	if (unknown || (detail != NULL && strstr(detail, "AADSTS90002") != NULL))
		code = se_error_set(look->error, SE_ABSENT, "%s knows no tenant %s (%.*s)",
			look->host, look->tenant, DETAIL_SHOWN, detail != NULL ? detail : name);
	else
		code = se_error_set(look->error, SE_AGAIN,
			"%s answered with HTTP status %ld when it was asked for the tenant %s",
			look->host, response->status, look->tenant);
	se_json_free(json);
	return code;
}

static void
ended(void *context, const struct se_http_response *response, const struct se_error *error)
{
	struct look *look = context;

	look->ended = true;
	if (response == NULL) {
		*look->error = *error;
		look->code = error->code;
	} else if (response->status != 200) {
		look->code = refuse(look, response);
	} else {
		look->code = se_discovery_read(
			response->body, response->body_len, look->found, look->error);
		if (look->code != SE_OK)
			se_error_about(look->error, look->host);
	}
}

static enum se_code
wait_for(struct se_http *http, const struct look *look, const struct se_world *world,
	int64_t deadline, struct se_error *error)
{
	/* libcurl's own deadline comes first, and knows better what went wrong. */
	while (!look->ended && world->monotonic(world->context) < deadline + TURN_MS)
		if (!se_http_turn(http, NULL, 0, TURN_MS))
			break;
	if (look->ended)
		return look->code;
	return se_error_set(
		error, SE_AGAIN, "the answer of %s could not be waited for", look->host);
}

enum se_code
se_discovery_look(const struct se_account *account, const char *origin,
	const struct se_world *world, int64_t deadline, struct se_discovery *found,
	struct se_error *error)
{
	const char *tenant = account->value[SE_KEY_TENANT].text;
	struct look look = {.found = found,
		.error = error,
		.tenant = tenant,
		.host = strstr(origin, "://") != NULL ? strstr(origin, "://") + 3 : origin};
	struct se_http *http = se_http_new(world);
	struct se_http_request request = {
		.microsoft = true,
		.proxy = account->value[SE_KEY_PROXY].text,
		.ca_file = account->value[SE_KEY_CA_FILE].text,
		.deadline = deadline,
	};
	struct se_http_transfer *transfer = NULL;
	struct se_buffer url;
	enum se_code code = SE_OK;

	memset(found, 0, sizeof(*found));
	se_buffer_init(&url, URL_SIZE);
	se_buffer_addf(&url, "%s/", origin);
	se_percent_encode(&url, tenant, strlen(tenant));
	if (!se_buffer_add_text(&url, "/v2.0/.well-known/openid-configuration") || http == NULL)
		code = se_error_memory(error);
	request.url = se_buffer_text(&url);
	if (code == SE_OK &&
		(transfer = se_http_start(http, &request, ended, &look, error)) == NULL)
		code = error->code;
	if (code == SE_OK)
		code = wait_for(http, &look, world, deadline, error);
	if (transfer != NULL && !look.ended)
		se_http_cancel(http, transfer);
	se_http_free(http);
	se_buffer_free(&url);
	return code;
}

enum se_code
se_discovery_search(const struct se_account *account, const struct se_world *world,
	int64_t deadline, struct se_discovery *found, struct se_error *error)
{
	static const char *const names[] = {"global", "gcc-high", "china"};
	struct se_error other, *to = error;
	enum se_code code = SE_ABSENT;

	/* What counts is what the first one says, where nearly everybody is: the others may not even be
	 * reached from here. */
	for (size_t i = 0; code == SE_ABSENT && i < sizeof(names) / sizeof(names[0]); i++) {
		code = se_discovery_look(
			account, se_cloud_find(names[i])->authority, world, deadline, found, to);
		if (i > 0 && code != SE_OK)
			code = SE_ABSENT;
		to = &other;
	}
	return code;
}
