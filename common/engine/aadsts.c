#include "engine/aadsts.h"

#define SIGN_IN_AGAIN "Sign in again: {sign_in}."
#define WAIT "Nothing to do: it is tried again by itself."
#define REPORT_BUG "Please report this as a bug of sasl-entra, with the trace id."
#define ASK_ABOUT_POLICY \
	"The tenant's administrator finds the policy in the sign-in log, by the trace id; the " \
	"sign-in has to be excepted from it, or [account {label}] has to sign in as an app."
#define DEVICE \
	"The tenant's administrator has to except this sign-in from the rule that asks for a " \
	"device, or [account {label}] has to sign in as an app."

/* Sorted by number. */
static const struct se_aadsts table[] = {
	{16000, SE_SIGN_IN, "does not know the signed-in person in tenant {tenant}",
		"Sign in with an account of that tenant: {sign_in}. If the person "
		"is right, the administrator of {tenant} has to invite them, or \"tenant\" in "
		"[account {label}] names the wrong tenant."},
	{28000, SE_CONFIG, "refused a scope that names more than one resource",
		"Write into \"scope\" of [account {label}] only values of one resource, or "
		"remove the line; it is now: {scope}."},
	{28002, SE_CONFIG, "found the scope of the request empty or not valid",
		"Remove \"scope\" from [account {label}], so that the cloud's own is used, or "
		"correct it; it is now: {scope}."},
	{28003, SE_CONFIG, "found the scope of the request empty or not valid",
		"Remove \"scope\" from [account {label}], so that the cloud's own is used, or "
		"correct it; it is now: {scope}."},
	{50000, SE_AGAIN, "could not issue a token because of a fault of its own",
		"Nothing to do at first: it is tried again. If it lasts for hours, open a "
		"support case at Microsoft with the trace id."},
	{50001, SE_CONFIG, "does not know the resource that the scope names, or it is disabled",
		"Check \"scope\" and \"cloud\" of [account {label}]; the scope is now: {scope}."},
	{50011, SE_CONFIG, "refused the address that the browser would be sent back to",
		"Add http://localhost to app {app} in the Entra admin center: Authentication, "
		"platform \"Mobile and desktop applications\"."},
	{50012, SE_CONFIG, "could not verify the app's certificate",
		"Upload the certificate in use to app {app} (Certificates & secrets), or let "
		"[account {label}] name the one that is registered."},
	{50013, SE_CONFIG, "refused the assertion that was sent with the request",
		"Check the credential of [account {label}] against what app {app} has registered."},
	{50020, SE_SIGN_IN,
		"does not know this person in tenant {tenant}: the sign-in belongs to another "
		"tenant or is a personal one",
		"Sign in with an account of {tenant}: {sign_in}. For personal "
		"accounts write tenant = consumers."},
	{50027, SE_CONFIG, "refused the signed assertion because one of its claims is not valid",
		"Check this machine's clock (timedatectl), and \"tenant\" and \"client_id\" of "
		"[account {label}]."},
	{50033, SE_AGAIN, "had a passing fault", WAIT},
	{50034, SE_SIGN_IN, "does not know this person in the directory of {tenant}",
		"Sign in with an account that exists there: {sign_in}. If the "
		"address is right, the tenant's administrator has to create the account."},
	{50048, SE_CONFIG,
		"found an issuer and a subject in the signed assertion that do not agree",
		"Check that \"client_id\" of [account {label}] is the app that the credential "
		"was made for; it is now {app}."},
	{50049, SE_CONFIG, "does not know the host that the request was sent to",
		"Check \"cloud\" and \"authority\" of [account {label}]."},
	{50053, SE_ADMIN,
		"has locked the person's account after wrong passwords, or distrusts the network "
		"address the sign-in comes from",
		"The tenant's administrator has to unblock the account and look at its sign-in "
		"log; more attempts make the lock longer."},
	{50055, SE_SIGN_IN, "says that the person's password has expired",
		"Change the password at https://myaccount.microsoft.com, then: {sign_in}."},
	{50056, SE_SIGN_IN, "has no password on record for this person",
		"Sign in with the browser instead: {sign_in}."},
	{50057, SE_ADMIN, "says that the person's account is disabled",
		"The tenant's administrator has to enable it, or [account {label}] has to use "
		"the sign-in of somebody else."},
	{50058, SE_SIGN_IN, "found nobody signed in", SIGN_IN_AGAIN},
	{50059, SE_CONFIG, "cannot tell which tenant is meant",
		"Write the tenant's domain name or Directory (tenant) ID into \"tenant\" of "
		"[account {label}]."},
	{50072, SE_SIGN_IN, "wants the person to set up multifactor authentication first",
		"Sign in again and follow what the browser shows: {sign_in}."},
	{50074, SE_SIGN_IN, "wants the person to prove the sign-in by a second factor",
		SIGN_IN_AGAIN},
	{50076, SE_SIGN_IN, "wants the person to prove the sign-in by a second factor",
		SIGN_IN_AGAIN},
	{50078, SE_SIGN_IN, "says that the person's multifactor sign-in has expired",
		SIGN_IN_AGAIN},
	{50079, SE_SIGN_IN, "wants the person to set up multifactor authentication first",
		"Sign in again and follow what the browser shows: {sign_in}."},
	{50085, SE_SIGN_IN, "wants the person to sign in at their social network again",
		SIGN_IN_AGAIN},
	{50087, SE_AGAIN, "could not reach its service for second factors", WAIT},
	{50088, SE_AGAIN, "has sent as many phone messages to this person as it may",
		"Wait some minutes, then: {sign_in}."},
	{50089, SE_SIGN_IN, "says that the sign-in took too long and has expired",
		"Start it again: {sign_in}."},
	{50097, SE_ADMIN, "wants the device itself to authenticate, which no mail relay can",
		DEVICE},
	{50105, SE_ADMIN, "says that this person is not assigned to app {app}",
		"The tenant's administrator has to assign the person under Enterprise "
		"applications, {app}, Users and groups; or switch off \"Assignment required\" "
		"there."},
	{50126, SE_SIGN_IN, "refused user name or password",
		"Sign in with the browser: {sign_in}. Nothing is tried again by "
		"itself, so that the account is not locked."},
	{50129, SE_ADMIN, "wants a device that is joined to the organization", DEVICE},
	{50131, SE_ADMIN, "blocked the sign-in by Conditional Access", ASK_ABOUT_POLICY},
	{50132, SE_SIGN_IN,
		"ended the sign-in because the person's password was changed or has expired",
		SIGN_IN_AGAIN},
	{50133, SE_SIGN_IN,
		"ended the sign-in because the person's password was changed or has expired",
		SIGN_IN_AGAIN},
	{50134, SE_SIGN_IN,
		"received the sign-in and the request for the token in two different data centers",
		"Try it again: {sign_in}."},
	{50135, SE_SIGN_IN,
		"wants the person to change the password, because it may be known to others",
		"Change the password at https://myaccount.microsoft.com, then: {sign_in}."},
	{50144, SE_SIGN_IN, "says that the person's Active Directory password has expired",
		"Change the password in the organization's own way, then: {sign_in}."},
	{50147, SE_CONFIG, "found that the proof key of this sign-in (PKCE) does not fit",
		REPORT_BUG},
	{50155, SE_ADMIN, "could not authenticate the device", DEVICE},
	{50158, SE_SIGN_IN, "wants the person to pass a check of another security service",
		SIGN_IN_AGAIN},
	{50173, SE_SIGN_IN, "has revoked the sign-in, for example because the password was changed",
		SIGN_IN_AGAIN},
	{50187, SE_ADMIN, "could not authenticate the device", DEVICE},
	{50194, SE_CONFIG,
		"says that app {app} belongs to one tenant only, and \"tenant\" names none",
		"Write the app's own tenant into \"tenant\" of [account {label}] instead of "
		"common or organizations."},
	{50196, SE_AGAIN, "stopped answering because the same request came too often",
		"Nothing to do: it is tried again after five minutes or more. If it comes back, "
		"look for another program that uses app {app} without keeping its tokens."},
	{50199, SE_SIGN_IN, "wants the person to confirm that the sign-in is meant", SIGN_IN_AGAIN},
	{53000, SE_ADMIN,
		"blocked the sign-in by Conditional Access: the device does not comply with the "
		"organization's rules",
		ASK_ABOUT_POLICY},
	{53001, SE_ADMIN,
		"blocked the sign-in by Conditional Access: the device is not joined to the "
		"domain",
		ASK_ABOUT_POLICY},
	{53002, SE_ADMIN,
		"blocked the sign-in by Conditional Access: app {app} is not an approved one",
		ASK_ABOUT_POLICY},
	{53003, SE_ADMIN, "blocked the sign-in by Conditional Access", ASK_ABOUT_POLICY},
	{53011, SE_ADMIN, "blocked the person in their home tenant because the account is at risk",
		"The administrator of the person's own tenant has to clear the risk in the Entra "
		"admin center."},
	{54005, SE_SIGN_IN, "says that this sign-in's code was used before",
		"Start it again: {sign_in}."},
	{65001, SE_SIGN_IN, "has no consent for app {app} to get mail rights",
		"Sign in and agree: {sign_in}. Where people may not agree for "
		"themselves, the tenant's administrator has to grant admin consent to app {app}."},
	{65002, SE_CONFIG, "does not let one Microsoft app get tokens for another in this way",
		"Register an app of your own and write its Application (client) ID into "
		"\"client_id\" of [account {label}]; it is now {app}."},
	{65004, SE_SIGN_IN, "says that the person declined the app's rights",
		"Sign in again and agree: {sign_in}."},
	{70000, SE_SIGN_IN, "says that the sign-in is not valid (any more)", SIGN_IN_AGAIN},
	{70001, SE_ADMIN, "says that app {app} is disabled in tenant {tenant}",
		"The tenant's administrator has to enable it: Enterprise applications, {app}, "
		"Properties."},
	{70002, SE_CONFIG, "refused the app's credential",
		"Check that {file} holds the value of a secret of app {app}."},
	{70003, SE_CONFIG, "does not support this kind of token request here",
		"Check \"sign_in\", \"authority\" and \"token_endpoint\" of [account {label}]."},
	{70004, SE_CONFIG, "found the address that the browser is sent back to not valid",
		"Add http://localhost to app {app} in the Entra admin center: Authentication, "
		"platform \"Mobile and desktop applications\"."},
	{70007, SE_CONFIG, "does not support the way in which the answer was to come back",
		REPORT_BUG},
	{70008, SE_SIGN_IN, "says that the sign-in has expired or was revoked", SIGN_IN_AGAIN},
	{70011, SE_CONFIG, "found the scope not valid",
		"Remove \"scope\" from [account {label}], so that the cloud's own is used, or "
		"correct it; it is now: {scope}."},
	{70012, SE_AGAIN, "got no answer from Microsoft's servers for personal accounts", WAIT},
	{70016, SE_AGAIN, "is still waiting for the person to sign in",
		"Finish the sign-in in the browser."},
	{70018, SE_AGAIN, "says that a wrong code was typed in the browser",
		"Type the code again, as the sign-in shows it."},
	{70019, SE_SIGN_IN, "says that the code for the browser has expired",
		"Start it again: {sign_in}."},
	{70020, SE_SIGN_IN, "says that the code for the browser has expired or is not valid",
		"Start it again: {sign_in}."},
	{70021, SE_AGAIN,
		"found no federated credential of app {app} that fits the token presented",
		"A credential made minutes ago works by itself soon. Otherwise compare issuer, "
		"subject and audience of the app's federated credential with the token, letter "
		"by letter."},
	{70043, SE_SIGN_IN,
		"ended the sign-in, because the tenant's rules want people to sign in again from "
		"time to time",
		"Sign in again: {sign_in}. Where this keeps coming back, let "
		"[account {label}] sign in as an app, or have it excepted from the sign-in "
		"frequency policy."},
	{80001, SE_AGAIN, "could not check the password with the organization's own servers",
		"It is tried again. If it lasts, the tenant's administrator has to look at the "
		"pass-through authentication agents."},
	{80002, SE_AGAIN, "could not check the password with the organization's own servers",
		"It is tried again. If it lasts, the tenant's administrator has to look at the "
		"pass-through authentication agents."},
	{80005, SE_AGAIN, "could not check the password with the organization's own servers",
		"It is tried again. If it lasts, the tenant's administrator has to look at the "
		"pass-through authentication agents."},
	{80007, SE_AGAIN, "could not check the password with the organization's own servers",
		"It is tried again. If it lasts, the tenant's administrator has to look at the "
		"pass-through authentication agents."},
	{80014, SE_AGAIN, "got the answer of the organization's own servers too late",
		"It is tried again. If it lasts, the tenant's administrator has to look at the "
		"pass-through authentication agents."},
	{90002, SE_CONFIG, "does not know tenant {tenant}",
		"Correct \"tenant\" of [account {label}]; for a tenant of a national cloud write "
		"\"cloud\" too."},
	{90006, SE_AGAIN, "could not reach a server it needs", WAIT},
	{90012, SE_AGAIN, "ran out of time", WAIT},
	{90014, SE_CONFIG, "missed a field in the request", REPORT_BUG},
	{90016, SE_CONFIG, "missed a claim in the request", REPORT_BUG},
	{90019, SE_CONFIG, "cannot tell the tenant from the request",
		"Write the tenant's domain name or Directory (tenant) ID into \"tenant\" of "
		"[account {label}]."},
	{90023, SE_CONFIG, "found the request malformed",
		"Check \"scope\" and \"token_endpoint\" of [account {label}]; if there are none, "
		"please report this as a bug of sasl-entra."},
	{90024, SE_AGAIN, "is short of resources for a moment", WAIT},
	{90033, SE_AGAIN, "could not reach its directory", WAIT},
	{90036, SE_ADMIN, "had a fault behind the scenes that trying again does not cure",
		"The tenant's administrator should open a support case at Microsoft with the "
		"trace id."},
	{90038, SE_CONFIG, "says that tenant {tenant} belongs to another cloud",
		"Write the right \"cloud\" into [account {label}]: global, gcc-high, dod or "
		"china."},
	{90043, SE_CONFIG, "says that the request mixes two national clouds",
		"Write the right \"cloud\" into [account {label}]: global, gcc-high, dod or "
		"china."},
	{90051, SE_CONFIG, "says that the request mixes two national clouds",
		"Write the right \"cloud\" into [account {label}]: global, gcc-high, dod or "
		"china."},
	{90055, SE_AGAIN, "is throttling tenant {tenant}",
		"It is tried again, later and later. If it lasts, look for programs that ask for "
		"tokens too often."},
	{90090, SE_AGAIN, "got no answer from Microsoft Graph", WAIT},
	{90091, SE_AGAIN, "got no answer from Microsoft Graph", WAIT},
	{90092, SE_ADMIN, "had a fault behind the scenes that trying again does not cure",
		"The tenant's administrator should open a support case at Microsoft with the "
		"trace id."},
	{90094, SE_ADMIN, "wants an administrator to agree to the rights of app {app}",
		"The tenant's administrator has to grant admin consent to app {app} (API "
		"permissions)."},
	{90095, SE_ADMIN, "wants an administrator to agree to the rights of app {app}",
		"The tenant's administrator has to grant admin consent to app {app}, or approve "
		"the request for it that waits in the Entra admin center."},
	{90123, SE_ADMIN, "was denied the sign-in by the person's identity provider",
		"The administrator of that identity provider has to allow it, or [account "
		"{label}] has to use another sign-in."},
	{90130, SE_CONFIG, "does not support this request for \"common\" or \"consumers\"",
		"Write the tenant's domain name or Directory (tenant) ID into \"tenant\" of "
		"[account {label}]."},
	{100007, SE_CONFIG, "does not serve this kind of request at a regional endpoint",
		"Remove \"authority\" from [account {label}]."},
	{135010, SE_ADMIN, "does not find the key of the device", DEVICE},
	{135011, SE_ADMIN, "says that the device is disabled", DEVICE},
	{500011, SE_CONFIG,
		"did not find the scope's resource in tenant {tenant}: the scope or the cloud is "
		"wrong, or the tenant has no Exchange Online",
		"Check \"scope\" and \"cloud\" of [account {label}]. If both are right, the "
		"tenant's administrator has to buy or enable Exchange Online there."},
	{501481, SE_CONFIG, "found that the proof key of this sign-in (PKCE) does not fit",
		REPORT_BUG},
	{501491, SE_CONFIG, "found that the proof key of this sign-in (PKCE) does not fit",
		REPORT_BUG},
	{530003, SE_ADMIN,
		"blocked the sign-in because the device is not managed by the organization",
		ASK_ABOUT_POLICY},
	{530032, SE_ADMIN, "blocked the sign-in by a security policy of the tenant",
		ASK_ABOUT_POLICY},
	{530035, SE_ADMIN, "blocked the sign-in by the tenant's security defaults",
		"Security defaults do not allow this sign-in: the tenant's administrator has to "
		"replace them by Conditional Access policies, or [account {label}] has to sign "
		"in as an app."},
	{530036, SE_SIGN_IN,
		"does not accept this way of signing in: Conditional Access forbids it "
		"(authentication flows)",
		"Sign in with a browser instead of a device code: {sign_in} --paste."},
	{650052, SE_ADMIN,
		"says that the tenant has no subscription to the service that the scope names",
		"The tenant's administrator has to enable Exchange Online in {tenant}; check "
		"\"scope\" too, it is now: {scope}."},
	{650056, SE_ADMIN,
		"says that app {app} is not set up fully: a right or the consent is missing",
		"The tenant's administrator has to add the Exchange Online rights to app {app} "
		"(API permissions) and grant admin consent."},
	{650057, SE_ADMIN, "says that app {app} does not list the resource it asks a token for",
		"The tenant's administrator has to add the Exchange Online rights to app {app} "
		"(API permissions) and grant admin consent."},
	{700005, SE_CONFIG,
		"says that the sign-in was made in another tenant than the token is asked from",
		"Correct \"tenant\" of [account {label}], then: {sign_in}."},
	{700011, SE_CONFIG, "does not know app {app} in the organization's directory",
		"Check \"client_id\" and \"tenant\" of [account {label}]. If both are right, the "
		"tenant's administrator has to grant consent to the app."},
	{700016, SE_CONFIG, "does not know app {app} in tenant {tenant}",
		"Check \"client_id\" and \"tenant\" of [account {label}]. If both are right, the "
		"tenant's administrator has to grant admin consent to the app."},
	{700020, SE_SIGN_IN, "needs the person to sign in", SIGN_IN_AGAIN},
	{700021, SE_CONFIG, "says that the signed assertion is for another app than {app}",
		"Check that \"client_id\" and the credential of [account {label}] belong to the "
		"same app."},
	{700022, SE_CONFIG, "refused a scope that names more than one resource",
		"Write only one resource into \"scope\" of [account {label}], or remove the "
		"line; it is now: {scope}."},
	{700023, SE_CONFIG,
		"refused a scope that names no resource, or an assertion made for another "
		"endpoint",
		"Remove \"scope\" from [account {label}], or write it with its resource; then "
		"check \"authority\" and \"cloud\". The scope is now: {scope}."},
	{700024, SE_CONFIG, "says that the signed assertion is not valid at this time",
		"Set this machine's clock (timedatectl); a federated token has to be renewed by "
		"whoever writes its file."},
	{700025, SE_CONFIG, "refused a credential, because app {app} is a public client",
		"Remove \"credential\" and what belongs to it (client_secret_file, certificate) "
		"from [account {label}]; or take the redirect address out of the app's \"Mobile "
		"and desktop applications\" and switch off \"Allow public client flows\"."},
	{700027, SE_CONFIG,
		"could not verify the assertion's signature: the certificate is not registered, "
		"or is not the one in use",
		"Let [account {label}] name the certificate and key that belong together; if "
		"they do, whoever may administer app {app} has to upload the certificate there "
		"(Certificates & secrets)."},
	{700030, SE_CONFIG, "does not accept the subject of the certificate",
		"Use a certificate that is registered for app {app} (Certificates & secrets)."},
	{700082, SE_SIGN_IN,
		"says that the sign-in has expired, because it was not used for 90 days",
		SIGN_IN_AGAIN},
	{700084, SE_CONFIG,
		"says that the sign-in has expired: those of single-page apps last one day",
		"Register http://localhost for app {app} under \"Mobile and desktop "
		"applications\" and not as a single-page app, then: {sign_in}."},
	{700229, SE_CONFIG,
		"takes as federated credential only a token that an app got for itself, not one "
		"of a person",
		"Give [account {label}] the token of a managed identity or an app."},
	{900023, SE_CONFIG, "says that \"{tenant}\" is neither a domain name nor a GUID",
		"Correct \"tenant\" of [account {label}]."},
	{900144, SE_CONFIG, "missed a field in the request", REPORT_BUG},
	{900382, SE_CONFIG, "does not let an app with a credential be used across clouds",
		"Register the app in the tenant's own cloud, and write that \"cloud\" and the "
		"new \"client_id\" into [account {label}]."},
	{900432, SE_CONFIG, "does not let an app with a credential be used across clouds",
		"Register the app in the tenant's own cloud, and write that \"cloud\" and the "
		"new \"client_id\" into [account {label}]."},
	{900561, SE_CONFIG, "takes this request only as POST",
		"Check \"token_endpoint\" of [account {label}]: it is the address of something "
		"else."},
	{901002, SE_CONFIG, "does not take a \"resource\" at this endpoint",
		"Remove \"token_endpoint\" from [account {label}], or write the v2.0 one there."},
	{1000031, SE_ADMIN, "says that app {app} cannot be used now",
		"The tenant's administrator has to look at the app in the Entra admin center, "
		"and open a support case if it is enabled."},
	{5002738, SE_CONFIG, "does not take federated tokens that are signed with elliptic curves",
		"Let the issuer sign with RSA (RS256 or PS256)."},
	{7000012, SE_CONFIG,
		"says that the sign-in was made in another tenant than \"tenant\" names",
		"Correct \"tenant\" of [account {label}], or sign in for the one it names: "
		"{sign_in}."},
	{7000112, SE_ADMIN, "says that app {app} is disabled in tenant {tenant}",
		"The tenant's administrator has to enable it: Enterprise applications, {app}, "
		"Properties."},
	{7000215, SE_CONFIG, "refused the client secret because it is not one of app {app}",
		"Write the secret's Value into {file}, not its Secret ID; if the value is no "
		"longer shown, create a new secret (Certificates & secrets)."},
	{7000218, SE_CONFIG, "wants app {app} to prove itself with a secret",
		"For a sign-in without one, whoever may administer the app has to switch on "
		"\"Allow public client flows\" in the Entra admin center (the app, Authentication, "
		"Settings); otherwise write credential = secret and client_secret_file into "
		"[account {label}]."},
	{7000222, SE_ADMIN, "refused the client secret because it has expired",
		"Create a new secret for app {app} and write its value to {file}; queued mail "
		"then flows by itself."},
	{9001023, SE_CONFIG, "does not support this request for \"common\" or \"consumers\"",
		"Write the tenant's domain name or Directory (tenant) ID into \"tenant\" of "
		"[account {label}]."},
	{9002313, SE_CONFIG, "found the request malformed",
		"Check \"scope\" and \"token_endpoint\" of [account {label}]; if there are none, "
		"please report this as a bug of sasl-entra."},
};

enum { COUNT = sizeof(table) / sizeof(table[0]) };

const struct se_aadsts *
se_aadsts_find(unsigned number)
{
	size_t low = 0, high = COUNT;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table[middle].number == number)
			return &table[middle];
		if (table[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct se_aadsts *
se_aadsts_table(size_t *count)
{
	*count = COUNT;
	return table;
}
