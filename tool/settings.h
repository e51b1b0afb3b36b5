/*
 * settings: what holds for an account, key by key, and where that comes from. No secrets: the
 * configuration has only the paths of them.
 */
#ifndef SE_TOOL_SETTINGS_H
#define SE_TOOL_SETTINGS_H

#include "core/buffer.h"
#include "engine/config.h"

enum se_origin {
	SE_ORIGIN_ACCOUNT,     /* written in its section */
	SE_ORIGIN_DEFAULTS,    /* written in [defaults] */
	SE_ORIGIN_ENVIRONMENT, /* Azure's variables, as federated_token_file = env says */
	SE_ORIGIN_CLOUD,       /* what `cloud` presets */
	SE_ORIGIN_PROVIDER,    /* what `provider` presets */
	SE_ORIGIN_DERIVED,     /* follows from other values */
	SE_ORIGIN_DEFAULT
};

struct se_setting {
	const char *key;
	const char *value;
	enum se_origin origin;
	unsigned line; /* of the configuration; 0: not written there */
};

/* In the order of the lines, then what is not written. Valid as long as the configuration. */
struct se_settings {
	struct se_setting list[SE_KEY_COUNT];
	size_t count;
	struct se_buffer servers; /* the words of a preset; belongs to the list */
};

void se_settings_of_account(const struct se_config *config, const struct se_account *account,
	struct se_settings *settings);
void se_settings_of_defaults(const struct se_config *config, struct se_settings *settings);
void se_settings_free(struct se_settings *settings);

/* What [defaults], a cloud and so on are called in --json. */
const char *se_origin_name(enum se_origin origin);

#endif
