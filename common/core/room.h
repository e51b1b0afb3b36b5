/*
 * room: for libraries that crash, or go on without what they had no memory for, when an allocation
 * fails in them. They are called only while there is memory for all that they may want.
 */
#ifndef SE_CORE_ROOM_H
#define SE_CORE_ROOM_H

#include <stdbool.h>
#include <stddef.h>

/* Whether that many bytes could be had now. */
bool se_room(size_t bytes);

#endif
