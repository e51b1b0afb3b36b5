/* setup_steps_words: how the steps look, and what they are about. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/source.h"
#include "engine/cloud.h"
#include "engine/names.h"
#include "engine/places.h"

#include "tool/setup_steps_parts.h"
#include "tool/wrap.h"

enum { INDENT = 3, SENTENCE_MAX = 1000 };

static const struct se_steps_cloud clouds[] = {
	{"global", "https://entra.microsoft.com", "", ""},
	{"gcc-high", "https://portal.azure.us", " -ExchangeEnvironmentName O365USGovGCCHigh",
		" -Environment USGov"},
	{"dod", "https://portal.azure.us", " -ExchangeEnvironmentName O365USGovDoD",
		" -Environment USGovDoD"},
	{"china", "https://portal.azure.cn", " -ExchangeEnvironmentName O365China",
		" -Environment China"},
};

const struct se_steps_cloud *
se_steps_cloud(const struct se_account *account)
{
	for (size_t i = 0; account->cloud != NULL && i < sizeof(clouds) / sizeof(clouds[0]); i++)
		if (strcmp(clouds[i].name, account->cloud->name) == 0)
			return &clouds[i];
	return &clouds[0];
}

bool
se_steps_url(const struct se_account *account, const char *page, char *url, size_t size)
{
	const char *id = account->value[SE_KEY_CLIENT_ID].text;
	int n = snprintf(url, size,
		"%s/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/%s/appId/%s",
		se_steps_cloud(account)->portal, page, id != NULL ? id : "CLIENT_ID");

	return n > 0 && (size_t)n < size;
}

/* --- how it looks --------------------------------------------------------------------------------- */

void
se_steps_say(const struct se_steps *steps, struct se_buffer *out, const char *fmt, ...)
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

void
se_steps_type(struct se_buffer *out, const char *fmt, ...)
{
	char text[SENTENCE_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	se_buffer_addf(out, "%*s%s\n", 2 * INDENT, "", text);
}

void
se_steps_head(struct se_buffer *out, unsigned *number, const char *text)
{
	se_buffer_addf(out, "%s%u. %s\n", *number > 0 ? "\n" : "", *number + 1, text);
	(*number)++;
}

void
se_steps_go(const struct se_steps *steps, struct se_buffer *out, const char *page)
{
	char url[400];

	if (se_steps_url(steps->account, page, url, sizeof(url)))
		se_steps_type(out, "%s", url);
}

/* --- whom it is about ----------------------------------------------------------------------------- */

bool
se_steps_serves(const struct se_account *account, const char *service)
{
	if (account->app_only && account->value[SE_KEY_SERVICES].line == 0)
		return se_name_equal(service, "smtp");
	for (size_t i = 0; account->services != NULL && account->services[i] != NULL; i++)
		if (se_name_equal(account->services[i], service))
			return true;
	return false;
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
