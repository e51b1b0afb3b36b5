#include <string.h>

#include "engine/cloud.h"
#include "engine/exchange.h"
#include "engine/managed_identity_arc.h"
#include "engine/names.h"
#include "engine/provider.h"
#include "engine/request.h"

enum { RETRY_PAUSE_MS = 1000 }; /* before the one repetition of a request that failed in passing */

static void
end(struct se_exchange *exchange, enum se_code code, struct se_grant *grant,
	const struct se_error *error, int pause)
{
	se_machine_free(&exchange->machine);
	exchange->parts.done(exchange->parts.context, code, grant, error, pause);
}

static enum se_code
start(struct se_exchange *exchange, struct se_http_request *request, se_http_done *done,
	struct se_error *error)
{
	const struct se_exchange_parts *parts = &exchange->parts;
	const struct se_world *world = parts->world;

	request->deadline =
		world->monotonic(world->context) + (int64_t)parts->account->timeout * 1000;
	if (request->deadline > parts->deadline)
		request->deadline = parts->deadline;
	exchange->transfer = se_http_start(parts->http, request, done, exchange, error);
	return exchange->transfer != NULL ? SE_OK : error->code;
}

/* --- the token endpoint ----------------------------------------------------------------------- */

/* A fault in passing is tried once more within the same step, unless the endpoint says when. */
static int
pause_after(const struct se_exchange *exchange, const struct se_error *error)
{
	bool again =
		error->code == SE_AGAIN && error->retry_after == 0 && exchange->parts.tries == 0;

	return again ? RETRY_PAUSE_MS : -1;
}

static void
granted(void *context, const struct se_http_response *response, const struct se_error *trouble)
{
	struct se_exchange *exchange = context;
	const struct se_exchange_parts *parts = &exchange->parts;
	struct se_error error = {0};
	struct se_grant grant;

	exchange->transfer = NULL;
	if (response == NULL) {
		end(exchange, trouble->code, NULL, trouble, pause_after(exchange, trouble));
		return;
	}
	if (se_answer_read(parts->account, parts->login, response->status, response->body,
		    response->body_len, response->retry_after, &grant, &error) != SE_OK)
		end(exchange, error.code, &grant, &error, pause_after(exchange, &error));
	else
		end(exchange, SE_OK, &grant, NULL, -1);
	se_grant_free(&grant);
}

/* `assertion`: a managed identity's token that stands for the app, or NULL. */
static enum se_code
start_grant(struct se_exchange *exchange, const struct se_secret *assertion, struct se_error *error)
{
	const struct se_account *account = exchange->parts.account;
	struct se_request_parts parts = {
		.grant = account->app_only ? SE_GRANT_APP : SE_GRANT_REFRESH,
		.refresh_token = exchange->parts.refresh_token,
		.client_secret = exchange->parts.client_secret,
		.assertion = assertion,
	};
	struct se_http_request request = {
		.url = account->token_endpoint,
		.request_id = exchange->request_id,
		.microsoft = account->provider->microsoft,
		.proxy = account->value[SE_KEY_PROXY].text,
		.ca_file = account->value[SE_KEY_CA_FILE].text,
	};
	enum se_code code =
		se_request_form(account, exchange->parts.world, &parts, &request.body, error);

	return code == SE_OK ? start(exchange, &request, granted, error) : code;
}

/* --- the machine's own endpoint --------------------------------------------------------------- */

static enum se_code ask_machine(struct se_exchange *exchange, struct se_error *error);

/* An app's token is asked for with its /.default scope, which names the resource. */
static enum se_code
machine_resource(
	const struct se_exchange *exchange, char *resource, size_t size, struct se_error *error)
{
	static const char suffix[] = "/.default";
	const struct se_account *account = exchange->parts.account;
	const char *from = account->machine ? account->scope : account->cloud->exchange;
	size_t len = strlen(from);

	if (account->machine && len > strlen(suffix) &&
		strcmp(from + len - strlen(suffix), suffix) == 0)
		len -= strlen(suffix);
	if (len >= size)
		return se_error_set(
			error, SE_CONFIG, "the scope of [account %s] is too long", account->label);
	memcpy(resource, from, len);
	resource[len] = '\0';
	return SE_OK;
}

static void
machine_failed(struct se_exchange *exchange, long status, const struct se_error *error)
{
	int pause = error->code == SE_AGAIN && error->retry_after == 0
			    ? se_machine_pause(status, exchange->parts.tries)
			    : -1;

	end(exchange, error->code, NULL, error, pause);
}

static void
machine_unreachable(struct se_exchange *exchange, const struct se_error *trouble)
{
	struct se_error error;

	se_error_set(&error, trouble->code,
		"no managed identity endpoint answers on this machine: %s. An Azure VM has one, "
		"App Service tells of its own in the environment (agent and tool only), any other "
		"machine needs the Azure Connected Machine agent",
		trouble->text);
	machine_failed(exchange, 0, &error);
}

static void
machine_challenged(struct se_exchange *exchange, const struct se_http_response *response)
{
	struct se_error error = {0};

	exchange->proven = true;
	if (se_arc_answer_challenge(response->challenge, &exchange->machine.header, &error) !=
			SE_OK ||
		ask_machine(exchange, &error) != SE_OK)
		end(exchange, error.code, NULL, &error, -1);
}

static void
machine_answered(
	void *context, const struct se_http_response *response, const struct se_error *trouble)
{
	struct se_exchange *exchange = context;
	const struct se_exchange_parts *parts = &exchange->parts;
	struct se_error error = {0};
	struct se_grant grant;

	exchange->transfer = NULL;
	if (response == NULL) {
		machine_unreachable(exchange, trouble);
		return;
	}
	if (exchange->machine.kind == SE_MACHINE_ARC && response->status == 401 &&
		!exchange->proven) {
		machine_challenged(exchange, response);
		return;
	}
	if (se_machine_answer(&exchange->machine, parts->account, response,
		    parts->world->wall(parts->world->context), &grant, &error) != SE_OK) {
		machine_failed(exchange, response->status, &error);
		return;
	}
	if (parts->account->machine)
		end(exchange, SE_OK, &grant, NULL, -1);
	else if (start_grant(exchange, grant.access_token, &error) != SE_OK)
		end(exchange, error.code, NULL, &error, -1);
	se_grant_free(&grant);
}

static enum se_code
ask_machine(struct se_exchange *exchange, struct se_error *error)
{
	const struct se_account *account = exchange->parts.account;
	char url[SE_MACHINE_URL_MAX], resource[SE_MACHINE_URL_MAX];
	struct se_http_request request = {
		.url = url,
		.header = exchange->machine.header,
		.machine = true,
	};
	enum se_code code = machine_resource(exchange, resource, sizeof(resource), error);

	if (code == SE_OK)
		code = se_machine_url(&exchange->machine,
			account->value[SE_KEY_MANAGED_IDENTITY_ID].text, resource, url, error);
	return code == SE_OK ? start(exchange, &request, machine_answered, error) : code;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool
begins_at_machine(const struct se_account *account)
{
	const char *file = account->value[SE_KEY_FEDERATED_TOKEN_FILE].text;

	return account->machine || (file != NULL && strcmp(file, "managed-identity") == 0);
}

enum se_code
se_exchange_start(
	struct se_exchange *exchange, const struct se_exchange_parts *parts, struct se_error *error)
{
	enum se_code code = SE_OK;

	memset(exchange, 0, sizeof(*exchange));
	exchange->parts = *parts;
	if (!se_request_id_make(parts->world, exchange->request_id))
		return se_error_set(error, SE_INTERNAL, "there is no randomness to be had");
	if (!begins_at_machine(parts->account))
		return start_grant(exchange, NULL, error);
	code = se_machine_find(&exchange->machine, parts->environment, error);
	if (code == SE_OK)
		code = ask_machine(exchange, error);
	if (code != SE_OK)
		se_machine_free(&exchange->machine);
	return code;
}

void
se_exchange_cancel(struct se_exchange *exchange)
{
	struct se_http_transfer *transfer = exchange->transfer;

	exchange->transfer = NULL;
	if (transfer == NULL)
		return;
	se_http_cancel(exchange->parts.http, transfer);
	se_machine_free(&exchange->machine);
}
