#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buffer.h"
#include "engine/environment.h"
#include "engine/managed_identity.h"
#include "engine/percent.h"
#include "engine/urls.h"

#define VM_URL "http://169.254.169.254/metadata/identity/oauth2/token"
#define ARC_URL "http://127.0.0.1:40342/metadata/identity/oauth2/token"
#define ARC_PROGRAM "/opt/azcmagent/bin/himds"

enum { HEADER_MAX = 1024 }; /* bytes */

/* How each kind wants to be asked. */
static const struct {
	const char *version;
	const char *resource_id; /* the parameter's name */
} kinds[] = {
	[SE_MACHINE_VM] = {"2018-02-01", "msi_res_id"},
	[SE_MACHINE_APP_SERVICE] = {"2019-08-01", "mi_res_id"},
	[SE_MACHINE_ARC] = {"2020-06-01", "msi_res_id"},
};

/* --- where it is ------------------------------------------------------------------------------ */

/* Azure's own settings say localhost; a name could be somebody else's, an address cannot. */
static enum se_code
take_url(struct se_machine *machine, const char *text, struct se_error *error)
{
	static const char localhost[] = "http://localhost";
	struct se_buffer url;
	const char *why;

	se_buffer_init(&url, SE_MACHINE_URL_MAX - 1);
	if (strncmp(text, localhost, strlen(localhost)) == 0 &&
		strchr(":/", text[strlen(localhost)]) != NULL)
		se_buffer_addf(&url, "http://127.0.0.1%s", text + strlen(localhost));
	else
		se_buffer_add_text(&url, text);
	why = url.failed ? "it is too long" : se_url_machine_problem(se_buffer_text(&url));
	if (why == NULL)
		memcpy(machine->url, se_buffer_text(&url), url.len + 1);
	se_buffer_free(&url);
	if (why == NULL)
		return SE_OK;
	return se_error_set(error, SE_CONFIG,
		"IDENTITY_ENDPOINT in the environment is not the address of a managed identity "
		"endpoint of this machine: %s",
		why);
}

static enum se_code
take_header(struct se_machine *machine, const char *value, struct se_error *error)
{
	struct se_buffer line;

	if (strlen(value) > HEADER_MAX)
		return se_error_set(error, SE_CONFIG,
			"IDENTITY_HEADER in the environment is too long; leave it as the platform "
			"sets it");
	if (strpbrk(value, "\r\n") != NULL)
		return se_error_set(error, SE_CONFIG,
			"IDENTITY_HEADER in the environment has more than one line; leave it as "
			"the "
			"platform sets it");
	se_buffer_init(&line, SE_MACHINE_URL_MAX);
	se_buffer_addf(&line, "X-IDENTITY-HEADER: %s", value);
	if (!line.failed)
		machine->header = se_secret_new(line.data, line.len);
	se_buffer_free(&line);
	return machine->header != NULL ? SE_OK : se_error_memory(error);
}

static const char *
variable(bool environment, const char *name)
{
	const char *value = environment ? secure_getenv(name) : NULL;

	return value != NULL && value[0] != '\0' ? value : NULL;
}

enum se_code
se_machine_find(struct se_machine *machine, bool environment, struct se_error *error)
{
	const char *endpoint = variable(environment, "IDENTITY_ENDPOINT");
	const char *header = variable(environment, "IDENTITY_HEADER");

	memset(machine, 0, sizeof(*machine));
	if (endpoint != NULL && header != NULL) {
		machine->kind = SE_MACHINE_APP_SERVICE;
		if (take_url(machine, endpoint, error) != SE_OK)
			return error->code;
		return take_header(machine, header, error);
	}
	if (endpoint != NULL && variable(environment, "IMDS_ENDPOINT") != NULL) {
		machine->kind = SE_MACHINE_ARC;
		return take_url(machine, endpoint, error);
	}
	machine->kind = access(ARC_PROGRAM, F_OK) == 0 ? SE_MACHINE_ARC : SE_MACHINE_VM;
	return take_url(machine, machine->kind == SE_MACHINE_ARC ? ARC_URL : VM_URL, error);
}

void
se_machine_free(struct se_machine *machine)
{
	se_secret_free(machine->header);
	memset(machine, 0, sizeof(*machine));
}

/* --- how it is asked -------------------------------------------------------------------------- */

static void
add_identity(const struct se_machine *machine, const char *identity, struct se_buffer *url)
{
	const char *value = strchr(identity, ':');
	size_t len = value != NULL ? (size_t)(value - identity) : 0;

	if (value == NULL)
		return; /* the system's */
	if (strncmp(identity, "resource_id", len) == 0)
		se_buffer_addf(url, "&%s=", kinds[machine->kind].resource_id);
	else
		se_buffer_addf(url, "&%.*s=", (int)len, identity);
	se_percent_encode(url, value + 1, strlen(value + 1));
}

enum se_code
se_machine_url(const struct se_machine *machine, const char *identity, const char *resource,
	char out[SE_MACHINE_URL_MAX], struct se_error *error)
{
	struct se_buffer url;
	bool fits;

	se_buffer_init(&url, SE_MACHINE_URL_MAX - 1);
	se_buffer_addf(&url, "%s%sapi-version=%s&resource=", machine->url,
		strchr(machine->url, '?') != NULL ? "&" : "?", kinds[machine->kind].version);
	se_percent_encode(&url, resource, strlen(resource));
	add_identity(machine, identity, &url);
	fits = !url.failed;
	if (fits)
		memcpy(out, se_buffer_text(&url), url.len + 1);
	se_buffer_free(&url);
	return fits ? SE_OK
		    : se_error_set(error, SE_CONFIG,
			      "the address of the managed identity's request is too long");
}

/* --- when again ------------------------------------------------------------------------------- */

/* Microsoft: 404, 408, 429 and 5xx pass within seconds; 410 means that the service is being
 * updated, for up to 70 s, which is more than one step has: the next step goes on. */
int
se_machine_pause(long status, unsigned tries)
{
	if (status == 410)
		return 10000;
	if (status == 404 || status == 408 || status == 429 || status >= 500)
		return tries < 3 ? 1000 << tries : -1;
	return -1;
}
