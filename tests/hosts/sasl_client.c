/*
 * sasl_client: the smallest program that logs in by SASL, the way Postfix does it.
 *
 *   sasl_client LOGIN SERVER [MAPS]   the first step of XOAUTH2; prints "ok BYTES" of the response
 *   sasl_client --idle [MAPS]         loads the plugins and never logs in; prints "idle"
 *   sasl_client --hold LOGIN SERVER   the same, but waits for a line of standard input before it
 *                                     ends the login, prints "over", and waits for another
 *
 * MAPS: a file that the process's memory map is copied to before the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sasl/sasl.h>

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
copy_maps(const char *path)
{
	FILE *in = fopen("/proc/self/maps", "r");
	FILE *out = fopen(path, "w");
	int c;

	while (in != NULL && out != NULL && (c = getc(in)) != EOF)
		(void)putc(c, out);
	if (in != NULL)
		(void)fclose(in);
	return out != NULL && fclose(out) == 0 ? 0 : 1;
}

static void
wait_for_line(void)
{
	int c;

	(void)fflush(stdout);
	while ((c = getchar()) != EOF && c != '\n')
		;
}

static int
log_in(char *login, const char *server, int hold)
{
	sasl_callback_t callbacks[] = {
		{SASL_CB_AUTHNAME, (int (*)(void))(void (*)(void))give_name, login},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	sasl_security_properties_t properties = {0};
	const char *out = NULL, *mechanism = NULL;
	sasl_conn_t *conn = NULL;
	unsigned len = 0;
	int result = sasl_client_new("smtp", server, NULL, NULL, callbacks, 0, &conn);

	properties.security_flags = SASL_SEC_NOPLAINTEXT | SASL_SEC_NOANONYMOUS;
	if (result == SASL_OK)
		result = sasl_setprop(conn, SASL_SEC_PROPS, &properties);
	if (result == SASL_OK)
		result = sasl_client_start(conn, "XOAUTH2", NULL, &out, &len, &mechanism);
	if (result == SASL_OK || result == SASL_CONTINUE)
		(void)printf("ok %u\n", len);
	else
		(void)printf("failed: %s\n", conn != NULL ? sasl_errdetail(conn) : "no connection");
	if (hold)
		wait_for_line();
	sasl_dispose(&conn);
	if (hold) {
		(void)puts("over");
		wait_for_line();
	}
	return result == SASL_OK || result == SASL_CONTINUE ? 0 : 1;
}

int
main(int argc, char **argv)
{
	int idle = argc > 1 && strcmp(argv[1], "--idle") == 0;
	int hold = argc > 1 && strcmp(argv[1], "--hold") == 0;
	const char *maps = idle ? argv[2] : argc > 3 && !hold ? argv[3] : NULL;
	int code = 0;

	if (argc < 2 || (!idle && argc < 3 + hold))
		return 2;
	if (sasl_client_init(NULL) != SASL_OK)
		return 1;
	if (idle)
		(void)puts("idle");
	else
		code = log_in(argv[1 + hold], argv[2 + hold], hold);
	if (maps != NULL && copy_maps(maps) != 0)
		code = 1;
	return code;
}
