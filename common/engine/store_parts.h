/*
 * store_parts: what the parts of store share. Not for anybody else.
 */
#ifndef SE_ENGINE_STORE_PARTS_H
#define SE_ENGINE_STORE_PARTS_H

#include "engine/store.h"

struct se_store {
	int directory;
	char *path;
};

#endif
