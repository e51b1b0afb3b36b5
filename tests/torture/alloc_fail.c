/* alloc_fail: the functions that allocate, in front of those of libasan or libc. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include "alloc.h"

enum { FRAMES = 24 /* that tell one place from another */ };

/* Where the memory is from. libasan's names for its own; libc has others. */
void *__interceptor_malloc(size_t size) __attribute__((weak));
void *__interceptor_calloc(size_t count, size_t size) __attribute__((weak));
void *__interceptor_realloc(void *old, size_t size) __attribute__((weak));
void *__interceptor_memalign(size_t alignment, size_t size) __attribute__((weak));
void __sanitizer_print_stack_trace(void) __attribute__((weak));
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

struct alloc_plan alloc_plan;
struct alloc_seen *alloc_seen;

static __thread bool counting __attribute__((tls_model("initial-exec")));

static void
in_forked_child(void)
{
	counting = counting && alloc_plan.in_children;
}

void
alloc_count(bool on)
{
	static bool registered;

	if (on && !registered)
		registered = pthread_atfork(NULL, NULL, in_forked_child) == 0;
	counting = on;
}

/* backtrace() would load libgcc and leak some of that. */
struct stack {
	unsigned depth;
	unsigned long hash;
};

static _Unwind_Reason_Code
hash_frame(struct _Unwind_Context *frame, void *context)
{
	struct stack *stack = context;

	stack->hash = (stack->hash ^ _Unwind_GetIP(frame)) * 1099511628211ul; /* FNV-1a */
	return ++stack->depth < FRAMES ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

static void
note_stack(unsigned long number)
{
	struct stack stack = {.hash = 14695981039346656037ul};

	(void)_Unwind_Backtrace(hash_frame, &stack);
	alloc_seen->stacks[number - 1] = stack.hash;
}

/* Whether this allocation is one that fails. */
static bool
fails(void)
{
	unsigned long number;

	if (!counting)
		return false;
	number = ++alloc_seen->count;
	if (alloc_plan.note_stacks && number <= STACKS_MAX) {
		counting = false; /* unwinding may allocate */
		note_stack(number);
		counting = true;
	}
	if (alloc_plan.fail == 0 || number < alloc_plan.fail ||
		(number > alloc_plan.fail && !alloc_plan.and_after))
		return false;
	if (alloc_plan.show && !alloc_seen->hit && __sanitizer_print_stack_trace != NULL) {
		counting = false;
		__sanitizer_print_stack_trace();
		counting = true;
	}
	alloc_seen->hit = true;
	errno = ENOMEM;
	return true;
}

#define EXPORT __attribute__((visibility("default")))

EXPORT void *
malloc(size_t size)
{
	if (fails())
		return NULL;
	return __interceptor_malloc != NULL ? __interceptor_malloc(size) : __libc_malloc(size);
}

EXPORT void *
calloc(size_t count, size_t size)
{
	if (fails())
		return NULL;
	return __interceptor_calloc != NULL ? __interceptor_calloc(count, size)
					    : __libc_calloc(count, size);
}

EXPORT void *
realloc(void *old, size_t size)
{
	/* To shrink to nothing is to free, and that does not fail. */
	if (size != 0 && fails())
		return NULL;
	return __interceptor_realloc != NULL ? __interceptor_realloc(old, size)
					     : __libc_realloc(old, size);
}

EXPORT void *
reallocarray(void *old, size_t count, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(count, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, all);
}

EXPORT void *
memalign(size_t alignment, size_t size)
{
	if (fails())
		return NULL;
	return __interceptor_memalign != NULL ? __interceptor_memalign(alignment, size)
					      : __libc_memalign(alignment, size);
}

EXPORT void *
aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

EXPORT int
posix_memalign(void **where, size_t alignment, size_t size)
{
	void *data = memalign(alignment, size);

	if (data == NULL)
		return ENOMEM;
	*where = data;
	return 0;
}

/* libasan's own do not come by malloc(). */
EXPORT char *
strndup(const char *text, size_t max)
{
	size_t len = strnlen(text, max);
	char *copy = malloc(len + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

EXPORT char *
strdup(const char *text)
{
	return strndup(text, strlen(text));
}

EXPORT char *__strdup(const char *text);

EXPORT char *
__strdup(const char *text)
{
	return strdup(text);
}
