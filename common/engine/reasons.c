#include <string.h>

#include "engine/reasons.h"

/* `error`. */
static const struct se_reason errors[] = {
	{"invalid_request", SE_CONFIG, "found the request wrong",
		"Compare tenant, client_id and scope of [account {label}] with the app "
		"registration."},
	{"invalid_client", SE_CONFIG, "refused the app's credential",
		"Compare the credential of [account {label}] with app {app}'s certificates and "
		"secrets."},
	{"invalid_grant", SE_SIGN_IN, "no longer accepts the sign-in", "Sign in again: {sign_in}"},
	{"interaction_required", SE_SIGN_IN, "wants a person to sign in",
		"Sign in again: {sign_in}"},
	{"login_required", SE_SIGN_IN, "wants a person to sign in", "Sign in again: {sign_in}"},
	{"consent_required", SE_SIGN_IN, "misses consent to what the app asks for",
		"Sign in again: {sign_in}; or have an administrator of {tenant} consent "
		"for app {app}."},
	{"unauthorized_client", SE_ADMIN, "does not let this app use this grant",
		"Ask an administrator of {tenant} to look at app {app}."},
	{"access_denied", SE_ADMIN, "denied access",
		"Ask an administrator of {tenant} about app {app}."},
	{"authorization_declined", SE_SIGN_IN, "says that the person declined the sign-in",
		"Sign in again and agree: {sign_in}"},
	{"expired_token", SE_SIGN_IN, "says that the sign-in's code has expired",
		"Start it again: {sign_in}"},
	{"bad_verification_code", SE_SIGN_IN, "does not know the sign-in's code",
		"Start it again: {sign_in}"},
	{"unsupported_response_type", SE_CONFIG, "does not support the kind of sign-in asked for",
		"Look at authorization_endpoint of [account {label}]."},
	{"redirect_uri_mismatch", SE_CONFIG,
		"refused the address that the browser would be sent back to",
		"Register http://localhost for app {app}, as a desktop app has it."},
	{"unsupported_grant_type", SE_CONFIG, "does not know this grant",
		"Look at authority and token_endpoint of [account {label}]."},
	{"invalid_scope", SE_CONFIG, "does not know the scope {scope}",
		"Look at scope and cloud of [account {label}]."},
	{"invalid_resource", SE_CONFIG, "does not know the resource of the scope {scope}",
		"Look at scope and cloud of [account {label}]."},
	{"server_error", SE_AGAIN, "had an error of its own", "It is asked again by itself."},
	{"temporarily_unavailable", SE_AGAIN, "is too busy", "It is asked again by itself."},
};

/* Those that say more than invalid_grant or interaction_required, with which they come. */
static const struct se_reason suberrors[] = {
	{"additional_action", SE_SIGN_IN, "wants the person to do more before signing in",
		"Let the person sign in with a browser once and do what it asks, then: {sign_in}"},
	{"message_only", SE_ADMIN, "refuses this sign-in, and another one would not help",
		"Ask an administrator of {tenant}, with the trace id."},
	{"consent_required", SE_SIGN_IN, "misses consent to what the app asks for",
		"Sign in again: {sign_in}; or have an administrator of {tenant} consent for app "
		"{app}."},
	{"user_password_expired", SE_SIGN_IN, "says that the person's password has expired",
		"Let the person choose a new one, then sign in again: {sign_in}"},
	{"client_mismatch", SE_CONFIG, "says that the refresh token belongs to another app",
		"Look at client_id of [account {label}], or sign in with this app: {sign_in}"},
	{"protection_policy_required", SE_ADMIN, "asks for an app protection policy",
		"Ask an administrator of {tenant} to except app {app} from that policy."},
	{"device_authentication_failed", SE_ADMIN, "could not authenticate the device",
		"Ask an administrator of {tenant} to except app {app} from that policy."},
};

static const struct se_reason *
find(const struct se_reason *table, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].word, word) == 0)
			return &table[i];
	return NULL;
}

const struct se_reason *
se_reason_error(const char *word)
{
	return find(errors, sizeof(errors) / sizeof(errors[0]), word);
}

const struct se_reason *
se_reason_suberror(const char *word)
{
	return find(suberrors, sizeof(suberrors) / sizeof(suberrors[0]), word);
}

const struct se_reason *
se_reason_errors(size_t *count)
{
	*count = sizeof(errors) / sizeof(errors[0]);
	return errors;
}

const struct se_reason *
se_reason_suberrors(size_t *count)
{
	*count = sizeof(suberrors) / sizeof(suberrors[0]);
	return suberrors;
}
