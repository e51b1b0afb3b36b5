/*
 * alloc: allocations that fail on purpose. alloc_torture.so, preloaded in front of libasan, counts
 * the allocations of a test and fails the k-th, or the k-th and all after it; README.md says how
 * it is run. A test that does not say otherwise is counted from its first line to its last.
 */
#ifndef SE_TESTS_TORTURE_ALLOC_H
#define SE_TESTS_TORTURE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* --- for tests that say where allocations fail ----------------------------------------------- */

/* Allocations of this thread fail between the two, and nowhere else. Weak: without the preloaded
 * object they are NULL, and the test sees what happens when nothing fails. */
void torture_begin(void) __attribute__((weak));
void torture_end(void) __attribute__((weak));

/* Whether one has failed. */
bool torture_hit(void) __attribute__((weak));

/* --- between the two halves of the preloaded object ------------------------------------------ */

/* A test's allocations whose places are noted; those that come later are seldom at others. */
enum { STACKS_MAX = 20000 };

struct alloc_plan {
	unsigned long fail; /* the number of the one that fails, from 1; 0: none */
	bool and_after;     /* and all after it */
	bool note_stacks;   /* where each one is made goes to `stacks` */
	bool in_children;   /* processes that the test forks count on, each by itself */
	bool show;          /* where it failed goes to stderr */
};

/* In memory that is shared with the forked child. */
struct alloc_seen {
	unsigned long count;
	bool hit;
	unsigned long stacks[STACKS_MAX]; /* hashes */
};

extern struct alloc_plan alloc_plan;
extern struct alloc_seen *alloc_seen;

/* The calling thread's allocations are counted, and fail as planned. */
void alloc_count(bool on);

#endif
