#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tool/difference.h"
#include "tool/run.h"

enum { SE_DIFF_SAME = 0, SE_DIFF_DIFFERENT = 1 };

enum se_code
se_difference(const char *path, const char *text, size_t len, struct se_buffer *out,
	struct se_error *error)
{
	const char *old = access(path, F_OK) == 0 ? path : "/dev/null";
	const char *const argv[] = {
		"diff", "-u", "--label", path, "--label", path, "--", old, "-", NULL};
	const struct se_run run = {.argv = argv, .input = text, .input_len = len, .output = out};
	int status;
	enum se_code code = se_run(&run, &status, error);

	if (code == SE_ABSENT)
		return se_error_set(error, SE_CONFIG,
			"diff(1) is needed to show what would change in %s, and is not installed",
			path);
	if (code != SE_OK)
		return code;
	if (status != SE_DIFF_SAME && status != SE_DIFF_DIFFERENT)
		return se_error_set(error, SE_CONFIG,
			"%s could not be compared: diff ended with %d", path, status);
	return SE_OK;
}
