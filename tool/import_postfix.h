/*
 * import_postfix: what of a Postfix configuration an import needs: the password maps of its smtp(8),
 * and where its queue is.
 */
#ifndef SE_TOOL_IMPORT_POSTFIX_H
#define SE_TOOL_IMPORT_POSTFIX_H

#include <stdbool.h>

#include "core/buffer.h"
#include "core/error.h"

enum { SE_IMPORT_MAPS_MAX = 8 };

struct se_import_postfix {
	char *directory; /* of main.cf */
	char *queue;
	char *relayhost;
	char *maps[SE_IMPORT_MAPS_MAX + 1]; /* TYPE:/PATH, each; NULL-terminated */
};

/* SE_ABSENT: there is no Postfix. `directory` may be NULL. */
enum se_code se_import_postfix_read(
	const char *directory, struct se_import_postfix *postfix, struct se_error *error);
void se_import_postfix_free(struct se_import_postfix *postfix);

/* The text file of TYPE:/PATH: the path in it. NULL: of that type there is none. */
const char *se_import_map_text(const char *map);

/* The file that postmap(1) makes of it, for free(); NULL: none, the text itself is read. */
char *se_import_map_compiled(const char *map);

/* Compiles the map anew. */
enum se_code
se_import_postmap(const struct se_import_postfix *postfix, const char *map, struct se_error *error);

/* Lets a Postfix that runs read all anew; *ran says whether one does. */
enum se_code se_import_postfix_reload(const char *directory, bool *ran, struct se_error *error);

#endif
