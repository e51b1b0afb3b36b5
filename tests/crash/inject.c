/*
 * inject: runs a program and lets one of its system calls fail, be cut short, or be its last.
 *
 *   inject --under DIRECTORY [--log FILE] [--data] [--begin PATH] [--call NAME] [--path TEXT]
 *          [--at N [--all] --fail ERRNO | --short | --kill] -- PROGRAM [ARGUMENT...]
 *
 * A system call is counted when it is about DIRECTORY, something below, or one of the directories
 * that lead there, or about a socket, a pipe, waiting or randomness, but for the standard
 * descriptors; with --call only those of that
 * name, with --path only those whose path has TEXT in it, with --begin only from the first call on
 * that is about PATH. The N-th that is counted (with --all: and each after it) fails with the errno
 * of that name, writes half of what it should, or is not made because the program is killed before
 * it. --log gets a line for each that is counted:
 *
 *   NUMBER <tab> NAME <tab> PATH <tab> OTHER PATH, or flags of an open in hex <tab> data in hex
 *
 * (the last with --data, of write calls only), then "exit N" or "signal N". SIGHUP, SIGTERM and
 * SIGINT are passed on. The exit code is the program's, 128 more than the signal's number, or 77
 * where the kernel does not offer what this needs: seccomp's user notification, by which calls are
 * stopped in the kernel, whoever makes them, libc's own included. Unlike a debugger that leaves
 * ptrace(2) to the leak checker.
 */
#if !defined(__linux__)
#include <stdio.h>

int
main(void)
{
	fprintf(stderr, "inject: only Linux lets calls be watched in this way\n");
	return 77;
}
#else
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif

enum { EXIT_CANNOT = 77, DATA_MAX = 1 << 20 };

/* --- the calls -------------------------------------------------------------------------------- */

enum shape {
	PATH,    /* path */
	AT,      /* directory, path */
	PATHS,   /* path, other path */
	AT_BOTH, /* directory, path, directory, other path */
	FD,      /* descriptor */
	OTHER    /* nothing of that kind */
};

struct call {
	long number;
	const char *name;
	enum shape shape;
};

static const struct call calls[] = {
#ifdef SYS_open
	{SYS_open, "open", PATH},
#endif
#ifdef SYS_stat
	{SYS_stat, "stat", PATH},
	{SYS_lstat, "lstat", PATH},
#endif
#ifdef SYS_rename
	{SYS_rename, "rename", PATHS},
#endif
#ifdef SYS_unlink
	{SYS_unlink, "unlink", PATH},
#endif
#ifdef SYS_mkdir
	{SYS_mkdir, "mkdir", PATH},
#endif
#ifdef SYS_chmod
	{SYS_chmod, "chmod", PATH},
#endif
#ifdef SYS_link
	{SYS_link, "link", PATHS},
#endif
#ifdef SYS_poll
	{SYS_poll, "poll", OTHER},
#endif
#ifdef SYS_newfstatat
	{SYS_newfstatat, "newfstatat", AT},
#endif
#ifdef SYS_renameat
	{SYS_renameat, "renameat", AT_BOTH},
#endif
	{SYS_openat, "openat", AT},
	{SYS_statx, "statx", AT},
	{SYS_renameat2, "renameat2", AT_BOTH},
	{SYS_linkat, "linkat", AT_BOTH},
	{SYS_unlinkat, "unlinkat", AT},
	{SYS_mkdirat, "mkdirat", AT},
	{SYS_fchmodat, "fchmodat", AT},
	{SYS_fchownat, "fchownat", AT},
	{SYS_readlinkat, "readlinkat", AT},
	{SYS_read, "read", FD},
	{SYS_pread64, "pread64", FD},
	{SYS_write, "write", FD},
	{SYS_pwrite64, "pwrite64", FD},
	{SYS_writev, "writev", FD},
	{SYS_ftruncate, "ftruncate", FD},
	{SYS_fsync, "fsync", FD},
	{SYS_fdatasync, "fdatasync", FD},
	{SYS_close, "close", FD},
	{SYS_fstat, "fstat", FD},
	{SYS_flock, "flock", FD},
	{SYS_fcntl, "fcntl", FD},
	{SYS_fchmod, "fchmod", FD},
	{SYS_fchown, "fchown", FD},
	{SYS_getdents64, "getdents64", FD},
	{SYS_bind, "bind", FD},
	{SYS_listen, "listen", FD},
	{SYS_connect, "connect", FD},
	{SYS_accept4, "accept4", FD},
	{SYS_sendto, "sendto", FD},
	{SYS_recvfrom, "recvfrom", FD},
	{SYS_sendmsg, "sendmsg", FD},
	{SYS_recvmsg, "recvmsg", FD},
	{SYS_getsockopt, "getsockopt", FD},
	{SYS_setsockopt, "setsockopt", FD},
	{SYS_socket, "socket", OTHER},
	{SYS_socketpair, "socketpair", OTHER},
	{SYS_pipe2, "pipe2", OTHER},
	{SYS_ppoll, "ppoll", OTHER},
	{SYS_getrandom, "getrandom", OTHER},
};

enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

static const struct {
	const char *name;
	int number;
} errors[] = {{"EACCES", EACCES}, {"EADDRINUSE", EADDRINUSE}, {"EAGAIN", EAGAIN},
	{"ECONNABORTED", ECONNABORTED}, {"ECONNREFUSED", ECONNREFUSED}, {"ECONNRESET", ECONNRESET},
	{"EINTR", EINTR}, {"EIO", EIO}, {"ELOOP", ELOOP}, {"EMFILE", EMFILE},
	{"ENETUNREACH", ENETUNREACH}, {"ENFILE", ENFILE}, {"ENOBUFS", ENOBUFS}, {"ENOLCK", ENOLCK},
	{"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC}, {"ENOSYS", ENOSYS}, {"EPERM", EPERM},
	{"EROFS", EROFS}};

/* --- what is wanted --------------------------------------------------------------------------- */

static struct {
	const char *under, *begin, *name, *text;
	FILE *log;
	bool data, all;
	long at;
	enum { NOTHING, FAIL, SHORT, KILL } what;
	int error;
	char **program;
} wish;

static long counted;
static bool begun;
static pid_t child;

static int
error_of(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].number;
	fprintf(stderr, "inject: no errno %s\n", name);
	exit(2);
}

static FILE *
open_log(const char *path)
{
	FILE *log = fopen(path, "we");

	if (log == NULL) {
		perror(path);
		exit(2);
	}
	return log;
}

static void
read_options(int argc, char **argv)
{
	static const struct option known[] = {{"under", 1, NULL, 'u'}, {"log", 1, NULL, 'l'},
		{"data", 0, NULL, 'd'}, {"begin", 1, NULL, 'b'}, {"call", 1, NULL, 'c'},
		{"path", 1, NULL, 'p'}, {"at", 1, NULL, 'n'}, {"all", 0, NULL, 'a'},
		{"fail", 1, NULL, 'f'}, {"short", 0, NULL, 's'}, {"kill", 0, NULL, 'k'},
		{NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "+", known, NULL)) != -1) {
		switch (option) {
		case 'u':
			wish.under = optarg;
			break;
		case 'l':
			wish.log = open_log(optarg);
			break;
		case 'd':
			wish.data = true;
			break;
		case 'b':
			wish.begin = optarg;
			break;
		case 'c':
			wish.name = optarg;
			break;
		case 'p':
			wish.text = optarg;
			break;
		case 'n':
			wish.at = atol(optarg);
			break;
		case 'a':
			wish.all = true;
			break;
		case 'f':
			wish.what = FAIL;
			wish.error = error_of(optarg);
			break;
		case 's':
			wish.what = SHORT;
			break;
		case 'k':
			wish.what = KILL;
			break;
		default:
			exit(2);
		}
	}
	wish.program = argv + optind;
	if (wish.under == NULL || *wish.program == NULL) {
		fprintf(stderr, "usage: inject --under DIRECTORY [...] -- PROGRAM [ARGUMENT...]\n");
		exit(2);
	}
}

/* --- looking into the process ----------------------------------------------------------------- */

static size_t
read_memory(pid_t pid, uint64_t from, void *data, size_t len)
{
	char path[64];
	ssize_t got;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	got = pread(fd, data, len, (off_t)from);
	(void)close(fd);
	return got > 0 ? (size_t)got : 0;
}

/* What a descriptor stands for: a path, "socket:[1]", "pipe:[1]"; "" when it is none. */
static void
path_of_fd(pid_t pid, int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t len;

	if (fd == AT_FDCWD)
		(void)snprintf(link, sizeof(link), "/proc/%d/cwd", pid);
	else
		(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", pid, fd);
	len = readlink(link, path, PATH_MAX - 1);
	path[len > 0 ? len : 0] = '\0';
}

static void
path_at(pid_t pid, int directory, uint64_t from, char path[PATH_MAX])
{
	char name[PATH_MAX] = "";
	size_t len;

	(void)read_memory(pid, from, name, sizeof(name) - 1);
	if (name[0] == '/') {
		(void)snprintf(path, PATH_MAX, "%s", name);
		return;
	}
	path_of_fd(pid, directory, path);
	len = strlen(path);
	if (len == 1)
		len = 0; /* the root */
	if (name[0] != '\0' && strcmp(name, ".") != 0)
		(void)snprintf(path + len, PATH_MAX - len, "/%s", name);
}

static void
paths_of(const struct seccomp_notif *seen, const struct call *call, char path[PATH_MAX],
	char other[PATH_MAX])
{
	const __u64 *args = seen->data.args;
	pid_t pid = (pid_t)seen->pid;

	path[0] = other[0] = '\0';
	switch (call->shape) {
	case PATH:
	case PATHS:
		path_at(pid, AT_FDCWD, args[0], path);
		if (call->shape == PATHS)
			path_at(pid, AT_FDCWD, args[1], other);
		break;
	case AT:
	case AT_BOTH:
		path_at(pid, (int)args[0], args[1], path);
		if (call->shape == AT_BOTH)
			path_at(pid, (int)args[2], args[3], other);
		break;
	case FD:
		path_of_fd(pid, (int)args[0], path);
		break;
	case OTHER:
		break;
	}
}

static bool
is_below(const char *path, const char *above)
{
	size_t len = strlen(above);

	return strncmp(path, above, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static bool
is_counted(const struct call *call, int fd, const char *path)
{
	if (wish.begin != NULL && !begun) {
		if (!is_below(path, wish.begin))
			return false;
		begun = true;
	}
	if (call->shape == FD && fd >= STDIN_FILENO && fd <= STDERR_FILENO)
		return false;
	if (wish.name != NULL && strcmp(wish.name, call->name) != 0)
		return false;
	if (wish.text != NULL && strstr(path, wish.text) == NULL)
		return false;
	return call->shape == OTHER || strncmp(path, "socket:", 7) == 0 ||
	       strncmp(path, "pipe:", 5) == 0 || is_below(path, wish.under) ||
	       (path[0] == '/' && (path[1] == '\0' || is_below(wish.under, path)));
}

static void
log_call(const struct seccomp_notif *seen, const struct call *call, const char *path,
	const char *other)
{
	static unsigned char data[DATA_MAX];
	size_t len = 0;

	if (wish.log == NULL)
		return;
	fprintf(wish.log, "%ld\t%s\t%s\t", counted, call->name, path);
	if (call->number == SYS_openat)
		fprintf(wish.log, "%llx", (unsigned long long)seen->data.args[2]);
	else
		fprintf(wish.log, "%s", other);
	fputc('\t', wish.log);
	if (wish.data && call->number == SYS_write)
		len = seen->data.args[2] < DATA_MAX ? (size_t)seen->data.args[2] : DATA_MAX;
	len = read_memory((pid_t)seen->pid, seen->data.args[1], data, len);
	for (size_t i = 0; i < len; i++)
		fprintf(wish.log, "%02x", data[i]);
	fputc('\n', wish.log);
	(void)fflush(wish.log);
}

/* --- answering -------------------------------------------------------------------------------- */

/* Half of it is written, by us through the process's own descriptor. */
static void
write_half(const struct seccomp_notif *seen, struct seccomp_notif_resp *answer)
{
	static char data[DATA_MAX];
	size_t len = seen->data.args[2] < DATA_MAX ? (size_t)seen->data.args[2] : DATA_MAX;
	int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	int fd = (int)syscall(SYS_pidfd_getfd, pidfd, (int)seen->data.args[0], 0);
	ssize_t put = -1;

	if (fd >= 0 && len > 1 &&
		read_memory((pid_t)seen->pid, seen->data.args[1], data, len) == len)
		put = write(fd, data, len / 2);
	if (fd >= 0)
		(void)close(fd);
	if (pidfd >= 0)
		(void)close(pidfd);
	if (put < 0)
		return;
	answer->flags = 0;
	answer->val = put;
}

static void
decide(const struct seccomp_notif *seen, const struct call *call, struct seccomp_notif_resp *answer)
{
	char path[PATH_MAX], other[PATH_MAX];

	paths_of(seen, call, path, other);
	if (!is_counted(call, (int)seen->data.args[0], path))
		return;
	counted++;
	log_call(seen, call, path, other);
	if (wish.at == 0 || counted < wish.at || (counted > wish.at && !wish.all))
		return;
	if (wish.what == FAIL) {
		answer->flags = 0;
		answer->error = -wish.error;
	} else if (wish.what == SHORT && call->number == SYS_write) {
		write_half(seen, answer);
	} else if (wish.what == KILL) {
		(void)kill(child, SIGKILL);
	}
}

static void
serve(int listener)
{
	struct pollfd ready = {.fd = listener, .events = POLLIN};
	struct seccomp_notif seen;
	struct seccomp_notif_resp answer;

	for (;;) {
		if (poll(&ready, 1, -1) < 0 && errno != EINTR)
			return;
		if ((ready.revents & POLLHUP) != 0)
			return; /* nobody is left */
		memset(&seen, 0, sizeof(seen));
		if ((ready.revents & POLLIN) == 0 ||
			ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &seen) != 0)
			continue;
		memset(&answer, 0, sizeof(answer));
		answer.id = seen.id;
		answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		for (size_t i = 0; i < CALLS; i++)
			if (calls[i].number == seen.data.nr)
				decide(&seen, &calls[i], &answer);
		(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

/* --- starting --------------------------------------------------------------------------------- */

static long
install(void)
{
	struct sock_filter filter[CALLS + 3];
	struct sock_fprog program = {CALLS + 3, filter};
	unsigned n = 0;
	long listener;

	filter[n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (unsigned i = 0; i < CALLS; i++, n++)
		filter[n] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			(unsigned)calls[i].number, (unsigned char)(CALLS - i), 0);
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	if (geteuid() != 0)
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* A call that was seen is answered before a signal is. */
	listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		&program);
	if (listener < 0 && errno == EINVAL)
		listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return listener;
}

/* The two share their descriptors until the exec, so that ours is the child's. */
static void
become(volatile long *listener)
{
	long fd;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = install();
	*listener = fd >= 0 ? fd : -errno;
	if (fd < 0)
		_exit(EXIT_CANNOT);
	(void)execvp(wish.program[0], wish.program);
	_exit(127);
}

static void
pass_on(int number)
{
	(void)kill(child, number);
}

static int
start(void)
{
	volatile long *listener = mmap(
		NULL, sizeof(*listener), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct sigaction action = {.sa_handler = pass_on};

	if (listener == MAP_FAILED)
		return -1;
	child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (child == 0)
		become(listener);
	if (child < 0)
		return -1;
	(void)sigaction(SIGHUP, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	while (*listener == 0)
		(void)poll(NULL, 0, 1);
	return (int)*listener;
}

int
main(int argc, char **argv)
{
	int listener, status = 0;

	read_options(argc, argv);
	listener = start();
	if (listener < 0) {
		fprintf(stderr, "inject: system calls cannot be watched here: %s\n",
			strerror(-listener));
		return EXIT_CANNOT;
	}
	serve(listener);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (wish.log != NULL)
		fprintf(wish.log, WIFSIGNALED(status) ? "signal %d\n" : "exit %d\n",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
#endif
