#include <stdio.h>
#include <stdlib.h>

#include "tool/postfix.h"
#include "tool/run.h"

void
se_postfix_say_flush(void)
{
	char *program = se_run_find("postqueue");

	if (program != NULL)
		fprintf(stderr,
			"Mail that waits in Postfix's queue is tried at once with: postqueue -f\n");
	free(program);
}
