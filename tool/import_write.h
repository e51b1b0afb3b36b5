/*
 * import_write: a file that an import makes or replaces; one that is there keeps its owner, mode and
 * ACL.
 */
#ifndef SE_TOOL_IMPORT_WRITE_H
#define SE_TOOL_IMPORT_WRITE_H

#include <stddef.h>
#include <sys/types.h>

#include "core/secret.h"

#include "tool/identity.h"

enum se_code se_import_write(
	const char *path, mode_t mode, const void *data, size_t len, struct se_error *error);

/* One that the owner of the tokens may read, and nobody else. */
enum se_code se_import_write_secret(const struct se_identity *identity, const char *path,
	const struct se_secret *secret, struct se_error *error);

#endif
