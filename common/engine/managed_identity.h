/*
 * managed_identity: the endpoint from which a machine in Azure, or one that Azure Arc knows, gets
 * tokens of its own identity, with no secret at all: where it is, how it is asked, and when again.
 * Source: Microsoft, "How to use managed identities on an Azure VM to acquire an access token",
 * "How to use managed identities for App Service", "Authenticate against Azure resources with
 * Azure Arc-enabled servers".
 */
#ifndef SE_ENGINE_MANAGED_IDENTITY_H
#define SE_ENGINE_MANAGED_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"
#include "engine/answer.h"
#include "engine/config.h"
#include "engine/http.h"

enum { SE_MACHINE_URL_MAX = 2048 };

enum se_machine_kind {
	SE_MACHINE_VM,          /* the instance metadata service, 169.254.169.254 */
	SE_MACHINE_APP_SERVICE, /* App Service, Functions, Container Apps */
	SE_MACHINE_ARC          /* the Azure Connected Machine agent, 127.0.0.1:40342 */
};

struct se_machine {
	enum se_machine_kind kind;
	char url[SE_MACHINE_URL_MAX]; /* without a query */
	struct se_secret *header;     /* App Service's own, or the proof for Arc; NULL: none */
};

/* Finds out where this machine is. `environment`: whether this process may believe its own
 * (IDENTITY_ENDPOINT, IDENTITY_HEADER, IMDS_ENDPOINT): the agent and the tool may, a host does
 * not. se_machine_free() frees what is in it, also after an error. */
enum se_code se_machine_find(struct se_machine *machine, bool environment, struct se_error *error);
void se_machine_free(struct se_machine *machine);

/* The whole URL: for the identity (a value of managed_identity_id) and the resource, such as
 * https://outlook.office365.com. SE_INTERNAL when it does not fit. */
enum se_code se_machine_url(const struct se_machine *machine, const char *identity,
	const char *resource, char url[SE_MACHINE_URL_MAX], struct se_error *error);

/* Reads the answer. `now` in seconds since 1970, because some say when a token ends and not how
 * long it lasts. A token of another identity than was asked for is refused. */
enum se_code se_machine_answer(const struct se_machine *machine, const struct se_account *account,
	const struct se_http_response *response, int64_t now, struct se_grant *grant,
	struct se_error *error);

/* Milliseconds until the same request is worth another try within one step, -1: none. `tries`: how
 * often it has been tried again. */
int se_machine_pause(long status, unsigned tries);

#endif
