/*
 * import_sign_in: a refresh token of an import becomes the sign-in that is kept, and goes again. Others
 * write there, too: the agent renews, people sign in. Hence all of it is done as the tokens' owner and
 * under the token key's lock.
 */
#ifndef SE_TOOL_IMPORT_SIGN_IN_H
#define SE_TOOL_IMPORT_SIGN_IN_H

#include "tool/import_account.h"
#include "tool/journal.h"
#include "tool/place.h"

/* `place` is where its sign-in goes. One that is there stays, and that is said on stderr, without
 * `replace`. */
enum se_code se_import_sign_in(struct se_place *place, const struct se_import_account *account,
	bool replace, struct se_journal *journal, struct se_error *error);

struct se_import_putting {
	const struct se_identity *identity;
	size_t left; /* sign-ins that stayed */
};

/* For se_journal_undo(), with a struct se_import_putting: puts back what was there before the import's
 * sign-in, whether that was renewed or not. Another one that is there now stays, and that is said. */
enum se_code
se_import_put_sign_in(void *context, const struct se_journal_sign_in *kept, struct se_error *error);

#endif
