#include <stdio.h>
#include <unistd.h>

#include "tool/next.h"

void
se_next(const struct se_identity *identity, const char *verb, const char *name, const char *why)
{
	const bool usual = se_identity_is_usual(identity);

	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "Next, %s: sasl-entra %s%s%s%s%s%s\n", why, usual ? "" : "--config ",
		usual ? "" : identity->configuration, usual ? "" : " ", verb,
		name != NULL ? " " : "", name != NULL ? name : "");
}
