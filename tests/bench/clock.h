/* clock: microseconds of the clock that no one sets. */
#ifndef SE_BENCH_CLOCK_H
#define SE_BENCH_CLOCK_H

#include <time.h>

static inline double
bench_now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

#endif
