#include <unistd.h>

#include "tool/check_programs.h"

/* Sendmail itself, not the command of that name that other mail servers bring: where Debian, older
 * Debian, and Fedora and its relatives put it. */
static const char *const sendmail[] = {"/usr/libexec/sendmail/sendmail", "/usr/lib/sm.bin/sendmail",
	"/usr/sbin/sendmail.sendmail", NULL};

void
se_check_programs(struct se_findings *findings)
{
	findings->id = "sendmail";
	for (size_t i = 0; sendmail[i] != NULL; i++) {
		if (access(sendmail[i], X_OK) != 0)
			continue;
		se_findings_add(findings, true, 0,
			"Sendmail is installed (%s): it cuts what it sends by AUTH XOAUTH2 at 2047 "
			"bytes, and an access token of Entra's is mostly longer; let Postfix "
			"relay "
			"(doc/guide/other-programs.md)",
			sendmail[i]);
	}
}
