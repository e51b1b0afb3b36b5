#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#include <sys/mount.h>
#include <sys/xattr.h>
#endif

#include <cmocka.h>

#include "core/descriptor.h"
#include "core/file.h"
#include "core_support.h"

enum { MAX = 64 };

static char place[SE_TEST_PATH];
static struct se_error error;
static size_t descriptors;

#define NEED_ROOT() \
	do { \
		if (geteuid() != 0) { \
			print_message("# needs root, for files of other users\n"); \
			skip(); \
		} \
	} while (0)

static int
set_up(void **state)
{
	(void)state;
	descriptors = se_test_open_descriptors();
	memset(&error, 0, sizeof(error));
	return se_test_place(place) ? 0 : -1;
}

/* No test may leave a descriptor open. */
static int
tear_down(void **state)
{
	(void)state;
	se_test_remove(place);
	return se_test_open_descriptors() == descriptors ? 0 : -1;
}

static enum se_code
read_it(const char *path, enum se_file_rule rule)
{
	struct se_buffer out;
	enum se_code code;

	se_buffer_init(&out, MAX);
	code = se_file_read(path, rule, &out, NULL, &error);
	se_buffer_free(&out);
	return code;
}

/* Refused, with a sentence that names the path and has these words. */
static void
assert_refused(const char *path, enum se_file_rule rule, const char *words)
{
	error.text[0] = '\0';
	assert_int_equal(read_it(path, rule), SE_CONFIG);
	assert_int_equal(error.code, SE_CONFIG);
	if (strstr(error.text, path) == NULL || strstr(error.text, words) == NULL)
		fail_msg("%s: no \"%s\" in: %s", path, words, error.text);
}

static void
make_directory(const char *path, mode_t mode)
{
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* --- reading --------------------------------------------------------------------------------- */

static void
reads_a_file(void **state)
{
	const char *path = se_test_file(place, "conf", "hello\n", 0644);
	struct se_file_id id;
	struct se_file_id again;
	struct se_buffer out;

	(void)state;
	se_buffer_init(&out, MAX);
	assert_int_equal(se_file_read(path, SE_FILE_CONFIG, &out, &id, &error), SE_OK);
	assert_string_equal(se_buffer_text(&out), "hello\n");
	assert_int_equal(id.size, 6);
	assert_true(se_file_identify(path, &again));
	assert_memory_equal(&id, &again, sizeof(id));
	se_buffer_free(&out);
}

static void
identifies_what_is_there(void **state)
{
	const char *path = se_test_file(place, "conf", "one", 0644);
	struct se_file_id before;
	struct se_file_id after;
	const struct se_file_id none = {0};

	(void)state;
	assert_true(se_file_identify(path, &before));
	se_test_file(place, "conf", "other", 0644);
	assert_true(se_file_identify(path, &after));
	assert_memory_not_equal(&before, &after, sizeof(before));
	assert_false(se_file_identify(se_test_path(place, "none"), &after));
	assert_memory_equal(&after, &none, sizeof(none));
}

static void
keeps_to_the_limit(void **state)
{
	char text[3 * 5000];
	struct se_buffer out;
	const char *path;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[MAX] = '\0';
	assert_int_equal(read_it(se_test_file(place, "fits", text, 0644), SE_FILE_CONFIG), SE_OK);
	assert_int_equal(read_it(se_test_file(place, "empty", "", 0644), SE_FILE_CONFIG), SE_OK);
	text[MAX] = 'x';
	text[MAX + 1] = '\0';
	assert_refused(se_test_file(place, "long", text, 0644), SE_FILE_CONFIG, "the 64 bytes");

	text[MAX + 1] = 'x';
	text[sizeof(text) - 1] = '\0';
	path = se_test_file(place, "large", text, 0644);
	se_buffer_init(&out, 20000);
	assert_int_equal(se_file_read(path, SE_FILE_CONFIG, &out, NULL, &error), SE_OK);
	assert_string_equal(se_buffer_text(&out), text);
	se_buffer_free(&out);
}

#ifdef __linux__
/* Files of /proc have a size of 0 and content all the same. */
static void
reads_what_has_no_size(void **state)
{
	struct se_buffer out;

	(void)state;
	se_buffer_init(&out, 1 << 20);
	assert_int_equal(
		se_file_read("/proc/filesystems", SE_FILE_CONFIG, &out, NULL, &error), SE_OK);
	assert_non_null(strstr(se_buffer_text(&out), "proc\n"));
	se_buffer_free(&out);
	assert_refused("/proc/filesystems", SE_FILE_CONFIG, "larger than the 64 bytes");
}
#endif

static void
refuses_what_is_no_file(void **state)
{
	const char *fifo = se_test_path(place, "fifo");

	(void)state;
	assert_refused(se_test_path(place, "none"), SE_FILE_CONFIG, "does not exist");
	assert_refused(se_test_path(place, "none/deeper"), SE_FILE_SECRET, "there is no none in");
	assert_refused(place, SE_FILE_CONFIG, "is a directory");
	assert_refused("/", SE_FILE_CONFIG, "is a directory");
	assert_refused("/dev/null", SE_FILE_CONFIG, "special file");
	assert_refused("relative", SE_FILE_CONFIG, "not an absolute path");
	assert_refused("", SE_FILE_CONFIG, "not an absolute path");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_refused(fifo, SE_FILE_SECRET, "special file");
	se_test_file(place, "file", "x", 0600);
	assert_refused(se_test_path(place, "file/x"), SE_FILE_SECRET, "does not exist");
}

static void
refuses_a_path_too_long(void **state)
{
	char path[8192];

	(void)state;
	memset(path, '/', sizeof(path));
	memset(path + 1, 'x', 300);
	path[301] = '\0';
	assert_refused(path, SE_FILE_CONFIG, strerror(ENAMETOOLONG));
	memset(path + 1, 'x', sizeof(path) - 2);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(read_it(path, SE_FILE_CONFIG), SE_CONFIG);
}

/* --- owner and mode -------------------------------------------------------------------------- */

static void
judges_a_configurations_mode(void **state)
{
	const char *path = se_test_file(place, "conf", "x", 0644);

	(void)state;
	assert_int_equal(read_it(path, SE_FILE_CONFIG), SE_OK);
	assert_int_equal(chmod(path, 0664), 0);
	assert_int_equal(read_it(path, SE_FILE_CONFIG), SE_OK);
	assert_int_equal(chmod(path, 0666), 0);
	assert_refused(path, SE_FILE_CONFIG, "can be changed by everyone (mode 0666); chmod 0664 ");
}

static void
judges_a_secrets_mode(void **state)
{
	const char *path = se_test_file(place, "secret", "x", 0600);

	(void)state;
	assert_int_equal(read_it(path, SE_FILE_SECRET), SE_OK);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(read_it(path, SE_FILE_SECRET), SE_OK);
	assert_int_equal(chmod(path, 0400), 0);
	assert_int_equal(read_it(path, SE_FILE_SECRET), SE_OK);
	assert_int_equal(chmod(path, 0644), 0);
	assert_refused(path, SE_FILE_SECRET, "can be read by everyone (mode 0644); chmod 0640 ");
	assert_non_null(strstr(strstr(error.text, "chmod"), path));
	assert_int_equal(chmod(path, 0602), 0);
	assert_refused(path, SE_FILE_SECRET, "can be changed by everyone (mode 0602); chmod 0600 ");
}

static void
judges_a_states_mode(void **state)
{
	const char *path = se_test_file(place, "state", "x", 0600);

	(void)state;
	assert_int_equal(read_it(path, SE_FILE_STATE), SE_OK);
	assert_int_equal(chmod(path, 0640), 0);
	assert_refused(path, SE_FILE_STATE, "can be read by group");
	assert_int_equal(chmod(path, 0604), 0);
	assert_refused(path, SE_FILE_STATE, "can be read by everyone (mode 0604); chmod 0600 ");
}

static void
judges_the_group(void **state)
{
	const char *conf = se_test_file(place, "conf", "x", 0664);
	const char *secret = se_test_file(place, "secret", "x", 0640);

	(void)state;
	NEED_ROOT();
	assert_int_equal(chown(conf, 0, SE_TEST_USER), 0);
	assert_int_equal(chown(secret, 0, SE_TEST_USER), 0);
	assert_refused(
		conf, SE_FILE_CONFIG, "can be changed by group 12345 (mode 0664); chmod 0644");
	assert_refused(
		secret, SE_FILE_SECRET, "can be read by group 12345 (mode 0640); chmod 0600");
}

static void
judges_the_owner(void **state)
{
	const char *conf = se_test_file(place, "conf", "x", 0644);
	const char *secret = se_test_file(place, "secret", "x", 0600);

	(void)state;
	NEED_ROOT();
	assert_int_equal(chown(conf, SE_TEST_USER, 0), 0);
	assert_int_equal(chown(secret, SE_TEST_USER, 0), 0);
	assert_refused(conf, SE_FILE_CONFIG, "belongs to uid 12345, who is neither root nor uid 0");
	assert_refused(secret, SE_FILE_SECRET, "chown 0 ");
	assert_refused(secret, SE_FILE_STATE, "belongs to uid 12345");
}

/* Each check of the child is a bit of what it returns. */
static int
read_as_user(void *context)
{
	int wrong = 0;

	(void)context;
	wrong |= read_it(se_test_path(place, "conf"), SE_FILE_CONFIG) != SE_OK;
	wrong |= (read_it(se_test_path(place, "secret"), SE_FILE_SECRET) != SE_OK) << 1;
	wrong |= (read_it(se_test_path(place, "own"), SE_FILE_SECRET) != SE_OK) << 2;
	wrong |= (read_it(se_test_path(place, "own"), SE_FILE_STATE) != SE_OK) << 3;
	/* root's, for state */
	wrong |= (read_it(se_test_path(place, "conf"), SE_FILE_STATE) != SE_CONFIG ||
			 strstr(error.text, "chown 12345 ") == NULL)
		 << 4;
	wrong |= (read_it(se_test_path(place, "roots"), SE_FILE_SECRET) != SE_CONFIG ||
			 strstr(error.text, strerror(EACCES)) == NULL)
		 << 5;
	wrong |= (read_it(se_test_path(place, "strangers"), SE_FILE_CONFIG) != SE_CONFIG ||
			 strstr(error.text, "belongs to uid 23456") == NULL)
		 << 6;
	return wrong;
}

static void
reads_as_another_user(void **state)
{
	(void)state;
	NEED_ROOT();
	se_test_file(place, "conf", "x", 0644);
	assert_int_equal(chown(se_test_file(place, "secret", "x", 0640), 0, SE_TEST_USER), 0);
	assert_int_equal(
		chown(se_test_file(place, "own", "x", 0600), SE_TEST_USER, SE_TEST_USER), 0);
	se_test_file(place, "roots", "x", 0600);
	assert_int_equal(
		chown(se_test_file(place, "strangers", "x", 0644), SE_TEST_STRANGER, 0), 0);
	assert_int_equal(se_test_as(SE_TEST_USER, read_as_user, NULL), 0);
}

#ifdef __linux__
/* The list that setfacl(1) makes: owner, one that is named, group, mask, others. */
static bool
give_list(const char *path, unsigned tag, unsigned id, unsigned rights, unsigned group)
{
	const unsigned entries[][3] = {{0x01, 6, -1u}, {tag, rights, id}, {0x04, group, -1u},
		{0x10, rights | group, -1u}, {0x20, 0, -1u}};
	const size_t order[] = {0, tag == 0x02 ? 1 : 2, tag == 0x02 ? 2 : 1, 3, 4};
	unsigned char list[44] = {2}, *at = list + 4;

	for (size_t i = 0; i < 5; i++, at += 8) {
		const unsigned *entry = entries[order[i]];

		at[0] = (unsigned char)entry[0];
		at[2] = (unsigned char)entry[1];
		for (unsigned byte = 0; byte < 4; byte++)
			at[4 + byte] = (unsigned char)(entry[2] >> (8 * byte));
	}
	return setxattr(path, "system.posix_acl_access", list, sizeof(list), 0) == 0;
}

#define NEED_LIST(path, ...) \
	do { \
		NEED_ROOT(); \
		if (!give_list(path, __VA_ARGS__)) { \
			print_message("# no ACL on this file system: %s\n", strerror(errno)); \
			skip(); \
		} \
	} while (0)

enum { USER = 0x02, GROUP = 0x08, MAY_READ = 4, MAY_WRITE = 2, MAY_BOTH = 6 };

static int
read_by_list(void *context)
{
	(void)context;
	return read_it(se_test_path(place, "secret"), SE_FILE_SECRET) == SE_OK ? 0 : 1;
}

/* As systemd gives a service its credentials: root's file, and a list that names the service. The
 * owning group has nothing, whatever the mode seems to say. */
static void
reads_what_a_list_gives(void **state)
{
	const char *path = se_test_file(place, "secret", "x", 0600);

	(void)state;
	NEED_LIST(path, USER, SE_TEST_USER, MAY_READ, 0);
	assert_int_equal(se_test_as(SE_TEST_USER, read_by_list, NULL), 0);
	assert_int_equal(chown(path, 0, SE_TEST_STRANGER), 0);
	assert_int_equal(se_test_as(SE_TEST_USER, read_by_list, NULL), 0);
	assert_true(give_list(path, GROUP, SE_TEST_USER, MAY_READ, 0));
	assert_int_equal(se_test_as(SE_TEST_USER, read_by_list, NULL), 0);
	/* To us it is a stranger's. */
	assert_true(give_list(path, USER, 0, MAY_BOTH, 0));
	assert_int_equal(read_it(path, SE_FILE_SECRET), SE_OK);
}

static void
refuses_a_list_for_others(void **state)
{
	const char *path = se_test_file(place, "secret", "x", 0600);

	(void)state;
	NEED_LIST(path, USER, SE_TEST_USER, MAY_READ, 0);
	assert_refused(path, SE_FILE_SECRET,
		"can be read by u:12345 (its ACL says so); setfacl -x "
		"u:12345 ");
	assert_int_equal(read_it(path, SE_FILE_CONFIG), SE_OK);
	assert_true(give_list(path, GROUP, SE_TEST_USER, MAY_BOTH, 0));
	assert_refused(path, SE_FILE_CONFIG, "can be changed by g:12345 (its ACL");
	assert_true(give_list(path, USER, SE_TEST_USER, MAY_READ, 0));
	assert_refused(path, SE_FILE_STATE, "can be read by group 0 (mode 0640); chmod 0600");
	/* The owning group's own part, where the list names nobody. */
	assert_true(give_list(path, USER, 0, MAY_READ, MAY_READ));
	assert_int_equal(read_it(path, SE_FILE_SECRET), SE_OK);
	assert_int_equal(chown(path, 0, SE_TEST_USER), 0);
	assert_refused(path, SE_FILE_SECRET, "by group 12345 (its ACL says so); setfacl -m g::- ");
	/* A mask takes all of it away again. */
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(read_it(path, SE_FILE_SECRET), SE_OK);
}

static void
refuses_a_directory_that_a_list_opens(void **state)
{
	const char *directory = se_test_path(place, "d");
	const char *path;

	(void)state;
	make_directory(directory, 0700);
	path = se_test_file(place, "d/secret", "x", 0600);
	NEED_LIST(directory, USER, SE_TEST_USER, MAY_BOTH, 0);
	assert_refused(path, SE_FILE_SECRET, "the ACL of the directory ");
	assert_non_null(strstr(error.text, "lets u:12345 write to it; setfacl -x u:12345 "));
	assert_true(give_list(directory, USER, SE_TEST_USER, MAY_READ, MAY_BOTH));
	assert_int_equal(read_it(path, SE_FILE_SECRET), SE_OK);
	assert_int_equal(chown(directory, 0, SE_TEST_USER), 0);
	assert_refused(path, SE_FILE_SECRET, "group 12345 can write to the directory");
	assert_true(give_list(directory, USER, SE_TEST_USER, MAY_READ, MAY_READ));
	assert_int_equal(read_it(path, SE_FILE_SECRET), SE_OK);
}
#endif

/* --- directories and links on the way -------------------------------------------------------- */

static void
refuses_a_writable_directory(void **state)
{
	const char *directory = se_test_path(place, "d");
	const char *path;

	(void)state;
	make_directory(directory, 0777);
	path = se_test_file(place, "d/secret", "x", 0600);
	assert_refused(path, SE_FILE_SECRET, "everyone can write to the directory");
	assert_non_null(strstr(error.text, "chmod o-w "));
	assert_refused(path, SE_FILE_CONFIG, "everyone can write to the directory");
	assert_refused(path, SE_FILE_STATE, "everyone can write to the directory");
	assert_int_equal(chmod(directory, 01777), 0);
	assert_int_equal(read_it(path, SE_FILE_SECRET), SE_OK);
	assert_int_equal(chmod(directory, 0775), 0);
	assert_int_equal(read_it(path, SE_FILE_SECRET), SE_OK);
}

static void
refuses_others_directories(void **state)
{
	const char *directory = se_test_path(place, "d");
	const char *path;

	(void)state;
	NEED_ROOT();
	make_directory(directory, 0775);
	path = se_test_file(place, "d/secret", "x", 0600);
	assert_int_equal(chown(directory, 0, SE_TEST_USER), 0);
	assert_refused(path, SE_FILE_SECRET, "group 12345 can write to the directory");
	assert_non_null(strstr(error.text, "chmod g-w "));
	assert_int_equal(chmod(directory, 01775), 0);
	assert_int_equal(read_it(path, SE_FILE_SECRET), SE_OK);
	assert_int_equal(chmod(directory, 0755), 0);
	assert_int_equal(read_it(path, SE_FILE_SECRET), SE_OK);
	assert_int_equal(chown(directory, SE_TEST_USER, 0), 0);
	assert_refused(path, SE_FILE_SECRET, "belongs to uid 12345");
}

static void
judges_what_lies_in_a_sticky_directory(void **state)
{
	const char *path;

	(void)state;
	NEED_ROOT();
	make_directory(se_test_path(place, "d"), 01777);
	make_directory(se_test_path(place, "d/in"), 0755);
	path = se_test_file(place, "d/in/conf", "x", 0644);
	assert_int_equal(read_it(path, SE_FILE_CONFIG), SE_OK);
	assert_int_equal(chown(se_test_path(place, "d/in"), SE_TEST_USER, 0), 0);
	assert_refused(path, SE_FILE_CONFIG, "belongs to uid 12345");
	/* A link of somebody else's is as bad as a directory of theirs. */
	se_test_file(place, "conf", "x", 0644);
	path = se_test_path(place, "d/link");
	assert_int_equal(symlink("../conf", path), 0);
	assert_int_equal(read_it(path, SE_FILE_CONFIG), SE_OK);
	assert_int_equal(lchown(path, SE_TEST_USER, 0), 0);
	assert_refused(path, SE_FILE_CONFIG, "belongs to uid 12345");
}

/* As Kubernetes mounts a secret: a sticky tmpfs, a link to a link to a directory. */
static void
follows_kubernetes_links(void **state)
{
	const char *path = se_test_path(place, "volume/secret");
	struct se_buffer out;

	(void)state;
	make_directory(se_test_path(place, "volume"), 01777);
	make_directory(se_test_path(place, "volume/..2026_01_01"), 0755);
	se_test_file(place, "volume/..2026_01_01/secret", "s3cret", 0400);
	assert_int_equal(symlink("..2026_01_01", se_test_path(place, "volume/..data")), 0);
	assert_int_equal(symlink("..data/secret", path), 0);
	se_buffer_init(&out, MAX);
	assert_int_equal(se_file_read(path, SE_FILE_SECRET, &out, NULL, &error), SE_OK);
	assert_string_equal(se_buffer_text(&out), "s3cret");
	se_buffer_free(&out);
}

static void
follows_absolute_and_upward_links(void **state)
{
	const char *path = se_test_path(place, "d/link");

	(void)state;
	make_directory(se_test_path(place, "d"), 0755);
	se_test_file(place, "secret", "x", 0600);
	assert_int_equal(symlink(se_test_path(place, "d/../d/.././secret"), path), 0);
	assert_int_equal(read_it(path, SE_FILE_SECRET), SE_OK);
	assert_int_equal(read_it(se_test_path(place, "d//../d/./link"), SE_FILE_SECRET), SE_OK);
	/* Where it leads is judged too; both names are told. */
	assert_int_equal(chmod(se_test_path(place, "secret"), 0644), 0);
	assert_refused(path, SE_FILE_SECRET, se_test_path(place, "secret can be read by everyone"));
}

static void
judges_where_links_lead_through(void **state)
{
	const char *path = se_test_path(place, "link");

	(void)state;
	make_directory(se_test_path(place, "open"), 0777);
	se_test_file(place, "secret", "x", 0600);
	assert_int_equal(symlink("open/hop", path), 0);
	assert_int_equal(symlink("../secret", se_test_path(place, "open/hop")), 0);
	assert_refused(path, SE_FILE_SECRET, "everyone can write to the directory");
	assert_int_equal(chmod(se_test_path(place, "open"), 0755), 0);
	assert_int_equal(read_it(path, SE_FILE_SECRET), SE_OK);
}

static void
refuses_links_that_lead_nowhere(void **state)
{
	const char *dangling = se_test_path(place, "dangling");
	const char *loop = se_test_path(place, "loop");

	(void)state;
	assert_int_equal(symlink("gone", dangling), 0);
	assert_refused(dangling, SE_FILE_SECRET, "there is no gone in");
	assert_int_equal(symlink("loop", loop), 0);
	assert_refused(loop, SE_FILE_SECRET, strerror(ELOOP));
}

static void
follows_no_link_to_state(void **state)
{
	const char *link = se_test_path(place, "link");
	const char *within = se_test_path(place, "here/state");

	(void)state;
	se_test_file(place, "state", "x", 0600);
	assert_int_equal(symlink("state", link), 0);
	assert_refused(link, SE_FILE_STATE, "is a symbolic link");
	/* A link before the last component is as good as its owner. */
	assert_int_equal(symlink(".", se_test_path(place, "here")), 0);
	assert_int_equal(read_it(within, SE_FILE_STATE), SE_OK);
	if (geteuid() == 0) {
		assert_int_equal(lchown(se_test_path(place, "here"), SE_TEST_USER, 0), 0);
		assert_refused(within, SE_FILE_STATE, "is a symbolic link");
	}
}

/* --- se_directory_open ----------------------------------------------------------------------- */

static enum se_code
directory_code(const char *path)
{
	int fd = se_directory_open(path, &error);

	if (fd < 0)
		return error.code;
	return fsync(fd) == 0 && close(fd) == 0 ? SE_OK : SE_INTERNAL;
}

static void
opens_directories(void **state)
{
	(void)state;
	assert_int_equal(directory_code(place), SE_OK);
	assert_int_equal(directory_code(se_test_path(place, "/")), SE_OK);
	assert_int_equal(directory_code("/"), SE_OK);
	/* Sticky and open to all: its entries are judged by whoever opens them. */
	assert_int_equal(directory_code("/tmp"), SE_OK);
}

static void
says_which_directory_is_absent(void **state)
{
	(void)state;
	assert_int_equal(directory_code(se_test_path(place, "none")), SE_ABSENT);
	assert_non_null(strstr(error.text, "there is no none in"));
	assert_int_equal(directory_code(se_test_path(place, "none/deeper")), SE_ABSENT);
	se_test_file(place, "file", "x", 0600);
	assert_int_equal(directory_code(se_test_path(place, "file")), SE_ABSENT);
	assert_int_equal(directory_code("relative"), SE_CONFIG);
}

static int
enter_as_user(void *context)
{
	(void)context;
	return directory_code(se_test_path(place, "closed/in")) == SE_ABSENT &&
			       directory_code(se_test_path(place, "own")) == SE_OK &&
			       directory_code(se_test_path(place, "strangers")) == SE_CONFIG &&
			       read_it(se_test_path(place, "closed/in/file"), SE_FILE_CONFIG) ==
				       SE_CONFIG
		       ? 0
		       : 1;
}

static void
enters_as_another_user(void **state)
{
	(void)state;
	NEED_ROOT();
	make_directory(se_test_path(place, "closed"), 0700);
	make_directory(se_test_path(place, "closed/in"), 0755);
	make_directory(se_test_path(place, "own"), 0700);
	assert_int_equal(chown(se_test_path(place, "own"), SE_TEST_USER, SE_TEST_USER), 0);
	make_directory(se_test_path(place, "strangers"), 0755);
	assert_int_equal(chown(se_test_path(place, "strangers"), SE_TEST_STRANGER, 0), 0);
	assert_int_equal(se_test_as(SE_TEST_USER, enter_as_user, NULL), 0);
}

static void
refuses_unsafe_directories(void **state)
{
	(void)state;
	make_directory(se_test_path(place, "open"), 0777);
	assert_int_equal(directory_code(se_test_path(place, "open")), SE_CONFIG);
	assert_non_null(strstr(error.text, "everyone can write"));
	make_directory(se_test_path(place, "d"), 0755);
	assert_int_equal(symlink("d", se_test_path(place, "link")), 0);
	assert_int_equal(directory_code(se_test_path(place, "link")), SE_CONFIG);
	assert_non_null(strstr(error.text, "is a symbolic link"));
	make_directory(se_test_path(place, "d/in"), 0755);
	assert_int_equal(directory_code(se_test_path(place, "link/in")), SE_OK);
}

/* --- state files in an open directory -------------------------------------------------------- */

static enum se_code
read_at(const char *name)
{
	int directory = se_directory_open(place, &error);
	struct se_buffer out;
	enum se_code code;

	assert_true(directory >= 0);
	se_buffer_init(&out, MAX);
	code = se_file_read_at(directory, name, &out, &error);
	se_buffer_free(&out);
	(void)close(directory);
	return code;
}

static void
reads_state(void **state)
{
	(void)state;
	se_test_file(place, "state", "x", 0600);
	assert_int_equal(read_at("state"), SE_OK);
	assert_int_equal(read_at("none"), SE_ABSENT);
	assert_non_null(strstr(error.text, "none"));
}

static void
refuses_unsafe_state(void **state)
{
	(void)state;
	assert_int_equal(chmod(se_test_file(place, "state", "x", 0600), 0644), 0);
	assert_int_equal(read_at("state"), SE_CONFIG);
	assert_non_null(strstr(error.text, "(mode 0644); chmod 0600 "));
	assert_non_null(strstr(error.text, "/state"));
	assert_int_equal(symlink("state", se_test_path(place, "link")), 0);
	assert_int_equal(read_at("link"), SE_CONFIG);
	assert_non_null(strstr(error.text, "symbolic link"));
	assert_int_equal(mkfifo(se_test_path(place, "fifo"), 0600), 0);
	assert_int_equal(read_at("fifo"), SE_CONFIG);
	make_directory(se_test_path(place, "d"), 0700);
	assert_int_equal(read_at("d"), SE_CONFIG);
	if (geteuid() == 0) {
		const char *path = se_test_file(place, "theirs", "x", 0600);

		assert_int_equal(chown(path, SE_TEST_USER, 0), 0);
		assert_int_equal(read_at("theirs"), SE_CONFIG);
		assert_non_null(strstr(error.text, "belongs to uid 12345"));
	}
}

typedef enum se_code (*replacing)(int, const char *, const void *, size_t, struct se_error *);

static enum se_code
replace_by(replacing function, const char *name, const char *text)
{
	int directory = se_directory_open(place, &error);
	enum se_code code = error.code;

	if (directory >= 0) {
		code = function(directory, name, text, strlen(text), &error);
		(void)close(directory);
	}
	return code;
}

static enum se_code
replace(const char *name, const char *text)
{
	return replace_by(se_file_replace, name, text);
}

static enum se_code
try_to_replace(const char *name, const char *text)
{
	return replace_by(se_file_try_replace, name, text);
}

static void
assert_holds(const char *name, const char *text)
{
	struct se_buffer out;

	se_buffer_init(&out, 100000);
	assert_int_equal(
		se_file_read(se_test_path(place, name), SE_FILE_STATE, &out, NULL, &error), SE_OK);
	assert_string_equal(se_buffer_text(&out), text);
	se_buffer_free(&out);
}

static void
replaces_a_file(void **state)
{
	char large[20000];
	char old[4] = "";
	mode_t mask = umask(0277);
	int reader;

	(void)state;
	memset(large, 'x', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	assert_int_equal(replace("state", "one"), SE_OK);
	(void)umask(0);
	assert_holds("state", "one");
	reader = open(se_test_path(place, "state"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(replace("state", large), SE_OK);
	(void)umask(mask);
	assert_holds("state", large);
	assert_int_equal(read(reader, old, sizeof(old)), 3);
	assert_memory_equal(old, "one", 3);
	(void)close(reader);
	assert_int_equal(replace("state", ""), SE_OK);
	assert_holds("state", "");
	assert_int_equal(se_test_entries(place), 1);
}

static void
tries_and_leaves_it_as_it_was(void **state)
{
	(void)state;
	assert_int_equal(try_to_replace("state", "new"), SE_OK);
	assert_int_equal(se_test_entries(place), 0);
	assert_int_equal(replace("state", "old"), SE_OK);
	assert_int_equal(try_to_replace("state", "new"), SE_OK);
	assert_holds("state", "old");
	assert_int_equal(se_test_entries(place), 1);
}

static void
replaces_a_link_not_its_target(void **state)
{
	(void)state;
	se_test_file(place, "target", "target", 0600);
	assert_int_equal(symlink("target", se_test_path(place, "state")), 0);
	assert_int_equal(replace("state", "new"), SE_OK);
	assert_holds("state", "new");
	assert_holds("target", "target");
}

static void
refuses_names_that_are_none(void **state)
{
	char name[300];

	(void)state;
	assert_int_equal(replace("", "x"), SE_INTERNAL);
	assert_int_equal(replace("a/b", "x"), SE_INTERNAL);
	memset(name, 'x', sizeof(name));
	name[255] = '\0';
	assert_int_equal(replace(name, "x"), SE_AGAIN);
	assert_int_equal(se_test_entries(place), 0);
}

static void
leaves_nothing_when_renaming_fails(void **state)
{
	(void)state;
	make_directory(se_test_path(place, "state"), 0700);
	assert_int_equal(replace("state", "x"), SE_AGAIN);
	assert_non_null(strstr(error.text, strerror(EISDIR)));
	assert_int_equal(se_test_entries(place), 1);
}

static int
replace_where_forbidden(void *context)
{
	(void)context;
	return replace("state", "new") == SE_CONFIG &&
			       strstr(error.text, strerror(EACCES)) != NULL &&
			       strstr(error.text, "uid 12345") != NULL &&
			       strstr(error.text, "chown") != NULL
		       ? 0
		       : 1;
}

static void
says_who_may_not_write(void **state)
{
	(void)state;
	NEED_ROOT();
	se_test_file(place, "state", "old", 0600);
	assert_int_equal(se_test_as(SE_TEST_USER, replace_where_forbidden, NULL), 0);
	assert_holds("state", "old");
}

/* A host may have a limit, and leave SIGXFSZ at what it does: kill. */
static int
replace_under_a_limit(void *context)
{
	const struct rlimit limit = {4, 4};

	(void)context;
	(void)signal(SIGXFSZ, SIG_DFL);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 1;
	if (replace("state", "12345") != SE_AGAIN || strstr(error.text, strerror(EFBIG)) == NULL)
		return 2;
	return replace("other", "1234") == SE_OK ? 0 : 3;
}

static void
keeps_the_old_file_under_a_limit(void **state)
{
	(void)state;
	se_test_file(place, "state", "old", 0600);
	assert_int_equal(se_test_as(0, replace_under_a_limit, NULL), 0);
	assert_holds("state", "old");
	assert_int_equal(se_test_entries(place), 2);
}

/* As a program is that was started with the three closed. What is opened and stays open must not be
 * where it prints. */
static int
open_without_standard(void *context)
{
	int directory, lowest;

	(void)context;
	(void)close(0);
	(void)close(1);
	(void)close(2);
	directory = se_directory_open(place, &error);
	if (directory < 3 || fcntl(directory, F_GETFD) != FD_CLOEXEC)
		return 1;
	if (replace("state", "text") != SE_OK || read_at("state") != SE_OK)
		return 2;
	lowest = open(place, O_RDONLY | O_CLOEXEC);
	return lowest == 0 ? 0 : 3;
}

static int
fill_standard(void *context)
{
	const bool quietly = *(const bool *)context;
	int next;

	(void)close(0);
	(void)close(2);
	if (!se_descriptors_fill(quietly))
		return 1;
	next = open(place, O_RDONLY | O_CLOEXEC);
	if (next < 3)
		return 2;
	if ((write(2, "x", 1) == 1) != quietly)
		return 3;
	return (read(0, &next, 1) == 0) == quietly ? 0 : 4;
}

static void
keeps_off_the_standard_descriptors(void **state)
{
	bool quietly = true;

	(void)state;
	assert_int_equal(se_test_as(0, open_without_standard, NULL), 0);
	assert_int_equal(se_test_as(0, fill_standard, &quietly), 0);
	quietly = false;
	assert_int_equal(se_test_as(0, fill_standard, &quietly), 0);
}

/* What is short now is no mistake of the configuration's. */
static int
read_without_descriptors(void *context)
{
	struct rlimit limit;
	int directory = se_directory_open(place, &error), last = directory;
	struct se_buffer out;

	(void)context;
	if (directory < 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1;
	limit.rlim_cur = 16;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1;
	while ((last = dup(directory)) >= 0)
		;
	se_buffer_init(&out, MAX);
	if (se_file_read_at(directory, "state", &out, &error) != SE_AGAIN ||
		strstr(error.text, "ulimit -n") == NULL)
		return 2;
	if (read_it(se_test_path(place, "state"), SE_FILE_SECRET) != SE_AGAIN ||
		strstr(error.text, "ulimit -n") == NULL)
		return 3;
	if (se_file_replace(directory, "state", "new", 3, &error) != SE_AGAIN ||
		strstr(error.text, "ulimit -n") == NULL)
		return 4;
	return 0;
}

static void
says_that_no_descriptor_is_left(void **state)
{
	(void)state;
	se_test_file(place, "state", "old", 0600);
	assert_int_equal(se_test_as(0, read_without_descriptors, NULL), 0);
	assert_holds("state", "old");
}

#ifdef __linux__
/* In a mount namespace of its own: nobody else sees the small disk. 77: there can be none. */
static int
replace_on_a_full_disk(void *context)
{
	char large[64 * 1024];

	(void)context;
	memset(large, 'x', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	if (unshare(CLONE_NEWNS) != 0 ||
		mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("tmpfs", place, "tmpfs", 0, "size=16k,mode=0700") != 0)
		return 77;
	if (replace("state", "old") != SE_OK)
		return 1;
	if (try_to_replace("state", large) != SE_AGAIN || strstr(error.text, "make room") == NULL)
		return 5;
	if (replace("state", large) != SE_AGAIN || strstr(error.text, strerror(ENOSPC)) == NULL ||
		strstr(error.text, "make room") == NULL)
		return 2;
	if (se_test_entries(place) != 1 || read_at("state") != SE_OK)
		return 3;
	if (mount("none", place, "none", MS_REMOUNT | MS_RDONLY, NULL) != 0)
		return 77;
	if (replace("state", "new") != SE_CONFIG || strstr(error.text, "read-only") == NULL)
		return 4;
	if (try_to_replace("state", "new") != SE_CONFIG || strstr(error.text, "read-only") == NULL)
		return 6;
	return 0;
}

static void
keeps_the_old_file_on_a_full_disk(void **state)
{
	int result = se_test_as(0, replace_on_a_full_disk, NULL);

	(void)state;
	if (result == 77) {
		print_message("# needs root and a mount namespace, for a disk that is full\n");
		skip();
	}
	assert_int_equal(result, 0);
}
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_a_file),
		TEST(identifies_what_is_there),
		TEST(keeps_to_the_limit),
#ifdef __linux__
		TEST(reads_what_has_no_size),
#endif
		TEST(refuses_what_is_no_file),
		TEST(refuses_a_path_too_long),
		TEST(judges_a_configurations_mode),
		TEST(judges_a_secrets_mode),
		TEST(judges_a_states_mode),
		TEST(judges_the_group),
		TEST(judges_the_owner),
		TEST(reads_as_another_user),
#ifdef __linux__
		TEST(reads_what_a_list_gives),
		TEST(refuses_a_list_for_others),
		TEST(refuses_a_directory_that_a_list_opens),
#endif
		TEST(refuses_a_writable_directory),
		TEST(refuses_others_directories),
		TEST(judges_what_lies_in_a_sticky_directory),
		TEST(follows_kubernetes_links),
		TEST(follows_absolute_and_upward_links),
		TEST(judges_where_links_lead_through),
		TEST(refuses_links_that_lead_nowhere),
		TEST(follows_no_link_to_state),
		TEST(opens_directories),
		TEST(says_which_directory_is_absent),
		TEST(enters_as_another_user),
		TEST(refuses_unsafe_directories),
		TEST(reads_state),
		TEST(refuses_unsafe_state),
		TEST(replaces_a_file),
		TEST(tries_and_leaves_it_as_it_was),
		TEST(replaces_a_link_not_its_target),
		TEST(refuses_names_that_are_none),
		TEST(leaves_nothing_when_renaming_fails),
		TEST(says_who_may_not_write),
		TEST(keeps_the_old_file_under_a_limit),
		TEST(keeps_off_the_standard_descriptors),
		TEST(says_that_no_descriptor_is_left),
#ifdef __linux__
		TEST(keeps_the_old_file_on_a_full_disk),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
