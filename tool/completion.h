/*
 * completion: the script that makes a shell complete the command line, from the tables of the verbs.
 */
#ifndef SE_TOOL_COMPLETION_H
#define SE_TOOL_COMPLETION_H

#include "core/buffer.h"

void se_completion_bash(struct se_buffer *out);
void se_completion_zsh(struct se_buffer *out);
void se_completion_fish(struct se_buffer *out);

#endif
