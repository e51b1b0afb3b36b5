/*
 * question: asks the person at the terminal.
 */
#ifndef SE_TOOL_QUESTION_H
#define SE_TOOL_QUESTION_H

#include <stdbool.h>
#include <stddef.h>

/* Whether there is anybody: stdin and stderr are terminals. */
bool se_question_possible(void);

/* Yes or no, no where there is nobody or the answer is neither. The question stands on stderr. */
bool se_question_yes(const char *question);

/* A line without the spaces around it; an empty one is `otherwise` (NULL: ""). False at the end of
 * input or when it is too long. */
bool se_question_line(const char *question, const char *otherwise, char *answer, size_t size);

#endif
