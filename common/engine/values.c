#include <string.h>

#include "engine/characters.h"
#include "engine/identifiers.h"
#include "engine/names.h"
#include "engine/urls.h"
#include "engine/values.h"

enum { NAME_SHOWN = 120, CREDENTIAL_NAME_MAX = 255 };

struct value {
	const struct se_key_info *info;
	const char *text;
	unsigned line;
	struct se_report *report;
};

static enum se_key
key_of(const struct value *value)
{
	return (enum se_key)(value->info - se_keys);
}

static bool
refuse(const struct value *value, const char *why)
{
	se_report_error(value->report, value->line, value->info->name, "%s", why);
	return false;
}

bool
se_list_next(const char **at, const char **word, size_t *len)
{
	const char *p = *at;

	while (se_is_blank(*p) || *p == ',')
		p++;
	*word = p;
	while (*p != '\0' && !se_is_blank(*p) && *p != ',')
		p++;
	*len = (size_t)(p - *word);
	*at = p;
	return *len > 0;
}

/* --- words --------------------------------------------------------------------------------- */

static bool
is_choice(const char *const *choices, const char *word, size_t len)
{
	char name[32];

	if (len >= sizeof(name))
		return false;
	memcpy(name, word, len);
	name[len] = '\0';
	for (; *choices != NULL; choices++)
		if (se_name_equal(*choices, name))
			return true;
	return false;
}

/* Names the choices, not the value. */
static bool
refuse_choice(const struct value *value)
{
	char known[160] = "";
	size_t used = 0, len;
	int i;

	for (i = 0; value->info->choices[i] != NULL; i++) {
		len = strlen(value->info->choices[i]);
		if (used + len + 3 > sizeof(known))
			break;
		if (i > 0) {
			memcpy(known + used, ", ", 2);
			used += 2;
		}
		memcpy(known + used, value->info->choices[i], len + 1);
		used += len;
	}
	se_report_error(value->report, value->line, value->info->name,
		"unknown value; the known ones are: %s", known);
	return false;
}

static bool
check_list(const struct value *value)
{
	const char *at = value->text, *word;
	size_t len, count = 0;

	for (; se_list_next(&at, &word, &len); count++)
		if (value->info->choices != NULL && !is_choice(value->info->choices, word, len))
			return refuse_choice(value);
	return count > 0 || refuse(value, "has no value; write one, or remove the line");
}

static bool
check_text(const struct value *value)
{
	if (strpbrk(value->text, " \t") != NULL)
		return refuse(value, "takes one word, and this has a blank in it");
	return true;
}

const char *
se_value_credential(enum se_key key, const char *text)
{
	const enum se_key_type type = se_keys[key].type;
	const size_t len = sizeof(SE_VALUE_CREDENTIAL) - 1;

	if (text == NULL || key == SE_KEY_STATE_DIR ||
		(type != SE_TYPE_PATH && type != SE_TYPE_KEY && type != SE_TYPE_FEDERATED))
		return NULL;
	return strncmp(text, SE_VALUE_CREDENTIAL, len) == 0 ? text + len : NULL;
}

/* The name becomes that of a file in a directory of systemd's. */
static bool
check_credential(const struct value *value, const char *name)
{
	static const char known[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789._-";
	const size_t len = strlen(name);

	if (len > 0 && len <= CREDENTIAL_NAME_MAX && strspn(name, known) == len &&
		strspn(name, ".") != len)
		return true;
	return refuse(value, "cred: is followed by the name of a systemd credential: letters, "
			     "digits, '.', '_' and '-'");
}

static bool
check_path(const struct value *value)
{
	const char *text = value->text;
	const char *name = se_value_credential(key_of(value), text);

	if (name != NULL)
		return check_credential(value, name);
	if (text[0] == '~')
		return refuse(value, "'~' is not replaced here; write the whole path, from '/' on");
	if (text[0] != '/')
		return refuse(value, value->info->credential_file
					     ? "not a path from '/' on; write the secret into a "
					       "file that only its owner can read, "
					       "and that file's path here"
					     : "not a path from '/' on; write the whole path");
	if (text[strlen(text) - 1] == '/' && key_of(value) != SE_KEY_STATE_DIR)
		return refuse(value, "is a directory; write the path of a file");
	return true;
}

bool
se_value_is_uri(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

	if (se_value_credential(SE_KEY_PRIVATE_KEY, text) != NULL)
		return false;
	return text[0] != '/' && len > 1 && text[len] == ':' && se_is_letter(text[0]);
}

/* A PIN in the URI would stand in a file that everybody may read. */
/* A file by its URI would be read past all that is looked at in a file. */
static bool
is_in_a_store(const char *text)
{
	static const char *const known[] = {"pkcs11:", "tpm2:", "handle:"};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(text, known[i], strlen(known[i])) == 0)
			return true;
	return false;
}

static bool
check_key(const struct value *value)
{
	if (!se_value_is_uri(value->text))
		return check_path(value);
	if (!is_in_a_store(value->text))
		return refuse(value,
			"only pkcs11:, tpm2: and handle: lead to a key in a token; of a file write "
			"the path alone, from '/' on");
	if (strstr(value->text, "pin-value=") != NULL)
		return refuse(value,
			"a PIN may not stand in this file, which others may read; write it to a "
			"file of its own and name that with private_key_password_file");
	return check_text(value);
}

static bool
check_federated(const struct value *value)
{
	return strcmp(value->text, "env") == 0 || strcmp(value->text, "managed-identity") == 0 ||
	       check_path(value);
}

static bool
check_seconds(const struct value *value)
{
	long seconds = 0;
	size_t len = strspn(value->text, "0123456789"), i;
	bool number = len > 0 && len < 8 && value->text[len] == '\0';

	for (i = 0; number && i < len; i++)
		seconds = seconds * 10 + (value->text[i] - '0');
	if (number && seconds >= value->info->min && seconds <= value->info->max)
		return true;
	se_report_error(value->report, value->line, value->info->name,
		"takes a number of seconds from %ld to %ld, digits only", value->info->min,
		value->info->max);
	return false;
}

/* --- names --------------------------------------------------------------------------------- */

/* Tells in which of the five groups a digit is missing or too many: what happens to people who
 * copy half a GUID. */
static bool
refuse_guid(const struct value *value, const char *what)
{
	static const size_t groups[] = {8, 4, 4, 4, 12};
	const char *p = value->text;
	size_t i, n;

	for (i = 0; i < 5; i++) {
		n = 0;
		while (se_is_hex(p[n]))
			n++;
		if (n != groups[i] || p[n] != (i < 4 ? '-' : '\0'))
			break;
		p += n + 1;
	}
	if (i == 5 || (p[n] != '-' && p[n] != '\0'))
		se_report_error(value->report, value->line, value->info->name,
			"not %s; a GUID is digits and "
			"letters a to f in groups of 8-4-4-4-12",
			what);
	else
		se_report_error(value->report, value->line, value->info->name,
			"not %s: group %zu of the GUID "
			"has %zu digits where %zu belong (8-4-4-4-12)",
			what, i + 1, n, groups[i]);
	return false;
}

bool
se_value_check_guid(enum se_key key, const char *text, unsigned line, struct se_report *report)
{
	const struct value value = {&se_keys[key], text, line, report};

	return se_is_guid(text) ||
	       refuse_guid(&value, "the Application (client) ID of an app registration");
}

/* client_id:GUID and the like, as Azure names a managed identity. */
static bool
check_machine(const struct value *value)
{
	static const char resource[] = "resource_id:/subscriptions/";
	static const char *const prefixes[] = {"client_id:", "object_id:"};
	const char *text = value->text;
	struct value rest = *value;
	size_t i, len;

	if (strcmp(text, "system") == 0)
		return true;
	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		len = strlen(prefixes[i]);
		if (strncmp(text, prefixes[i], len) != 0)
			continue;
		rest.text = text + len;
		return se_is_guid(rest.text) || refuse_guid(&rest, "an id of a managed identity");
	}
	if (strncmp(text, resource, strlen(resource)) == 0 && strpbrk(text, " \t?&#") == NULL)
		return true;
	return refuse(value, "must be system, client_id:GUID, object_id:GUID or "
			     "resource_id:/subscriptions/... as the portal shows it");
}

static bool
check_tenant(const struct value *value)
{
	static const char *const shared[] = {"common", "organizations", "consumers", NULL};
	const char *text = value->text;
	size_t len = strlen(text);

	if (se_is_guid(text) || is_choice(shared, text, len))
		return true;
	if (strpbrk(text, " \t") != NULL)
		return refuse(value,
			"there is a blank in it; write the tenant's domain name (such as "
			"contoso.onmicrosoft.com) or its Directory (tenant) ID");
	if (se_is_domain(text, len) && memchr(text, '.', len) != NULL)
		return true;
	if (strspn(text, "0123456789abcdefABCDEF-") == len && memchr(text, '-', len) != NULL)
		return refuse_guid(value, "a Directory (tenant) ID");
	return refuse(value,
		"neither a domain name (such as contoso.onmicrosoft.com) nor a Directory "
		"(tenant) ID");
}

/* The word is shown: nobody puts a secret among names. */
static bool
check_names(const struct value *value, const char *(*problem)(const char *word, size_t len))
{
	const char *at = value->text, *word, *why;
	size_t len, count = 0;

	for (; se_list_next(&at, &word, &len); count++) {
		why = problem(word, len);
		if (why == NULL)
			continue;
		se_report_error(value->report, value->line, value->info->name, "%.*s%s: %s",
			(int)(len > NAME_SHOWN ? NAME_SHOWN : len), word,
			len > NAME_SHOWN ? "..." : "", why);
		return false;
	}
	return count > 0 || refuse(value, "has no value; write one, or remove the line");
}

/* --- any ----------------------------------------------------------------------------------- */

static bool
check_url(const struct value *value)
{
	const char *why = value->info->type == SE_TYPE_ORIGIN ? se_url_origin_problem(value->text)
			  : value->info->type == SE_TYPE_URL  ? se_url_problem(value->text)
							      : se_url_proxy_problem(value->text);

	return why == NULL || refuse(value, why);
}

/* Whoever writes for a shell is told that there is none. */
static bool
check_command(const struct value *value)
{
	const char *text = value->text;
	const size_t first = strcspn(text, " \t");

	if (strpbrk(text, "'\"\\`$|&;<>*?~") != NULL)
		return refuse(value,
			"no shell reads this: words are parted at blanks, and nothing is replaced; "
			"write a script of your own and name that");
	if (first == 0 || (text[0] != '/' && memchr(text, '/', first) != NULL))
		return refuse(value,
			"begins with the name of a program in $PATH, or with a path from '/' on");
	return true;
}

static bool
check_type(const struct value *value)
{
	switch (value->info->type) {
	case SE_TYPE_WORD:
		return is_choice(value->info->choices, value->text, strlen(value->text)) ||
		       refuse_choice(value);
	case SE_TYPE_TEXT:
	case SE_TYPE_CLIENT_ID:
		return check_text(value);
	case SE_TYPE_LIST:
		return check_list(value);
	case SE_TYPE_MATCHES:
		return check_names(value, se_match_problem);
	case SE_TYPE_HOSTS:
		return check_names(value, se_host_problem);
	case SE_TYPE_TENANT:
		return check_tenant(value);
	case SE_TYPE_ORIGIN:
	case SE_TYPE_URL:
	case SE_TYPE_PROXY:
		return check_url(value);
	case SE_TYPE_PATH:
		return check_path(value);
	case SE_TYPE_KEY:
		return check_key(value);
	case SE_TYPE_FEDERATED:
		return check_federated(value);
	case SE_TYPE_MACHINE:
		return check_machine(value);
	case SE_TYPE_COMMAND:
		return check_command(value);
	case SE_TYPE_SECONDS:
		return check_seconds(value);
	}
	return false;
}

bool
se_value_check(enum se_key key, const char *text, unsigned line, struct se_report *report)
{
	const struct value value = {&se_keys[key], text, line, report};
	size_t len = strlen(text);

	if (len > 0 && (text[0] == '"' || text[0] == '\''))
		return refuse(&value, "quotation marks would be part of the value; leave them out");
	if (value.info->type != SE_TYPE_SECONDS && value.info->max > 0 &&
		len > (size_t)value.info->max) {
		se_report_error(report, line, value.info->name,
			"%zu bytes long, and %ld is the most", len, value.info->max);
		return false;
	}
	return check_type(&value);
}
