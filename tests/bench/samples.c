#include <stdbool.h>
#include <stdlib.h>

#include "samples.h"

static bool
make_room(double **values, size_t room)
{
	double *more = reallocarray(*values, room, sizeof(**values));

	if (more != NULL)
		*values = more;
	return more != NULL;
}

static bool
add(struct samples *samples, double ours, double theirs)
{
	size_t room = samples->room * 2 + 64;

	if (samples->count == samples->room) {
		if (!make_room(&samples->ours, room) || !make_room(&samples->theirs, room) ||
			!make_room(&samples->ratio, room))
			return false;
		samples->room = room;
	}
	samples->ours[samples->count] = ours;
	samples->theirs[samples->count] = theirs;
	samples->ratio[samples->count++] = ours / theirs;
	return true;
}

const char *
samples_read(struct samples *samples, FILE *file)
{
	static char line[200];
	double ours, theirs;
	char rest;

	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%lf %lf %c", &ours, &theirs, &rest) != 2 || !(theirs > 0) ||
			!(ours >= 0))
			return line;
		if (!add(samples, ours, theirs))
			return "out of memory";
	}
	return samples->count > 0 ? NULL : "there are none";
}

void
samples_free(struct samples *samples)
{
	free(samples->ours);
	free(samples->theirs);
	free(samples->ratio);
}
