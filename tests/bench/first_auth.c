/*
 * first_auth: the first login of a process.
 *
 *   first_auth LOGIN SERVER     prints the microseconds of its first step, the plugin loaded before
 */
#include <stdio.h>

#include <sasl/sasl.h>

#include "auth.h"

int
main(int argc, char **argv)
{
	double took = 0;

	if (argc != 3)
		return 2;
	if (sasl_client_init(NULL) != SASL_OK || !bench_auth(argv[1], argv[2], &took))
		return 1;
	(void)printf("%.2f\n", took);
	sasl_done();
	return 0;
}
