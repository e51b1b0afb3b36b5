/*
 * setup_postfix_maker: what a plan for Postfix is made with: asks for what is there, and notes a change
 * where something else is wanted. After an error everything does nothing.
 */
#ifndef SE_TOOL_SETUP_POSTFIX_MAKER_H
#define SE_TOOL_SETUP_POSTFIX_MAKER_H

#include "tool/setup_postfix_parts.h"

struct se_maker {
	struct se_postfix_plan *plan;
	struct se_error *error;
	enum se_code code;
	bool service_exists;
};

void se_maker_fail(struct se_maker *maker, const char *what);
void se_maker_change(struct se_maker *maker, const char *option, const char *why, const char *fmt,
	...) SE_PRINTF(4, 5);

/* What postconf(1) prints with that option; "" for nothing, and after an error. */
void se_maker_get(struct se_maker *maker, const char *option, const char *name,
	char value[SE_POSTFIX_VALUE_MAX]);
bool se_maker_is_set(struct se_maker *maker, const char *name);

/* One field of a service of master.cf, as "y"; "" where there is no such service. */
void se_maker_get_field(struct se_maker *maker, const char *service, const char *field,
	char value[SE_POSTFIX_VALUE_MAX]);

/* In main.cf, for all. */
void
se_maker_set_main(struct se_maker *maker, const char *name, const char *value, const char *why);

/* For deliveries to Exchange: in main.cf, or in the service where the rest is not to see it. What
 * the service has of its own counts. */
void
se_maker_get_delivery(struct se_maker *maker, const char *name, char value[SE_POSTFIX_VALUE_MAX]);
void
se_maker_set_delivery(struct se_maker *maker, const char *name, const char *value, const char *why);

#endif
