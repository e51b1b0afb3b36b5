/*
 * subject: the program whose cost is looked at: by itself, under strace and under callgrind.
 *
 *   subject load            loads the plugins and never logs in; prints what it has mapped
 *   subject auth TIMES NAME...   so many logins for the names in turn, each by auth() below
 *
 * Between two calls of write() to no descriptor, "[" and "]", is what is counted. A login begins
 * with sasl_client_start() and ends with the step after it: what the host does before and after is
 * the same with any plugin.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sasl/sasl.h>

enum { OBJECTS_MAX = 200, PATH_LEN = 300 };

/* The name that callgrind looks for. */
int auth(sasl_conn_t *conn, const char **out, unsigned *len);

static void
mark(const char *text)
{
	ssize_t failed = write(-1, text, 1);

	(void)failed;
}

__attribute__((noinline)) int
auth(sasl_conn_t *conn, const char **out, unsigned *len)
{
	const char *mechanism = NULL;
	int result = sasl_client_start(conn, "XOAUTH2", NULL, out, len, &mechanism);

	if (result == SASL_CONTINUE)
		result = sasl_client_step(conn, "", 0, NULL, out, len);
	return result;
}

/* --- what is mapped ------------------------------------------------------------------------------ */

/* Files of which something is executable: the program's own counts as well. */
static void
print_objects(void)
{
	static char seen[OBJECTS_MAX][PATH_LEN];
	char line[1000], mode[5], path[PATH_LEN];
	FILE *maps = fopen("/proc/self/maps", "r");
	int count = 0, i;

	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%*s %4s %*s %*s %*s %299s", mode, path) != 2 || path[0] != '/')
			continue;
		for (i = 0; i < count && strcmp(seen[i], path) != 0; i++)
			;
		if (i == count && count < OBJECTS_MAX && strchr(mode, 'x') != NULL)
			memcpy(seen[count++], path, sizeof(path));
	}
	if (maps != NULL)
		(void)fclose(maps);
	(void)printf("objects %d\n", count);
}

/* What was written to, and what the plugin's own file takes, which nobody else has mapped. A page of any
 * other file counts as private or shared by what else happens to run just now. */
static void
print_private(void)
{
	char line[1000], path[PATH_LEN];
	const char *plugins = getenv("SASL_PATH");
	long kb = 0, number;
	int own = 0;
	FILE *maps = fopen("/proc/self/smaps", "r");

	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
		if (strchr(line, '-') != NULL && strstr(line, " kB") == NULL) {
			own = sscanf(line, "%*s %*s %*s %*s %*s %299s", path) == 1 &&
			      plugins != NULL && strncmp(path, plugins, strlen(plugins)) == 0;
		} else if (own ? sscanf(line, "Private_Clean: %ld", &number) == 1 ||
					   sscanf(line, "Private_Dirty: %ld", &number) == 1
			       : sscanf(line, "Anonymous: %ld", &number) == 1) {
			kb += number;
		}
	}
	if (maps != NULL)
		(void)fclose(maps);
	(void)printf("private %ld\n", kb);
}

/* --- logins -------------------------------------------------------------------------------------- */

static int
give_name(void *context, int id, const char **result, unsigned *len)
{
	(void)id;
	*result = context;
	if (len != NULL)
		*len = (unsigned)strlen(*result);
	return SASL_OK;
}

static int
log_in(char *login)
{
	const sasl_callback_t callbacks[] = {
		{SASL_CB_AUTHNAME, (int (*)(void))(void (*)(void))give_name, login},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	const char *out = NULL;
	unsigned len = 0;
	sasl_conn_t *conn = NULL;
	int result = sasl_client_new(
		"smtp", "smtp.office365.com", NULL, NULL, callbacks, SASL_SUCCESS_DATA, &conn);

	if (result == SASL_OK) {
		mark("[");
		result = auth(conn, &out, &len);
		mark("]");
	}
	if (result != SASL_OK)
		(void)fprintf(
			stderr, "%s\n", conn != NULL ? sasl_errdetail(conn) : "no connection");
	sasl_dispose(&conn);
	return result;
}

static int
initialize(void)
{
	int result;

	mark("[");
	result = sasl_client_init(NULL);
	mark("]");
	return result;
}

int
main(int argc, char **argv)
{
	int times = argc > 3 ? atoi(argv[2]) : 0;
	int loads = argc == 2 && strcmp(argv[1], "load") == 0;

	if (!loads && (times <= 0 || strcmp(argv[1], "auth") != 0))
		return 2;
	if (initialize() != SASL_OK)
		return 1;
	if (loads) {
		print_private();
		print_objects();
	}
	for (int i = 0; i < times; i++)
		if (log_in(argv[3 + i % (argc - 3)]) != SASL_OK)
			return 1;
	sasl_done();
	return 0;
}
