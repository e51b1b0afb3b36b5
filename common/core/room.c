#include <stdlib.h>

#include "core/room.h"

bool
se_room(size_t bytes)
{
	/* Volatile: a compiler may leave out what is only allocated and freed. */
	void *volatile room = malloc(bytes);

	free(room);
	return room != NULL;
}
