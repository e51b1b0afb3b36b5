#include <string.h>

#include "engine/places.h"

static const char *
credential_file(const struct se_account *account)
{
	static const enum se_key keys[] = {SE_KEY_CLIENT_SECRET_FILE, SE_KEY_CLIENT_SECRET_COMMAND,
		SE_KEY_CERTIFICATE, SE_KEY_FEDERATED_TOKEN_FILE};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (account->value[keys[i]].text != NULL)
			return account->value[keys[i]].text;
	return NULL;
}

void
se_places_of(const struct se_account *account, const char *login, struct se_places *places)
{
	*places = (struct se_places){
		.app = account->value[SE_KEY_CLIENT_ID].text,
		.tenant = account->value[SE_KEY_TENANT].text,
		.label = account->label,
		.scope = account->scope,
		.file = credential_file(account),
		.login = login,
		.missing = "(not set)",
	};
}

/* Whether `name`, which `len` bytes of it are, is that place's. */
static bool
is(const char *place, const char *name, size_t len)
{
	return strlen(place) == len && strncmp(place, name, len) == 0;
}

void
se_places_word(struct se_buffer *out, const char *name, const char *instead)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "@._+-=/:";

	/* Double quotes mean the same to both, but for these: PowerShell takes the round ones, which
	 * begin with the two last bytes, for quotes as well. */
	if (name[0] == '\0' || strpbrk(name, "\"$`\\!\r\n") != NULL ||
		strstr(name, "\xe2\x80") != NULL)
		se_buffer_add_text(out, instead);
	else if (name[0] != '@' && name[0] != '-' && name[strspn(name, plain)] == '\0')
		se_buffer_add_text(out, name);
	else
		se_buffer_addf(out, "\"%s\"", name);
}

static void
add_value(const char *name, size_t len, const struct se_places *places, bool typed,
	struct se_buffer *out)
{
	const struct {
		const char *name, *value, *word;
	} values[] = {
		{"app", places->app, "APP-ID"},
		{"tenant", places->tenant, "TENANT"},
		{"label", places->label, "LABEL"},
		{"scope", places->scope, "SCOPE"},
		{"file", places->file, "FILE"},
		{"sign_in", places->login, "NAME"},
		{"mailbox", places->mailbox, "MAILBOX"},
		{"object_id", places->object_id, "OBJECT-ID"},
	};

	if (is("sign_in", name, len)) {
		se_buffer_add_text(out, "sasl-entra login ");
		typed = true;
	}
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (!is(values[i].name, name, len))
			continue;
		else if (values[i].value != NULL && typed)
			se_places_word(out, values[i].value, values[i].word);
		else
			se_buffer_add_text(out, values[i].value != NULL   ? values[i].value
						: places->missing != NULL ? places->missing
									  : values[i].word);
}

void
se_places_fill(const char *text, const struct se_places *places, struct se_buffer *out)
{
	const char *open, *close, *line = text, *end;

	while ((open = strchr(text, '{')) != NULL && (close = strchr(open, '}')) != NULL) {
		while ((end = memchr(line, '\n', (size_t)(open - line))) != NULL)
			line = end + 1;
		se_buffer_add(out, text, (size_t)(open - text));
		add_value(open + 1, (size_t)(close - open - 1), places, strncmp(line, "  ", 2) == 0,
			out);
		text = close + 1;
	}
	se_buffer_add_text(out, text);
}
