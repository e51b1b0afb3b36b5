#include <stdlib.h>
#include <string.h>

#include "engine_fake.h"

#define EXPORTED __attribute__((visibility("default")))

struct se_engine_handle {
	unsigned number;
};

EXPORTED struct engine_fake engine_fake;

#ifdef ENGINE_FAKE_UNBOUND
extern void se_no_library_has_this(void);

EXPORTED void engine_fake_unbound(void);

EXPORTED void
engine_fake_unbound(void)
{
	se_no_library_has_this();
}
#endif

static struct se_engine_handle *
fake_open(const char *configuration, bool users_own)
{
	struct se_engine_handle *handle;

	if (engine_fake.no_memory)
		return NULL;
	handle = malloc(sizeof(*handle));
	if (handle != NULL) {
		handle->number = ++engine_fake.opened;
		engine_fake.handles[handle->number % 16] = handle;
		strncpy(engine_fake.configuration, configuration,
			sizeof(engine_fake.configuration) - 1);
		engine_fake.users_own = users_own;
	}
	return handle;
}

static enum se_code
fake_ask(struct se_engine_handle *handle, const struct se_request *request,
	struct se_answer *answer, struct se_error *error)
{
	const char *fingerprint = "feedbeef";

	engine_fake.asked += handle->number > 0;
	engine_fake.request = *request;
	if (engine_fake.code != SE_OK) {
		error->code = engine_fake.code;
		strncpy(error->text, engine_fake.text, sizeof(error->text) - 1);
		return engine_fake.code;
	}
	if (!engine_fake.empty)
		answer->token = se_secret_new(engine_fake.token, strlen(engine_fake.token));
	strncpy(answer->user, engine_fake.user, sizeof(answer->user) - 1);
	memcpy(answer->fingerprint, fingerprint, sizeof(answer->fingerprint));
	return SE_OK;
}

static void
fake_close(struct se_engine_handle *handle)
{
	engine_fake.closed += handle != NULL;
	free(handle);
}

EXPORTED struct se_engine_module se_engine_module = {
	.abi = SE_ENGINE_ABI,
	.size = sizeof(struct se_engine_module),
	.version = PACKAGE_VERSION,
	.open = fake_open,
	.ask = fake_ask,
	.close = fake_close,
};
