/*
 * checkup_ids: the ids of what doctor looks at, as the manual page lists them. By its number an id gets from
 * one process to another without anybody having to believe a pointer.
 */
#ifndef SE_TOOL_CHECKUP_IDS_H
#define SE_TOOL_CHECKUP_IDS_H

#include <stddef.h>

/* Static; NULL beyond the last one. */
const char *se_checkup_id(size_t number);

/* Of an id that is not listed: a number beyond the last one. */
size_t se_checkup_id_number(const char *id);

#endif
