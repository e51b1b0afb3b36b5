/*
 * samples: pairs of measurements as the programs of the benchmark print them: a line "OURS THEIRS",
 * two numbers in one unit, taken right after one another.
 */
#ifndef SE_BENCH_SAMPLES_H
#define SE_BENCH_SAMPLES_H

#include <stddef.h>
#include <stdio.h>

struct samples {
	double *ours, *theirs;
	double *ratio; /* ours / theirs, pair by pair */
	size_t count, room;
};

/* Reads all; NULL, or what is wrong (a line, mostly), which the next call overwrites. */
const char *samples_read(struct samples *samples, FILE *file);
void samples_free(struct samples *samples);

#endif
