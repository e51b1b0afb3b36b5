/*
 * sasl-entra certificate try: does the tenant take the new certificate?
 */
#include <stdio.h>
#include <string.h>

#include "core/source.h"
#include "core/world.h"
#include "engine/fetch_once.h"

#include "tool/certificate.h"
#include "tool/exit_code.h"

/* Entra says the same of a certificate that it has not got and of one that it got a minute ago. */
static void
explain(const struct se_certificate_place *place, const char *name, struct se_error *error)
{
	struct se_error answer = *error;

	if (strstr(answer.text, "AADSTS700027") != NULL)
		(void)se_error_set(error, SE_CONFIG,
			"%s: Entra does not know the new certificate: it has not been uploaded to "
			"app %s yet, or only now, which may take minutes to be seen. Upload %s and "
			"try again. (%s)",
			name, place->account->value[SE_KEY_CLIENT_ID].text,
			place->certificate.path[SE_UPLOAD], answer.text);
	else
		se_error_about(error, name);
}

static enum se_code
fetch(const struct se_certificate_place *place, const char *name, struct se_error *error)
{
	const struct se_world *world = &se_world_system;
	const struct se_account account = se_certificate_place_account(place, SE_NEW, SE_NEW);
	struct se_grant grant;
	enum se_code code = se_identity_become_owner(place->identity, true, error);

	if (code == SE_OK && !account.app_only)
		return se_error_set(error, SE_CONFIG,
			"%s: account %s has sign_in = user, and a person's sign-in cannot be tried "
			"with another certificate; put it in place with \"sasl-entra certificate "
			"activate\", then see with \"sasl-entra refresh\"",
			name, account.label);
	if (code != SE_OK)
		return code;
	code = se_fetch_once(&account, name, true, world,
		world->monotonic(world->context) + SE_BUDGET_MS, &grant, error);
	se_grant_free(&grant);
	if (code != SE_OK)
		explain(place, name, error);
	return code;
}

int
se_certificate_try(struct se_certificate_place *place, const char *name, bool json)
{
	struct se_certificate_facts facts;
	struct se_error error = {0};
	enum se_code code = se_certificate_place_look(place, SE_NEW, SE_NEW, &facts, &error);

	if (code == SE_OK)
		code = fetch(place, name, &error);
	if (code != SE_OK)
		return se_exit_error(&error);
	if (json)
		return se_certificate_print(false, place->certificate.path[SE_NEW], &facts, NULL);
	fprintf(stderr,
		"%s: Entra takes the new certificate (%s, thumbprint %s).\n"
		"Next: sasl-entra certificate activate %s\n",
		name, facts.subject, facts.sha1_hex, place->account->label);
	return SE_EXIT_OK;
}
