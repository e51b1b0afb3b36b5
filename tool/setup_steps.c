/*
 * Sources: Microsoft, "Authenticate an IMAP, POP or SMTP connection using OAuth", "Role Based Access
 * Control for Applications in Exchange Online", "Enable or disable authenticated client SMTP
 * submission", "Connect to Exchange Online PowerShell", "Microsoft Graph national cloud deployments".
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/source.h"
#include "engine/cloud.h"
#include "engine/names.h"
#include "engine/places.h"

#include "tool/setup_steps.h"
#include "tool/wrap.h"

enum { INDENT = 3, SENTENCE_MAX = 1000 };

static const struct {
	const char *cloud, *portal, *exchange, *graph; /* the last two as options of the cmdlets */
} clouds[] = {
	{"global", "https://entra.microsoft.com", "", ""},
	{"gcc-high", "https://portal.azure.us", " -ExchangeEnvironmentName O365USGovGCCHigh",
		" -Environment USGov"},
	{"dod", "https://portal.azure.us", " -ExchangeEnvironmentName O365USGovDoD",
		" -Environment USGovDoD"},
	{"china", "https://portal.azure.cn", " -ExchangeEnvironmentName O365China",
		" -Environment China"},
};

static size_t
cloud_of(const struct se_account *account)
{
	for (size_t i = 0; account->cloud != NULL && i < sizeof(clouds) / sizeof(clouds[0]); i++)
		if (strcmp(clouds[i].cloud, account->cloud->name) == 0)
			return i;
	return 0;
}

bool
se_steps_url(const struct se_account *account, const char *page, char *url, size_t size)
{
	const char *id = account->value[SE_KEY_CLIENT_ID].text;
	int n = snprintf(url, size,
		"%s/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/%s/appId/%s",
		clouds[cloud_of(account)].portal, page, id != NULL ? id : "CLIENT_ID");

	return n > 0 && (size_t)n < size;
}

/* --- how it looks --------------------------------------------------------------------------------- */

static void SE_PRINTF(3, 4)
	say(const struct se_steps *steps, struct se_buffer *out, const char *fmt, ...)
{
	char text[SENTENCE_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	se_buffer_addf(out, "%*s", INDENT, "");
	se_wrap(text, strlen(text), INDENT, steps->width, out);
	se_buffer_add_text(out, "\n");
}

/* A line to copy. */
static void SE_PRINTF(2, 3) type(struct se_buffer *out, const char *fmt, ...)
{
	char text[SENTENCE_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	se_buffer_addf(out, "%*s%s\n", 2 * INDENT, "", text);
}

static void
head(struct se_buffer *out, unsigned *number, const char *text)
{
	se_buffer_addf(out, "%s%u. %s\n", *number > 0 ? "\n" : "", *number + 1, text);
	(*number)++;
}

static void
go(const struct se_steps *steps, struct se_buffer *out, const char *page)
{
	char url[400];

	if (se_steps_url(steps->account, page, url, sizeof(url)))
		type(out, "%s", url);
}

/* --- whom it is about ----------------------------------------------------------------------------- */

/* The default is a person's; an app reads mail only where that is said. */
static bool
serves(const struct se_account *account, const char *service)
{
	if (account->app_only && account->value[SE_KEY_SERVICES].line == 0)
		return se_name_equal(service, "smtp");
	for (size_t i = 0; account->services != NULL && account->services[i] != NULL; i++)
		if (se_name_equal(account->services[i], service))
			return true;
	return false;
}

static bool
is(const struct se_account *account, const char *credential)
{
	return se_name_equal(account->value[SE_KEY_CREDENTIAL].text, credential);
}

static void
choose_mailbox(const struct se_account *account, char *mailbox, size_t size)
{
	const char *identity = account->value[SE_KEY_IDENTITY].text;

	(void)snprintf(mailbox, size, "MAILBOX");
	for (size_t i = 0; account->match != NULL && account->match[i] != NULL; i++)
		if (strchr(account->match[i], '*') == NULL) {
			(void)snprintf(mailbox, size, "%s", account->match[i]);
			return;
		} else if (strncmp(account->match[i], "*@", 2) == 0) {
			(void)snprintf(mailbox, size, "MAILBOX%s", account->match[i] + 1);
		}
	if (identity != NULL)
		(void)snprintf(mailbox, size, "%s", identity);
}

/* A mailbox to show commands with: one that the account names, else one at its domain. */
void
se_steps_mailbox(const struct se_account *account, char *mailbox, size_t size)
{
	char name[SE_NAME_MAX + 1];
	struct se_buffer word;

	choose_mailbox(account, name, sizeof(name));
	se_buffer_init(&word, size);
	se_places_word(&word, name, "MAILBOX");
	(void)snprintf(mailbox, size, "%s", word.len > 0 ? se_buffer_text(&word) : "MAILBOX");
	se_buffer_free(&word);
}

/* How commands call the app and its enterprise application, and how the latter is found: by the client
 * id where we have it; of a machine's own identity by what is known of it. */
struct principal {
	char app[64], id[16];
	char find[400];
};

static void
choose_principal(const struct se_account *account, struct principal *principal)
{
	const char *client = account->value[SE_KEY_CLIENT_ID].text;
	const char *machine = account->value[SE_KEY_MANAGED_IDENTITY_ID].text;
	const size_t size = sizeof(principal->find);

	if (!account->machine && client != NULL) {
		(void)snprintf(principal->app, sizeof(principal->app), "%s", client);
		(void)snprintf(principal->id, sizeof(principal->id), "$id");
		(void)snprintf(principal->find, size,
			"$id = (Get-MgServicePrincipal -Filter \"appId eq '%s'\").Id", client);
		return;
	}
	(void)snprintf(principal->app, sizeof(principal->app), "$sp.AppId");
	(void)snprintf(principal->id, sizeof(principal->id), "$sp.Id");
	if (account->machine && strncmp(machine, "client_id:", 10) == 0)
		(void)snprintf(principal->find, size,
			"$sp = Get-MgServicePrincipal -Filter \"appId eq '%s'\"", machine + 10);
	else if (account->machine && strncmp(machine, "object_id:", 10) == 0)
		(void)snprintf(principal->find, size,
			"$sp = Get-MgServicePrincipal -ServicePrincipalId %s", machine + 10);
	else
		(void)snprintf(principal->find, size,
			"$sp = Get-MgServicePrincipal -Filter \"displayName eq '%s'\"",
			account->machine ? "NAME OF THE MACHINE OR IDENTITY" : "NAME OF THE APP");
}

/* --- the steps ------------------------------------------------------------------------------------ */

static void
add_certificate(const struct se_steps *steps, unsigned *number, struct se_buffer *out)
{
	head(out, number, "Upload the certificate");
	say(steps, out, "\"Certificates & secrets\", \"Certificates\", \"Upload certificate\":");
	go(steps, out, "Credentials");
	if (steps->upload != NULL)
		say(steps, out, "the file %s (it holds no secret)", steps->upload);
	else
		say(steps, out, "the .cer file that \"sasl-entra certificate new %s\" writes",
			steps->account->label);
}

static void
add_federation(const struct se_steps *steps, unsigned *number, struct se_buffer *out)
{
	head(out, number, "Trust the token's issuer");
	say(steps, out,
		"\"Certificates & secrets\", \"Federated credentials\", \"Add credential\": "
		"issuer, "
		"subject and audience exactly as they stand in the token:");
	go(steps, out, "Credentials");
}

static void
add_secret(const struct se_steps *steps, unsigned *number, struct se_buffer *out)
{
	head(out, number, "The client secret");
	say(steps, out,
		"is kept already. When it ends, make a new one below \"Certificates & secrets\", "
		"and "
		"give its \"Value\" (not its Secret ID) to: sasl-entra setup --label %s "
		"--secret-stdin",
		steps->account->label);
	go(steps, out, "Credentials");
}

static void
add_credential(const struct se_steps *steps, unsigned *number, struct se_buffer *out)
{
	if (is(steps->account, "certificate"))
		add_certificate(steps, number, out);
	else if (is(steps->account, "federated"))
		add_federation(steps, number, out);
	else if (is(steps->account, "secret"))
		add_secret(steps, number, out);
}

void
se_steps_connect(const struct se_steps *steps, struct se_buffer *out)
{
	const size_t cloud = cloud_of(steps->account);

	say(steps, out,
		"PowerShell, on any machine, as an administrator of Exchange Online (the modules, "
		"once: Install-Module ExchangeOnlineManagement, Microsoft.Graph.Applications):");
	type(out, "Connect-MgGraph%s -Scopes Application.Read.All%s", clouds[cloud].graph,
		steps->account->machine ? ",AppRoleAssignment.ReadWrite.All" : "");
	type(out, "Connect-ExchangeOnline%s", clouds[cloud].exchange);
}

static void
add_principal(
	const struct se_steps *steps, const struct principal *principal, struct se_buffer *out)
{
	say(steps, out,
		"The object id is that of the enterprise application, not the one shown below "
		"\"App "
		"registrations\":");
	type(out, "%s", principal->find);
	type(out, "New-ServicePrincipal -AppId %s -ObjectId %s", principal->app, principal->id);
}

static void
add_rbac(const struct se_steps *steps, const struct principal *principal, const char *mailbox,
	struct se_buffer *out)
{
	const char *label = steps->account->label;

	say(steps, out,
		"Then EITHER the role for the mailboxes that you mark (RBAC for Applications; no "
		"API "
		"permission, or the mailbox permission is needed after all):");
	type(out,
		"New-ManagementScope -Name \"%s senders\" -RecipientRestrictionFilter "
		"\"CustomAttribute1 -eq '%s'\"",
		label, label);
	type(out,
		"New-ManagementRoleAssignment -App %s -Role \"Application SMTP.SendAsApp\" "
		"-CustomResourceScope \"%s senders\"",
		principal->app, label);
	type(out, "Set-Mailbox %s -CustomAttribute1 \"%s\"", mailbox, label);
	type(out, "Test-ServicePrincipalAuthorization -Identity %s -Resource %s", principal->app,
		mailbox);
	say(steps, out, "It takes 30 minutes to 2 hours; the last line shows the result at once.");
}

/* Whoever registers an app grants it in the admin center; a machine's identity has no page for it. */
static void
add_role(const struct se_steps *steps, struct se_buffer *out)
{
	const struct se_account *account = steps->account;

	if (!account->machine) {
		say(steps, out,
			"\"API permissions\", \"Add a permission\", \"APIs my organization uses\", "
			"\"Office 365 Exchange Online\", \"Application permissions\": "
			"SMTP.SendAsApp%s%s; "
			"then \"Grant admin consent\":",
			serves(account, "imap") ? ", IMAP.AccessAsApp" : "",
			serves(account, "pop") ? ", POP.AccessAsApp" : "");
		go(steps, out, "CallAnAPI");
		return;
	}
	type(out, "$exo = Get-MgServicePrincipal -Filter \"appId eq "
		  "'00000002-0000-0ff1-ce00-000000000000'\"");
	type(out, "$role = $exo.AppRoles | Where-Object Value -eq 'SMTP.SendAsApp'");
	type(out, "New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $sp.Id -PrincipalId "
		  "$sp.Id -ResourceId $exo.Id -AppRoleId $role.Id");
}

void
se_steps_right(const struct se_steps *steps, struct se_buffer *out)
{
	const struct se_account *account = steps->account;
	const bool reads = serves(account, "imap") || serves(account, "pop");
	/* Announced for the worldwide cloud, and for sending only. */
	const bool rbac = cloud_of(account) == 0 && !reads;
	struct principal principal;
	char mailbox[400];

	se_steps_mailbox(account, mailbox, sizeof(mailbox));
	choose_principal(account, &principal);
	add_principal(steps, &principal, out);
	if (rbac)
		add_rbac(steps, &principal, mailbox, out);
	say(steps, out,
		rbac ? "OR the API permission, and the permission on each mailbox:"
		     : "The API permission, and the permission on each mailbox:");
	add_role(steps, out);
	type(out, "Add-MailboxPermission -Identity %s -User %s -AccessRights FullAccess", mailbox,
		principal.id);
	say(steps, out, "To send as another address of it, or of a group, also:");
	type(out, "Add-RecipientPermission -Identity %s -Trustee %s -AccessRights SendAs", mailbox,
		principal.id);
}

void
se_steps_smtp_auth(const struct se_steps *steps, struct se_buffer *out)
{
	char mailbox[400];

	se_steps_mailbox(steps->account, mailbox, sizeof(mailbox));
	say(steps, out,
		"OAuth does not get around this switch; the mailbox's wins over the tenant's:");
	type(out, "Set-CASMailbox %s -SmtpClientAuthenticationDisabled $false", mailbox);
}

static void
add_person(const struct se_steps *steps, unsigned *number, struct se_buffer *out)
{
	const struct se_account *account = steps->account;

	head(out, number, "Let the app sign people in");
	say(steps, out,
		"\"Authentication\", \"Add a platform\", \"Mobile and desktop applications\": "
		"redirect "
		"URI http://localhost. \"Allow public client flows\": yes.");
	go(steps, out, "Authentication");
	head(out, number, "What it may ask them for");
	say(steps, out,
		"\"API permissions\", \"Office 365 Exchange Online\", \"Delegated permissions\": "
		"SMTP.Send%s%s. Where users may not consent themselves: \"Grant admin consent\".",
		serves(account, "imap") ? ", IMAP.AccessAsUser.All" : "",
		serves(account, "pop") ? ", POP.AccessAsUser.All" : "");
	go(steps, out, "CallAnAPI");
}

void
se_steps_all(const struct se_steps *steps, struct se_buffer *out)
{
	unsigned number = 0;

	se_buffer_addf(
		out, "What is to be done at the tenant for account %s", steps->account->label);
	if (steps->tenant != NULL)
		se_buffer_addf(out, "\n(tenant %s)", steps->tenant);
	se_buffer_add_text(out, ":\n\n");
	add_credential(steps, &number, out);
	if (steps->account->app_only) {
		head(out, &number, "Give it the right to send");
		se_steps_connect(steps, out);
		se_steps_right(steps, out);
	} else {
		add_person(steps, &number, out);
	}
	if (!steps->account->app_only || serves(steps->account, "smtp")) {
		head(out, &number, "SMTP AUTH must be on for the mailbox");
		if (!steps->account->app_only)
			type(out, "Connect-ExchangeOnline%s",
				clouds[cloud_of(steps->account)].exchange);
		se_steps_smtp_auth(steps, out);
	}
}
