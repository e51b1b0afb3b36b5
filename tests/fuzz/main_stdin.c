/* Gives a fuzz target the files it is called with, or standard input, for a run without libFuzzer:
 * the corpus is part of every `make check`. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 4 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
run(FILE *file)
{
	uint8_t *all = malloc(INPUT_MAX), *exact = NULL;
	size_t len = all != NULL ? fread(all, 1, INPUT_MAX, file) : 0;
	int rc = 1;

	/* Of its own size, so that a memory checker sees a byte read too many. */
	if (all != NULL && !ferror(file))
		exact = malloc(len > 0 ? len : 1);
	if (exact != NULL) {
		memcpy(exact, all, len);
		rc = LLVMFuzzerTestOneInput(exact, len);
	}
	free(exact);
	free(all);
	return rc;
}

int
main(int argc, char **argv)
{
	FILE *file;
	int i, rc = 0;

	if (argc == 1)
		return run(stdin);
	for (i = 1; i < argc; i++) {
		file = fopen(argv[i], "rb");
		if (file == NULL) {
			perror(argv[i]);
			return 1;
		}
		if (run(file) != 0)
			rc = 1;
		fclose(file);
	}
	return rc;
}
