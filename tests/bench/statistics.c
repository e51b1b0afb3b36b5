#include <math.h>
#include <stdlib.h>

#include "statistics.h"

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* How probable it is that of `count` values exactly `below` are less than the true median. */
static double
probability(size_t count, size_t below)
{
	double n = (double)count, k = (double)below;

	return exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2));
}

/* How many values may be left out at each end; -1 where even all of them do not reach 95 %. */
static long
left_out(size_t count)
{
	double tail = 0;
	long out = -1;

	for (size_t k = 0; k < count; k++) {
		tail += probability(count, k);
		if (tail > 0.025)
			break;
		out = (long)k;
	}
	return out;
}

struct estimate
estimate_median(double *values, size_t count)
{
	struct estimate found;
	long out = left_out(count);
	size_t ends = out > 0 ? (size_t)out : 0;

	qsort(values, count, sizeof(*values), compare);
	found.median = count % 2 == 1 ? values[count / 2]
				      : (values[count / 2 - 1] + values[count / 2]) / 2;
	found.low = values[ends];
	found.high = values[count - 1 - ends];
	found.certain = out >= 0;
	return found;
}
