/*
 * store_parts: what the parts of store share. Not for anybody else.
 */
#ifndef SE_ENGINE_STORE_PARTS_H
#define SE_ENGINE_STORE_PARTS_H

#include <dirent.h>

#include "engine/store.h"

struct se_store {
	int directory;
	char *path;
};

/* To be read by readdir() and closed by closedir(); NULL when that cannot be. */
DIR *se_store_entries(const struct se_store *store);

#endif
