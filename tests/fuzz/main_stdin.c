/* Gives a fuzz target standard input, or the files it is called with, each whole and cut in half,
 * for a run without libFuzzer: the corpus is part of every `make check`. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { INPUT_MAX = 4 << 20 };

static int
run(const uint8_t *data, size_t len)
{
	/* Of its own size, so that a memory checker sees a byte read too many. */
	uint8_t *exact = malloc(len > 0 ? len : 1);
	int rc = 1;

	if (exact != NULL) {
		memcpy(exact, data, len);
		rc = LLVMFuzzerTestOneInput(exact, len);
	}
	free(exact);
	return rc;
}

static int
run_file(FILE *file)
{
	uint8_t *all = malloc(INPUT_MAX);
	size_t len = all != NULL ? fread(all, 1, INPUT_MAX, file) : 0;
	int rc = 1;

	if (all != NULL && !ferror(file))
		rc = run(all, len) != 0 || run(all, len / 2) != 0;
	free(all);
	return rc;
}

int
main(int argc, char **argv)
{
	FILE *file;
	int i, rc = 0;

	if (argc == 1)
		return run_file(stdin);
	for (i = 1; i < argc; i++) {
		file = fopen(argv[i], "rb");
		if (file == NULL) {
			perror(argv[i]);
			return 1;
		}
		/* If it is the last that is named, it is the one. */
		fprintf(stderr, "%s\n", argv[i]);
		if (run_file(file) != 0)
			rc = 1;
		fclose(file);
	}
	return rc;
}
