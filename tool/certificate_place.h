/*
 * certificate_place: where an account's certificate and key are, and the new and the old ones
 * beside them: PATH, PATH.new, PATH.old, and PATH.new.cer, which is uploaded.
 */
#ifndef SE_TOOL_CERTIFICATE_PLACE_H
#define SE_TOOL_CERTIFICATE_PLACE_H

#include <limits.h>

#include "engine/config.h"

#include "tool/install_file.h"
#include "tool/verb.h"

enum se_which { SE_ACTIVE, SE_NEW, SE_OLD, SE_SWAP, SE_UPLOAD, SE_WHICH_COUNT };

/* One file of an account, with its variants. */
struct se_place_file {
	char directory_path[PATH_MAX];
	int directory;                           /* -1: not opened */
	char name[SE_WHICH_COUNT][NAME_MAX + 1]; /* in the directory */
	char path[SE_WHICH_COUNT][PATH_MAX];
};

struct se_certificate_place {
	const struct se_identity *identity;
	struct se_config *config;
	const struct se_account *account;
	bool separate;                         /* the key is in a file of its own */
	struct se_place_file certificate, key; /* key: only where it is separate */
	bool became;                           /* root is the files' user at the moment */
};

/* Finds the account and judges whether its certificate can be handled: SE_CONFIG when it has none,
 * when the key is in a token, or when a file is a link or PKCS#12. Zeroes `place` first; the caller
 * ends it with se_certificate_place_free(), whatever is returned. */
enum se_code se_certificate_place_find(const struct se_command *command, const char *name,
	struct se_certificate_place *place, struct se_error *error);
void se_certificate_place_free(struct se_certificate_place *place);

/* Opens the directories for writing, as root in root's, else as the user who owns the tokens. */
enum se_code se_certificate_place_open(struct se_certificate_place *place, struct se_error *error);

/* The account as if it had been written with the other files. Borrows their paths. */
struct se_account se_certificate_place_account(
	const struct se_certificate_place *place, enum se_which certificate, enum se_which key);

/* Reads and judges that as the user who will use it, who is left again. `facts` may be NULL. */
struct se_certificate_facts;
enum se_code
se_certificate_place_look(const struct se_certificate_place *place, enum se_which certificate,
	enum se_which key, struct se_certificate_facts *facts, struct se_error *error);

#endif
