/*
 * sasl_choice "MECHANISM MECHANISM...": prints which one libsasl2 takes where a server offers these, for
 * a host program that has a login name and a password.
 */
#include <stdio.h>
#include <string.h>

#include <sasl/sasl.h>

/* What is asked for does not matter: the choice is made before. */
static int
no_answer(void *context, int id, const char **result, unsigned *len)
{
	(void)context;
	(void)id;
	(void)result;
	(void)len;
	return SASL_FAIL;
}

int
main(int argc, char **argv)
{
	sasl_callback_t callbacks[] = {
		{SASL_CB_USER, (int (*)(void))(void (*)(void))no_answer, NULL},
		{SASL_CB_AUTHNAME, (int (*)(void))(void (*)(void))no_answer, NULL},
		{SASL_CB_PASS, (int (*)(void))(void (*)(void))no_answer, NULL},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	const char *out = NULL, *mechanism = NULL;
	sasl_conn_t *conn = NULL;
	unsigned len = 0;

	if (argc != 2 || sasl_client_init(NULL) != SASL_OK ||
		sasl_client_new("imap", "localhost", NULL, NULL, callbacks, 0, &conn) != SASL_OK)
		return 2;
	(void)sasl_client_start(conn, argv[1], NULL, &out, &len, &mechanism);
	(void)puts(mechanism != NULL ? mechanism : "none");
	sasl_dispose(&conn);
	return 0;
}
