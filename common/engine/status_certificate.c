#include <string.h>

#include "core/file.h"
#include "core/world.h"
#include "engine/credential_certificate.h"
#include "engine/names.h"
#include "engine/status_certificate.h"
#include "engine/values.h"

enum { FILE_MAX = 256 * 1024 };

/* The first one of the file is the app's own, as every tool writes them. */
static bool
first_of_file(const char *path, struct se_certificate_facts *facts)
{
	const struct se_key_password none = {.secret = NULL};
	struct se_certificates *list = NULL;
	struct se_error unused;
	struct se_buffer content;
	bool found;

	se_buffer_init(&content, FILE_MAX);
	found = se_file_read(path, SE_FILE_CONFIG, &content, NULL, &unused) == SE_OK &&
		se_certificates_read(path, &content, &none, &list, &unused) == SE_OK &&
		se_certificates_first(list, facts);
	se_certificates_free(list);
	se_buffer_free(&content);
	return found;
}

bool
se_status_certificate_ends(const struct se_account *account, int64_t *ends)
{
	const char *credential = account->value[SE_KEY_CREDENTIAL].text;
	const char *path = account->value[SE_KEY_CERTIFICATE].text;
	struct se_certificate_facts facts;
	struct se_error unused;

	if (path == NULL || credential == NULL || !se_name_equal(credential, "certificate"))
		return false;
	memset(&facts, 0, sizeof(facts));
	/* The key is not looked at where that can be helped: decrypting one takes its time, and a
	 * token would have to be opened. PKCS#12 needs its password. An error may be about the dates
	 * alone: then they are known. */
	if (!first_of_file(path, &facts))
		(void)se_credential_certificate_look(
			account, &se_world_system, &facts, NULL, &unused);
	*ends = facts.not_after;
	return facts.not_after != 0;
}
