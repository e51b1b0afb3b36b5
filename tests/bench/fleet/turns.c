/* turns: whose turn it is. */
#include <stdio.h>
#include <stdlib.h>

#include "fleet.h"

void *
need(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory == NULL) {
		(void)fprintf(stderr, "fleet: no memory\n");
		exit(1);
	}
	return memory;
}

void
turns_sink(struct turn *turns, size_t count, size_t place)
{
	struct turn turn = turns[place];
	size_t child;

	while ((child = place * 2) <= count) {
		if (child < count && turns[child + 1].due < turns[child].due)
			child++;
		if (turns[child].due >= turn.due)
			break;
		turns[place] = turns[child];
		place = child;
	}
	turns[place] = turn;
}

void
turns_begin(struct turn *turns, size_t count)
{
	size_t i;

	for (i = count / 2; i >= 1; i--)
		turns_sink(turns, count, i);
}
