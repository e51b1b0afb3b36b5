/*
 * doctor_plugin: the parts of doctor's section Plugin.
 */
#ifndef SE_TOOL_DOCTOR_PLUGIN_H
#define SE_TOOL_DOCTOR_PLUGIN_H

#include <limits.h>

#include "tool/doctor.h"
#include "tool/sasl_plugins.h"

#define SE_DOCTOR_PLUGIN_FILE "libsasl-entra.so"

/* The file's name in its directory. */
const char *se_doctor_base_name(const char *path);

/* What is offered by whom, and which mechanism is taken, once the plugin is known to load. */
void se_doctor_offers(struct se_doctor *doctor, const struct se_sasl_plugins *plugins);

#endif
