/*
 * setup_steps: what an administrator of the tenant does for an account, step by step: in the Entra
 * admin center and in PowerShell, with the tenant's own names filled in.
 */
#ifndef SE_TOOL_SETUP_STEPS_H
#define SE_TOOL_SETUP_STEPS_H

#include "core/buffer.h"
#include "engine/config.h"

struct se_steps {
	const struct se_account *account;
	const char *tenant; /* id or domain name; NULL: not known */
	const char *upload; /* path of the certificate to upload; NULL: none */
	unsigned width;     /* columns at which sentences are broken; 0: none */
};

/* Appends all steps for the account: credential, right to send, SMTP AUTH. Commands stand on lines of
 * their own, indented, unbroken. */
void se_steps_all(const struct se_steps *steps, struct se_buffer *out);

/* Parts of it, for whoever knows what is missing. */
void se_steps_connect(const struct se_steps *steps, struct se_buffer *out);
void se_steps_right(const struct se_steps *steps, struct se_buffer *out);
void se_steps_smtp_auth(const struct se_steps *steps, struct se_buffer *out);

/* A mailbox to show commands with: one that the account names, else "MAILBOX@DOMAIN". */
void se_steps_mailbox(const struct se_account *account, char *mailbox, size_t size);

/* Where the app registration is in the admin center of the account's cloud; `page` as in
 * "Credentials", "CallAnAPI", "Authentication". False when it does not fit. */
bool se_steps_url(const struct se_account *account, const char *page, char *url, size_t size);

#endif
