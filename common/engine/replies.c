#include <string.h>

#include "engine/replies_parts.h"

static const struct se_reply_part *const parts_in_order[] = {
	&se_replies_login,
	&se_replies_connection,
	&se_replies_message,
	&se_replies_high_volume,
	&se_replies_mailbox,
	&se_replies_challenge,
	&se_replies_program,
	&se_replies_own,
};

enum { PARTS = sizeof(parts_in_order) / sizeof(parts_in_order[0]) };

size_t
se_reply_part_count(void)
{
	return PARTS;
}

const struct se_reply_part *
se_reply_part(size_t n)
{
	return n < PARTS ? parts_in_order[n] : NULL;
}

const struct se_reply *
se_reply_named(const char *id)
{
	for (size_t n = 0; n < PARTS; n++)
		for (size_t i = 0; i < parts_in_order[n]->count; i++)
			if (strcmp(parts_in_order[n]->list[i].id, id) == 0)
				return &parts_in_order[n]->list[i];
	return NULL;
}
