/*
 * setup_steps_exchange: what is done in PowerShell. Sources: Microsoft, "Role Based Access Control for
 * Applications in Exchange Online", "Enable or disable authenticated client SMTP submission", "Connect to Exchange
 * Online PowerShell", "Microsoft Graph national cloud deployments".
 */
#include <stdio.h>
#include <string.h>

#include "tool/setup_steps_parts.h"

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

void
se_steps_connect(const struct se_steps *steps, struct se_buffer *out)
{
	const struct se_steps_cloud *cloud = se_steps_cloud(steps->account);

	se_steps_say(steps, out,
		"PowerShell, on any machine, as an administrator of Exchange Online (the modules, "
		"once: Install-Module ExchangeOnlineManagement, Microsoft.Graph.Applications):");
	se_steps_type(out, "Connect-MgGraph%s -Scopes Application.Read.All%s", cloud->graph,
		steps->account->machine ? ",AppRoleAssignment.ReadWrite.All" : "");
	se_steps_type(out, "Connect-ExchangeOnline%s", cloud->exchange);
}

static void
add_principal(
	const struct se_steps *steps, const struct principal *principal, struct se_buffer *out)
{
	se_steps_say(steps, out,
		"The object id is that of the enterprise application, not the one shown below "
		"\"App "
		"registrations\":");
	se_steps_type(out, "%s", principal->find);
	se_steps_type(
		out, "New-ServicePrincipal -AppId %s -ObjectId %s", principal->app, principal->id);
}

static void
add_rbac(const struct se_steps *steps, const struct principal *principal, const char *mailbox,
	struct se_buffer *out)
{
	const char *label = steps->account->label;

	se_steps_say(steps, out,
		"Then EITHER the role for the mailboxes that you mark (RBAC for Applications; no "
		"API "
		"permission, or the mailbox permission is needed after all):");
	se_steps_type(out,
		"New-ManagementScope -Name \"%s senders\" -RecipientRestrictionFilter "
		"\"CustomAttribute1 -eq '%s'\"",
		label, label);
	se_steps_type(out,
		"New-ManagementRoleAssignment -App %s -Role \"Application SMTP.SendAsApp\" "
		"-CustomResourceScope \"%s senders\"",
		principal->app, label);
	se_steps_type(out, "Set-Mailbox %s -CustomAttribute1 \"%s\"", mailbox, label);
	se_steps_type(out, "Test-ServicePrincipalAuthorization -Identity %s -Resource %s",
		principal->app, mailbox);
	se_steps_say(steps, out,
		"It takes 30 minutes to 2 hours; the last line shows the result at once.");
}

/* Whoever registers an app grants it in the admin center; a machine's identity has no page for it. */
static void
add_role(const struct se_steps *steps, struct se_buffer *out)
{
	const struct se_account *account = steps->account;

	if (!account->machine) {
		se_steps_say(steps, out,
			"\"API permissions\", \"Add a permission\", \"APIs my organization uses\", "
			"\"Office 365 Exchange Online\", \"Application permissions\": "
			"SMTP.SendAsApp%s%s; "
			"then \"Grant admin consent\":",
			se_steps_serves(account, "imap") ? ", IMAP.AccessAsApp" : "",
			se_steps_serves(account, "pop") ? ", POP.AccessAsApp" : "");
		se_steps_go(steps, out, "CallAnAPI");
		return;
	}
	se_steps_type(out, "$exo = Get-MgServicePrincipal -Filter \"appId eq "
			   "'00000002-0000-0ff1-ce00-000000000000'\"");
	se_steps_type(out, "$role = $exo.AppRoles | Where-Object Value -eq 'SMTP.SendAsApp'");
	se_steps_type(out,
		"New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $sp.Id -PrincipalId "
		"$sp.Id -ResourceId $exo.Id -AppRoleId $role.Id");
}

void
se_steps_right(const struct se_steps *steps, struct se_buffer *out)
{
	const struct se_account *account = steps->account;
	const bool reads = se_steps_serves(account, "imap") || se_steps_serves(account, "pop");
	/* Announced for the worldwide cloud, and for sending only. */
	const bool rbac = strcmp(se_steps_cloud(account)->name, "global") == 0 && !reads;
	struct principal principal;
	char mailbox[400];

	se_steps_mailbox(account, mailbox, sizeof(mailbox));
	choose_principal(account, &principal);
	add_principal(steps, &principal, out);
	if (rbac)
		add_rbac(steps, &principal, mailbox, out);
	se_steps_say(steps, out,
		rbac ? "OR the API permission, and the permission on each mailbox:"
		     : "The API permission, and the permission on each mailbox:");
	add_role(steps, out);
	se_steps_type(out, "Add-MailboxPermission -Identity %s -User %s -AccessRights FullAccess",
		mailbox, principal.id);
	se_steps_say(steps, out, "To send as another address of it, or of a group, also:");
	se_steps_type(out, "Add-RecipientPermission -Identity %s -Trustee %s -AccessRights SendAs",
		mailbox, principal.id);
}

void
se_steps_smtp_auth(const struct se_steps *steps, struct se_buffer *out)
{
	char mailbox[400];

	se_steps_mailbox(steps->account, mailbox, sizeof(mailbox));
	se_steps_say(steps, out,
		"OAuth does not get around this switch; the mailbox's wins over the tenant's:");
	se_steps_type(out, "Set-CASMailbox %s -SmtpClientAuthenticationDisabled $false", mailbox);
}
