/*
 * core_support: what the tests of files and sockets share: a place of their own, other users,
 * and a count of the descriptors that are open.
 */
#ifndef SE_TESTS_CORE_SUPPORT_H
#define SE_TESTS_CORE_SUPPORT_H

#include <stddef.h>
#include <sys/types.h>

enum {
	SE_TEST_PATH = 512,
	SE_TEST_USER = 12345, /* another user, with a group of the same number */
	SE_TEST_STRANGER = 23456
};

/* Makes a directory under /tmp, mode 0755. False when it could not. */
int se_test_place(char place[SE_TEST_PATH]);
void se_test_remove(const char *place);

/* PLACE/NAME, in one of a few buffers that take turns. */
const char *se_test_path(const char *place, const char *name);

/* Writes a file with exactly this mode; returns its path. */
const char *se_test_file(const char *place, const char *name, const char *text, mode_t mode);

/* Entries of a directory, without . and .. */
size_t se_test_entries(const char *directory);

size_t se_test_open_descriptors(void);

/* Runs `body` in a child process as `user` (0: as we are) and returns what it returned, -1 when
 * the child could not be made or was killed. */
int se_test_as(uid_t user, int (*body)(void *context), void *context);

#endif
