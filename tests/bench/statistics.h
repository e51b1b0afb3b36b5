/*
 * statistics: the median of a sample, and an interval for it that supposes nothing of how the
 * values are distributed.
 */
#ifndef SE_BENCH_STATISTICS_H
#define SE_BENCH_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

struct estimate {
	double median;
	double low, high; /* of 100 such intervals at least 95 hold the true median ... */
	bool certain;     /* ... unless there are too few values for that: then all lie between */
};

/* Puts the values in order. `count` is at least 1. */
struct estimate estimate_median(double *values, size_t count);

#endif
