/* Fuzzes what an authority says of a tenant: an openid-configuration document, or anything else. */
#include <stdlib.h>
#include <string.h>

#include "engine/discovery.h"
#include "engine/identifiers.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size};
	struct se_discovery found;
	struct se_error error;
	enum se_code code;
	char *body = input_text(&input, size);

	se_error_clear(&error);
	code = se_discovery_read(body, size, &found, &error);
	must(memchr(found.tenant_id, '\0', sizeof(found.tenant_id)) != NULL);
	must(memchr(found.instance, '\0', sizeof(found.instance)) != NULL);
	if (code == SE_OK) {
		must(found.tenant_id[0] == '\0' || se_is_guid(found.tenant_id));
		must(found.cloud == NULL || found.instance[0] != '\0');
		must_be_printable(found.instance);
	} else {
		must_explain(&error, SE_AGAIN);
		must(found.cloud == NULL && found.tenant_id[0] == '\0');
	}
	free(body);
	return 0;
}
