/*
 * look: how another process is, as /proc has it.
 */
#ifndef SE_TESTS_BENCH_LOOK_H
#define SE_TESTS_BENCH_LOOK_H

struct look {
	long descriptors;
	long kb; /* resident */
	long ms; /* of processor time since its start */
};

/* Zeroes where it is gone. `pid` in digits. */
struct look look_at(const char *pid);

#endif
