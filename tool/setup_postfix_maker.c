#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tool/setup_postfix_maker.h"

#define SERVICE SE_POSTFIX_TRANSPORT "/unix"

void
se_maker_fail(struct se_maker *maker, const char *what)
{
	if (maker->code == SE_OK)
		maker->code = se_error_set(
			maker->error, SE_CONFIG, "%s: %s", maker->plan->directory, what);
}

void
se_maker_change(struct se_maker *maker, const char *option, const char *why, const char *fmt, ...)
{
	struct se_postfix_plan *plan = maker->plan;
	struct se_postfix_change *last = &plan->change[plan->change_count];
	va_list values;
	int n;

	if (maker->code != SE_OK)
		return;
	if (plan->change_count == SE_POSTFIX_CHANGES_MAX) {
		se_maker_fail(maker, "too many changes");
		return;
	}
	va_start(values, fmt);
	n = vsnprintf(last->text, sizeof(last->text), fmt, values);
	va_end(values);
	if (n < 0 || (size_t)n >= sizeof(last->text)) {
		se_maker_fail(maker, "a value is too long");
		return;
	}
	last->option = option;
	last->why = why;
	plan->change_count++;
}

void
se_maker_get(struct se_maker *maker, const char *option, const char *name,
	char value[SE_POSTFIX_VALUE_MAX])
{
	value[0] = '\0';
	if (maker->code == SE_OK)
		maker->code = se_postfix_ask(maker->plan, option, name, value, maker->error);
}

/* "" where the service has none of its own. */
static void
get_own(struct se_maker *maker, const char *name, char value[SE_POSTFIX_VALUE_MAX])
{
	char full[200];

	value[0] = '\0';
	(void)snprintf(full, sizeof(full), SERVICE "/%s", name);
	if (maker->service_exists)
		se_maker_get(maker, "-Ph", full, value);
}

bool
se_maker_is_set(struct se_maker *maker, const char *name)
{
	char value[SE_POSTFIX_VALUE_MAX];

	se_maker_get(maker, "-hx", name, value);
	return value[0] != '\0';
}

void
se_maker_set_main(struct se_maker *maker, const char *name, const char *value, const char *why)
{
	char before[SE_POSTFIX_VALUE_MAX];

	se_maker_get(maker, "-h", name, before);
	if (strcmp(before, value) != 0)
		se_maker_change(maker, "-e", why, "%s=%s", name, value);
}

/* For deliveries to Exchange: in main.cf, or in the service where the rest is not to see it. What
 * the service has of its own counts. */
void
se_maker_set_delivery(struct se_maker *maker, const char *name, const char *value, const char *why)
{
	char own[SE_POSTFIX_VALUE_MAX], common[SE_POSTFIX_VALUE_MAX];

	get_own(maker, name, own);
	se_maker_get(maker, "-h", name, common);
	if (strcmp(own[0] != '\0' ? own : common, value) == 0)
		return;
	if (maker->plan->isolated || own[0] != '\0')
		se_maker_change(maker, "-P", why, SERVICE "/%s=%s", name, value);
	else
		se_maker_change(maker, "-e", why, "%s=%s", name, value);
}

void
se_maker_get_delivery(struct se_maker *maker, const char *name, char value[SE_POSTFIX_VALUE_MAX])
{
	get_own(maker, name, value);
	if (value[0] == '\0')
		se_maker_get(maker, "-hx", name, value);
}

/* One field of a service, as "y"; "" where there is no such service. */
void
se_maker_get_field(struct se_maker *maker, const char *service, const char *field,
	char value[SE_POSTFIX_VALUE_MAX])
{
	char full[100];

	(void)snprintf(full, sizeof(full), "%s/%s", service, field);
	se_maker_get(maker, "-Fh", full, value);
}
