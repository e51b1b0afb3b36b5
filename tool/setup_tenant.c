#include <stdio.h>
#include <string.h>

#include "core/source.h"
#include "core/world.h"
#include "engine/cloud.h"
#include "engine/names.h"

#include "tool/setup.h"

/* Those that stand for more than one. */
static bool
is_shared(const char *tenant)
{
	return se_name_equal(tenant, "common") || se_name_equal(tenant, "organizations") ||
	       se_name_equal(tenant, "consumers");
}

static enum se_code
ask(const struct se_setup *setup, struct se_discovery *found, struct se_error *error)
{
	const struct se_world *world = &se_world_system;
	const int64_t deadline = world->monotonic(world->context) + SE_BUDGET_MS;
	const char *origin = se_setup_value(setup, SE_KEY_AUTHORITY);
	const char *cloud = se_setup_value(setup, SE_KEY_CLOUD);
	const struct se_cloud *known = cloud != NULL ? se_cloud_find(cloud) : NULL;
	struct se_account account = {.label = setup->label};

	account.value[SE_KEY_TENANT].text = se_setup_value(setup, SE_KEY_TENANT);
	account.value[SE_KEY_PROXY].text = se_setup_value(setup, SE_KEY_PROXY);
	account.value[SE_KEY_CA_FILE].text = se_setup_value(setup, SE_KEY_CA_FILE);
	if (origin == NULL && known != NULL)
		origin = known->authority;
	if (origin == NULL)
		return se_discovery_search(&account, world, deadline, found, error);
	return se_discovery_look(&account, origin, world, deadline, found, error);
}

/* The two of the United States' government share an authority, which may not tell them apart. */
static enum se_code
compare(const struct se_setup *setup, struct se_error *error)
{
	const char *said = se_setup_value(setup, SE_KEY_CLOUD);
	const struct se_cloud *cloud = said != NULL ? se_cloud_find(said) : NULL;
	const struct se_cloud *found = setup->tenant.cloud;

	if (cloud == NULL || found == NULL || strcmp(cloud->authority, found->authority) == 0)
		return SE_OK;
	return se_error_set(error, SE_CONFIG,
		"tenant %s is in the cloud %s, and not in %s: leave --cloud (and the key cloud) "
		"out, "
		"or say --cloud %s",
		se_setup_value(setup, SE_KEY_TENANT), found->name, cloud->name, found->name);
}

static void
report(const struct se_setup *setup)
{
	const struct se_discovery *tenant = &setup->tenant;

	fprintf(stderr, "Tenant %s: cloud %s\n  id %s\n", se_setup_value(setup, SE_KEY_TENANT),
		tenant->cloud != NULL         ? tenant->cloud->name
		: tenant->instance[0] != '\0' ? tenant->instance
					      : "not said",
		tenant->tenant_id[0] != '\0' ? tenant->tenant_id : "not said");
}

static enum se_code
go_on_without(struct se_setup *setup, struct se_error *error)
{
	if (se_setup_value(setup, SE_KEY_CLOUD) == NULL) {
		struct se_error cause = *error;

		return se_error_set(error, SE_AGAIN,
			"the tenant %s cannot be looked up: %s. Try again later, or say in which "
			"cloud it is: --cloud global",
			se_setup_value(setup, SE_KEY_TENANT), cause.text);
	}
	fprintf(stderr, "sasl-entra: warning: the tenant %s cannot be looked up: %s\n",
		se_setup_value(setup, SE_KEY_TENANT), error->text);
	setup->offline = true;
	return SE_OK;
}

enum se_code
se_setup_look_up(struct se_setup *setup, struct se_error *error)
{
	const char *tenant = se_setup_value(setup, SE_KEY_TENANT);
	const char *provider = se_setup_value(setup, SE_KEY_PROVIDER);
	enum se_code code;

	if (setup->looked_up || setup->offline || tenant == NULL || is_shared(tenant) ||
		(provider != NULL && !se_name_equal(provider, "entra")))
		return SE_OK;
	code = ask(setup, &setup->tenant, error);
	if (code == SE_ABSENT) {
		error->code = SE_CONFIG;
		return SE_CONFIG;
	}
	if (code != SE_OK)
		return go_on_without(setup, error);
	code = compare(setup, error);
	setup->looked_up = code == SE_OK;
	if (code == SE_OK)
		report(setup);
	return code;
}
