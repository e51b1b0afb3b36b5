#include <stdio.h>
#include <string.h>

#include <sasl/sasl.h>

#include "auth.h"

static int
give_name(void *context, int id, const char **result, unsigned *len)
{
	(void)id;
	*result = context;
	if (len != NULL)
		*len = (unsigned)strlen(*result);
	return SASL_OK;
}

/* With the names that Postfix, mbsync and Mutt give. */
bool
bench_auth(char *login, const char *server, double *took_us)
{
	sasl_callback_t callbacks[] = {
		{SASL_CB_AUTHNAME, (int (*)(void))(void (*)(void))give_name, login},
		{SASL_CB_USER, (int (*)(void))(void (*)(void))give_name, login},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	const char *out = NULL, *mechanism = NULL;
	sasl_conn_t *conn = NULL;
	unsigned len = 0;
	double from = 0;
	int code = sasl_client_new("smtp", server, NULL, NULL, callbacks, 0, &conn);

	if (code == SASL_OK) {
		from = bench_now_us();
		code = sasl_client_start(conn, "XOAUTH2", NULL, &out, &len, &mechanism);
		*took_us = bench_now_us() - from;
	}
	if (code != SASL_CONTINUE || out == NULL || len == 0) {
		(void)fprintf(stderr, "%s: %s\n", login,
			conn != NULL ? sasl_errdetail(conn) : "no connection");
		code = SASL_FAIL;
	}
	sasl_dispose(&conn);
	return code == SASL_CONTINUE;
}
