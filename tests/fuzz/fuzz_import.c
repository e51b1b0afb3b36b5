/* Fuzzes what an import of sasl-xoauth2 reads. An input is "m" and the text of a password map, or "t",
 * the login name in one line, sasl-xoauth2.conf in one line, and the token file. Whatever a token file
 * says becomes one account of ours, or nothing. */
#include <stdlib.h>
#include <string.h>

#include "engine/config.h"
#include "engine/json.h"

#include "tool/import_account.h"
#include "tool/import_file.h"
#include "tool/import_map.h"
#include "tool/import_sections.h"

#include "fuzz.h"

static void
fuzz_map(struct input *input)
{
	char *text = input_text(input, input->len);
	const char *at = text, *end = text + strlen(text), *last = text;
	struct se_map_entry entry = {.key = NULL};
	struct se_buffer out;
	size_t entries = 0;

	while (se_map_next(&at, &entry)) {
		must(entry.key >= text && entry.key + entry.key_len <= end && entry.key_len > 0);
		must(entry.login >= last && entry.login_len > 0);
		must(entry.path > entry.login && entry.path + entry.path_len <= at);
		must(entry.path[0] == '/' && memchr(entry.login, '\n', entry.login_len) == NULL);
		free(se_map_host(entry.key, entry.key_len));
		last = at;
		entries++;
	}
	must(at == end);
	se_buffer_init(&out, 8 << 20);
	must(se_map_rewrite(text, &out));
	if (entries == 0)
		must(strcmp(se_buffer_text(&out), text) == 0);
	at = se_buffer_text(&out);
	entry.key = NULL;
	must(!se_map_next(&at, &entry));
	se_buffer_free(&out);
	free(text);
}

/* Ours alone, and all that it says is what the file said. */
static void
must_be_one(const struct se_import_account *account, const struct se_buffer *text)
{
	struct se_config *config = NULL;
	struct se_error error;
	const struct se_account *ours;

	if (se_config_parse(se_buffer_text(text), text->len, "fuzz.conf", &config, NULL, &error) !=
		SE_OK) {
		must(error.text[0] != '\0');
		return;
	}
	must(config->account_count == 1);
	ours = &config->accounts[0];
	must(ours->match[0] != NULL && ours->match[1] == NULL);
	must(strcasecmp(ours->match[0], account->login) == 0);
	must(ours->value[SE_KEY_SCOPE].text == NULL && ours->value[SE_KEY_ALLOW].text == NULL);
	se_config_free(config);
}

/* Names and addresses are shown, and one may be what the file has for a token. */
static bool
is_shown(const char *login, const char *conf, const struct input *file)
{
	struct se_json *json = se_json_parse(file->data, file->len);
	const char *endpoint = se_json_string(json, "token_endpoint");
	bool shown = holds_secret(login, file->data, file->len) ||
		     holds_secret(conf, file->data, file->len) ||
		     (endpoint != NULL && holds_secret(endpoint, file->data, file->len));

	se_json_free(json);
	return shown;
}

static void
must_be_clean(const struct se_findings *findings, bool shown, const char *json, size_t len)
{
	for (size_t i = 0; i < findings->count; i++) {
		must_be_printable(findings->list[i].text);
		if (!shown)
			must_hold_no_secret(findings->list[i].text, json, len);
	}
}

static void
fuzz_token(struct input *input)
{
	static struct se_import_accounts accounts;
	struct se_import_account *account = &accounts.list[0];
	struct se_findings findings = {.list = NULL};
	const char *path = scratch("token");
	struct se_json *conf;
	struct se_buffer out;
	char *line;

	memset(account, 0, sizeof(*account));
	account->login = input_line(input);
	account->host = strdup("smtp.office365.com");
	account->file = strdup(path);
	line = input_line(input);
	conf = se_json_parse(line, strlen(line));
	write_file(path, input->data, input->len);
	if (se_import_account_read(account, conf, "sasl-xoauth2.conf", &findings)) {
		must(findings.errors == 0 && account->client_id != NULL);
		accounts.count = 1;
		se_import_assign(&accounts, NULL, &findings);
		se_buffer_init(&out, SE_CONFIG_SIZE_MAX);
		must(se_import_write_sections(&accounts, "/etc/sasl-entra/fuzz.conf", &out));
		must_be_one(account, &out);
		se_buffer_free(&out);
	} else {
		must(findings.errors > 0);
	}
	must_be_clean(&findings, is_shown(account->login, line, input), input->data, input->len);
	se_findings_free(&findings);
	se_import_account_free(account);
	se_json_free(conf);
	free(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size};

	if (input_byte(&input) == 'm')
		fuzz_map(&input);
	else
		fuzz_token(&input);
	return 0;
}
