/*
 * replies_parts: the table of replies, a file for each kind.
 */
#ifndef SE_ENGINE_REPLIES_PARTS_H
#define SE_ENGINE_REPLIES_PARTS_H

#include "engine/replies.h"

extern const struct se_reply_part se_replies_login, se_replies_connection, se_replies_message,
	se_replies_high_volume, se_replies_mailbox, se_replies_challenge, se_replies_program,
	se_replies_own;

#define SE_REPLY_PART(heading, entries) \
	{ \
		.title = (heading), .list = (entries), \
		.count = sizeof(entries) / sizeof((entries)[0]) \
	}

/* What several entries have in common. */
#define SE_IN_POWERSHELL "In Exchange Online PowerShell (Connect-ExchangeOnline):\n"
#define SE_WAIT_NOT "Waiting does not help: somebody has to change something."
#define SE_WAIT_BY_ITSELF "Waiting helps: the mail program tries again by itself."
#define SE_WAIT_SWITCH \
	"Waiting helps only after the change: usually minutes, at times an hour or more, until " \
	"every " \
	"server of Exchange knows it."
#define SE_WAIT_RIGHTS \
	"Waiting helps only after the change: Exchange remembers rights, those by RBAC for " \
	"Applications for 30 minutes to 2 hours, a mailbox permission for up to an hour or so. " \
	"Test-ServicePrincipalAuthorization shows the new ones at once."

/* How an app is made known to Exchange, whole lines. */
#define SE_MAKE_APP_KNOWN \
	"The object id that Exchange needs is that of the enterprise application (Entra admin " \
	"center, Enterprise applications, the app), not the one under App registrations. " \
	"Microsoft " \
	"Graph PowerShell (Connect-MgGraph) prints it:\n" \
	"  (Get-MgServicePrincipal -Filter \"appId eq '{app}'\").Id\n" SE_IN_POWERSHELL \
	"  Get-ServicePrincipal | Format-List AppId,ObjectId,DisplayName\n" \
	"An app with another ObjectId there has to go first:\n" \
	"  Remove-ServicePrincipal -Identity {app}\n" \
	"An app that is not there:\n" \
	"  New-ServicePrincipal -AppId {app} -ObjectId {object_id}\n"
#define SE_GIVE_MAILBOX \
	"The app's right to the mailbox:\n" \
	"  Add-MailboxPermission -Identity {mailbox} -User {object_id} -AccessRights FullAccess\n"

#endif
