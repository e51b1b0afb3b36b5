#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/source.h"

#include "tool/question.h"

bool
se_question_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static bool
read_line(char *line, size_t size)
{
	size_t len;

	if (fgets(line, (int)size, stdin) == NULL)
		return false;
	len = strlen(line);
	if (len + 1 == size && line[len - 1] != '\n')
		return false;
	while (len > 0 && strchr(" \t\r\n", line[len - 1]) != NULL)
		line[--len] = '\0';
	memmove(line, line + strspn(line, " \t"), len + 1 - strspn(line, " \t"));
	return true;
}

bool
se_question_yes(const char *question)
{
	char line[32];

	if (!se_question_possible())
		return false;
	fprintf(stderr, "%s [y/N] ", question);
	return read_line(line, sizeof(line)) && (line[0] == 'y' || line[0] == 'Y');
}

bool
se_question_line(const char *question, const char *otherwise, char *answer, size_t size)
{
	if (otherwise != NULL && otherwise[0] != '\0')
		fprintf(stderr, "%s [%s]: ", question, otherwise);
	else
		fprintf(stderr, "%s: ", question);
	if (!read_line(answer, size))
		return false;
	if (answer[0] == '\0' && otherwise != NULL)
		return se_copy(answer, size, otherwise);
	return true;
}
