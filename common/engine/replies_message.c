/* What Exchange answers after the login: to MAIL, RCPT and the message. */
#include "engine/replies_parts.h"

static const struct se_reply entries[] = {
	{.id = "smtp-mailbox-logon",
		.from = SE_REPLY_SMTP,
		.code = "430 4.2.0",
		.words = "mailbox logon failure|mapiexceptionlogonfailed",
		.shown = "430 4.2.0 STOREDRV; mailbox logon failure; "
			 "ConnectionFailedTransientException.MapiExceptionLogonFailed",
		.class = SE_ADMIN,
		.meaning = "The login worked, but the app may not open the mailbox.",
		.cause = "The app's service principal has no right to this mailbox, or a new right "
			 "is not "
			 "known everywhere yet. The code calls it transient, which it is only in "
			 "the second "
			 "case.",
		.todo = SE_MAKE_APP_KNOWN SE_GIVE_MAILBOX
		"Or, instead of that permission, RBAC for Applications; then the app must not have "
		"SMTP.SendAsApp as an API permission too:\n"
		"  New-ManagementScope -Name 'Relay' -RecipientRestrictionFilter "
		"\"PrimarySmtpAddress -eq '{mailbox}'\"\n"
		"  New-ManagementRoleAssignment -Role 'Application SMTP.SendAsApp' -App "
		"{object_id} -CustomResourceScope 'Relay'\n"
		"  Test-ServicePrincipalAuthorization -Identity {object_id} -Resource {mailbox}",
		.waiting = SE_WAIT_RIGHTS},
	{.id = "smtp-send-as-denied",
		.from = SE_REPLY_SMTP,
		.code = "550 5.7.60|554 5.2.252",
		.words = "sendasdenied|send as denied|send as this sender|not allowed to send as",
		.shown =
			"554 5.2.252 SendAsDenied; the user is not allowed to send as this sender; "
			"STOREDRV.Submission.Exception:SendAsDeniedException."
			"MapiExceptionSendAsDenied",
		.class = SE_ADMIN,
		.meaning = "The message's sender is not the mailbox that logged in, nor one it may "
			   "send "
			   "as.",
		.cause = "The From or the envelope's sender is another address. On a relay it is "
			 "often "
			 "root@ or cron's, with the name of the machine.",
		.todo = "Either rewrite the sender to the mailbox; in Postfix for every message:\n"
			"  postconf -e 'sender_canonical_maps = static:{mailbox}'\n"
			"  postconf -e 'sender_canonical_classes = envelope_sender, "
			"header_sender'\n"
			"  postfix reload\n"
			"Or let the mailbox send as the other one. " SE_IN_POWERSHELL
			"  Add-RecipientPermission -Identity SENDER -Trustee {object_id} "
			"-AccessRights "
			"SendAs\n"
			"There {object_id} is the app's service principal, or the address of the "
			"person who "
			"signed in.",
		.waiting = "Waiting does not help before the change; a new permission can take an "
			   "hour."},
	{.id = "smtp-sender-throttled",
		.from = SE_REPLY_SMTP,
		.code = "550 5.2.251|550 5.2.252|550 5.2.253|550 5.2.254|550 5.2.255",
		.words = "sender throttled due to continuous",
		.shown = "550 5.2.252 Sender throttled due to continuous send as denied errors",
		.class = SE_ADMIN,
		.meaning =
			"Exchange refuses this sender for a while, because the same error came too "
			"often.",
		.cause = "Mails that cannot be accepted were tried again and again. The reply "
			 "names the "
			 "error: a full mailbox, send as denied, no valid license, too many "
			 "recipients, or "
			 "recipients that do not exist.",
		.todo = "Find the mails that cause it and hold them or take them out:\n"
			"  postqueue -p\n"
			"  postsuper -h QUEUE-ID\n"
			"Then mend that error.",
		.waiting = "Waiting helps only when the mails that cause it are no longer tried."},
	{.id = "smtp-quota",
		.from = SE_REPLY_SMTP,
		.code = "554 5.2.0",
		.words = "submissionquotaexceeded",
		.shown = "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
		.class = SE_AGAIN,
		.meaning = "The mailbox has sent to as many recipients as it may in a day.",
		.cause = "Exchange allows 10,000 recipients a day for each mailbox, over all "
			 "relays. More than 30 "
			 "messages "
			 "a minute are only slowed down.",
		.todo = "Spread the mail over more mailboxes, or use High Volume Email or Azure "
			"Communication Services for it. Mails that were bounced have to be sent "
			"anew.",
		.waiting = "Waiting helps: the count is that of the last 24 hours."},
	{.id = "smtp-mailbox-full",
		.from = SE_REPLY_SMTP,
		.code = "554 5.2.2",
		.words = "mailbox full|quotaexceeded|mailbox is full",
		.shown = "554 5.2.2 mailbox full; "
			 "STOREDRV.Submission.Exception:QuotaExceededException",
		.class = SE_ADMIN,
		.meaning = "The mailbox that sends is full.",
		.cause = "Exchange keeps a copy of all that is submitted in Sent Items.",
		.todo = "Empty Sent Items of {mailbox} and let a retention policy keep it so; or a "
			"larger "
			"quota, or an archive. " SE_IN_POWERSHELL
			"  Get-MailboxStatistics -Identity {mailbox} | Format-List TotalItemSize\n"
			"  Get-MailboxFolderStatistics -Identity {mailbox} -FolderScope SentItems",
		.waiting = SE_WAIT_NOT},
	{.id = "smtp-submission-failed",
		.from = SE_REPLY_SMTP,
		.words = "storedrv.submission.exception",
		.shown = "554 5.2.0 STOREDRV.Submission.Exception:...",
		.class = SE_ADMIN,
		.meaning = "The login worked, and the mailbox's store did not accept the message.",
		.cause = "The word behind \"Exception:\" says why.",
		.todo = "See what Microsoft says of that word; a support case there needs the "
			"whole line.",
		.waiting = SE_WAIT_NOT,
		.elsewhere = true},
	{.id = "smtp-trial-tenant",
		.from = SE_REPLY_SMTP,
		.code = "550 5.7.232",
		.shown = "550 5.7.232 Your message can't be sent because your trial tenant has "
			 "exceeded "
			 "its daily limit for sending email to external recipients",
		.class = SE_ADMIN,
		.meaning = "A trial tenant has reached its limit of recipients outside.",
		.todo = "Wait a day, or buy a subscription for the tenant.",
		.waiting = "Waiting a day helps, until the limit is reached again."},
	{.id = "smtp-tenant-limit",
		.from = SE_REPLY_SMTP,
		.code = "550 5.7.233",
		.shown = "550 5.7.233 Your message can't be sent because your tenant exceeded its "
			 "daily "
			 "limit for sending email to external recipients",
		.class = SE_ADMIN,
		.meaning = "The tenant has reached its limit of recipients outside for the day.",
		.cause = "The limit grows with the number of licenses. Exchange admin center, "
			 "Reports, "
			 "Mail flow shows it.",
		.todo = "Send less to recipients outside, or use Azure Communication Services for "
			"it.",
		.waiting = "Waiting helps: the count is that of the last 24 hours."},
	{.id = "smtp-onmicrosoft-limit",
		.from = SE_REPLY_SMTP,
		.code = "550 5.7.236",
		.shown = "550 5.7.236 the limit of external recipients for senders in "
			 "*.onmicrosoft.com "
			 "is reached",
		.class = SE_CONFIG,
		.meaning =
			"Senders in TENANT.onmicrosoft.com may reach 100 recipients outside a day.",
		.cause = "The sender's address is in the tenant's first domain instead of one of "
			 "its own.",
		.todo = "Send from an address of a domain of yours: add it in the Microsoft 365 "
			"admin "
			"center, and make it the primary address of {mailbox}. " SE_IN_POWERSHELL
			"  Set-Mailbox -Identity {mailbox} -WindowsEmailAddress relay@YOUR-DOMAIN",
		.waiting = "Waiting helps: the count is that of the last 24 hours."},
	{.id = "smtp-bad-sender",
		.from = SE_REPLY_SMTP,
		.code = "550 5.1.8",
		.shown = "550 5.1.8 Access denied, bad outbound sender",
		.class = SE_ADMIN,
		.meaning = "Microsoft has blocked the mailbox from sending, because it sent spam "
			   "or seemed "
			   "to.",
		.todo = "Find out who sent what. Then the tenant's administrator takes the mailbox "
			"off the "
			"list: Microsoft Defender portal, Email & collaboration, Review, "
			"Restricted "
			"entities.",
		.waiting = "Waiting does not help; after it is taken off the list it takes an hour "
			   "or so."},
	{.id = "smtp-tenant-blocked",
		.from = SE_REPLY_SMTP,
		.code = "550 5.7.705",
		.shown = "550 5.7.705 Access denied, tenant has exceeded threshold",
		.class = SE_ADMIN,
		.meaning = "Microsoft has blocked the whole tenant from sending.",
		.cause = "Too much spam, or mail in bulk, came from it.",
		.todo = "Find the mailboxes that were misused and close them; then the tenant's "
			"administrator opens a support case at Microsoft.",
		.waiting = SE_WAIT_NOT},
	{.id = "smtp-suspicious",
		.from = SE_REPLY_SMTP,
		.words =
			"access denied, please try again later|server busy. please try again later",
		.shown = "451 4.7.500 Server busy. Please try again later",
		.class = SE_AGAIN,
		.meaning = "Exchange slows this network address down, because what comes from it "
			   "looks "
			   "suspicious (4.7.500 to 4.7.699 and 4.7.850 to 4.7.899).",
		.todo = "Nothing at first. If it stays, look for what else sends from this "
			"address.",
		.waiting = SE_WAIT_BY_ITSELF},
	{.id = "smtp-too-large",
		.from = SE_REPLY_SMTP,
		.code = "552 5.3.4",
		.shown = "552 5.3.4 Message size exceeds fixed maximum message size",
		.class = SE_CONFIG,
		.meaning = "The message is larger than the mailbox may send.",
		.todo = "Send it smaller, or raise the limit, up to 150 MB. " SE_IN_POWERSHELL
			"  Set-Mailbox -Identity {mailbox} -MaxSendSize 100MB",
		.waiting = SE_WAIT_NOT},
};

const struct se_reply_part se_replies_message =
	SE_REPLY_PART("What Exchange Online answers to a message", entries);
