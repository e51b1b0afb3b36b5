/*
 * module: the engine as the plugin sees it, behind the one struct that engine.so exports.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/world.h"
#include "engine/crypto_errors.h"
#include "engine/engine.h"

struct se_engine_handle {
	struct se_engine *engine;
	/* A host may log in from several threads at once; they take turns. */
	pthread_mutex_t mutex;
	char note[SE_NOTE_MAX + 1]; /* what the engine logged during an ask */
	bool warning;
};

/* Keeps the first line, or the first that warns: one ask rarely has more to say. */
static void
note(void *context, bool warning, const char *text)
{
	struct se_engine_handle *handle = context;

	if (handle->note[0] != '\0' && (handle->warning || !warning))
		return;
	(void)se_copy(handle->note, sizeof(handle->note), text);
	handle->warning = warning;
}

static struct se_engine_handle *
module_open(const char *configuration, bool users_own)
{
	struct se_engine_handle *handle = calloc(1, sizeof(*handle));
	struct se_engine_options options = {
		.role = SE_ROLE_HOST,
		.configuration = configuration,
		.users_own = users_own,
		.world = &se_world_system,
		.log = note,
		.context = handle,
	};

	if (handle == NULL)
		return NULL;
	handle->engine = se_engine_new(&options);
	if (handle->engine == NULL || pthread_mutex_init(&handle->mutex, NULL) != 0) {
		se_engine_free(handle->engine);
		free(handle);
		return NULL;
	}
	return handle;
}

static enum se_code
ask(struct se_engine_handle *handle, const struct se_request *request, struct se_answer *answer,
	struct se_error *error)
{
	enum se_code code;

	handle->note[0] = '\0';
	handle->warning = false;
	code = se_engine_load_if_changed(handle->engine, error);
	if (code != SE_OK && se_engine_config(handle->engine) != NULL) {
		/* Somebody is editing it: what was read before still holds. */
		note(handle, true, error->text);
		code = SE_OK;
	}
	if (code == SE_OK)
		code = se_engine_ask_wait(handle->engine, request, answer, error);
	else
		se_error_about(error, request->login);
	if (code == SE_OK) {
		(void)se_copy(answer->note, sizeof(answer->note), handle->note);
		answer->warning = handle->warning;
	}
	return code;
}

static enum se_code
module_ask(struct se_engine_handle *handle, const struct se_request *request,
	struct se_answer *answer, struct se_error *error)
{
	struct se_crypto_errors hosts;
	enum se_code code;

	memset(answer, 0, sizeof(*answer));
	if (pthread_mutex_lock(&handle->mutex) != 0)
		return se_error_set(error, SE_INTERNAL, "the engine's lock failed");
	se_crypto_errors_take(&hosts);
	code = ask(handle, request, answer, error);
	se_crypto_errors_put_back(&hosts);
	(void)pthread_mutex_unlock(&handle->mutex);
	return code;
}

static void
module_close(struct se_engine_handle *handle)
{
	struct se_crypto_errors hosts;

	if (handle == NULL)
		return;
	se_crypto_errors_take(&hosts);
	se_engine_free(handle->engine);
	se_crypto_errors_put_back(&hosts);
	(void)pthread_mutex_destroy(&handle->mutex);
	se_wipe(handle, sizeof(*handle));
	free(handle);
}

extern const struct se_engine_module se_engine_module;

__attribute__((visibility("default"))) const struct se_engine_module se_engine_module = {
	.abi = SE_ENGINE_ABI,
	.size = sizeof(struct se_engine_module),
	.version = PACKAGE_VERSION,
	.open = module_open,
	.ask = module_ask,
	.close = module_close,
};
