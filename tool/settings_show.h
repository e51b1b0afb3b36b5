/*
 * settings_show: the configuration that is in effect, in the form of a configuration file, or JSON.
 */
#ifndef SE_TOOL_SETTINGS_SHOW_H
#define SE_TOOL_SETTINGS_SHOW_H

#include <stdbool.h>

#include "core/buffer.h"
#include "engine/config.h"

struct se_settings_view {
	const struct se_config *config;
	const struct se_account *account; /* NULL: all */
	const char *name;                 /* by which it was found */
	const char *pattern;   /* of its match that fits the name; NULL: it is the label */
	const char *socket;    /* where mail programs ask an agent; NULL: nowhere */
	bool agent;            /* something is there */
	const char *state_dir; /* NULL: tokens live in memory */
};

/* What was written stands as it was written; all else is a comment, so that the text may be read as
 * a configuration again. */
void se_settings_show(const struct se_settings_view *view, struct se_buffer *out);
void se_settings_show_json(const struct se_settings_view *view, struct se_buffer *out);

#endif
