/*
 * mailbox: what comes through one mailbox of Exchange Online when all relays that send as it have a
 * queue. What is beyond its connections is refused (432 4.3.2) after a second; what is beyond the
 * messages of a minute is held until the next minute, with its connection. A message takes about two
 * seconds otherwise, with a connection of its own and one recipient.
 */
#include <stdlib.h>

#include "tool/mailbox_share.h"

#include "fleet.h"

enum { MESSAGE_MS = 2000, REFUSED_MS = 1000, MINUTE_MS = 60000 };

/* A connection that a relay may have. */
struct slot {
	bool sending;
};

struct mailbox {
	const struct mailbox_plan *plan;
	struct mailbox_result result;
	struct chance chance;
	unsigned open;
	int64_t minute; /* that is filled up at present */
	unsigned in_minute;
};

/* When a message that could be over at `then` is. */
static int64_t
over_at(struct mailbox *mailbox, int64_t then)
{
	if (then / MINUTE_MS > mailbox->minute) {
		mailbox->minute = then / MINUTE_MS;
		mailbox->in_minute = 0;
	}
	if (mailbox->in_minute == SE_MAILBOX_MESSAGES) {
		mailbox->minute++;
		mailbox->in_minute = 0;
	}
	mailbox->in_minute++;
	if (mailbox->in_minute > mailbox->result.most_in_a_minute)
		mailbox->result.most_in_a_minute = mailbox->in_minute;
	return then / MINUTE_MS == mailbox->minute ? then : mailbox->minute * MINUTE_MS;
}

/* Returns when the slot is to be looked at again. */
static int64_t
connect_at(struct mailbox *mailbox, struct slot *slot, int64_t now)
{
	if (mailbox->open == SE_MAILBOX_CONNECTIONS) {
		mailbox->result.refused++;
		return now + REFUSED_MS / 2 + chance_up_to(&mailbox->chance, REFUSED_MS) +
		       (int64_t)mailbox->plan->delay * 1000;
	}
	mailbox->open++;
	if (mailbox->open > mailbox->result.most_at_once)
		mailbox->result.most_at_once = mailbox->open;
	slot->sending = true;
	return over_at(mailbox, now + MESSAGE_MS / 2 + chance_up_to(&mailbox->chance, MESSAGE_MS));
}

static int64_t
sent_at(struct mailbox *mailbox, struct slot *slot, int64_t now)
{
	slot->sending = false;
	mailbox->open--;
	if (++mailbox->result.sent == SE_MAILBOX_RECIPIENTS)
		mailbox->result.full_after = (unsigned)(now / 1000);
	return now + 1 + (int64_t)mailbox->plan->delay * 1000;
}

struct mailbox_result
mailbox_run(const struct mailbox_plan *plan)
{
	const size_t count = (size_t)plan->relays * plan->concurrency;
	struct turn *turns = need(count + 1, sizeof(*turns));
	struct slot *slots = need(count, sizeof(*slots)), *slot;
	struct mailbox mailbox = {.plan = plan, .chance = chance_make(plan->seed, 0)};
	size_t i;

	for (i = 1; i <= count; i++) {
		turns[i].whose = &slots[i - 1];
		turns[i].due =
			chance_up_to(&mailbox.chance, (int64_t)plan->delay * 1000 + MESSAGE_MS);
	}
	turns_begin(turns, count);
	while (turns[1].due < (int64_t)plan->seconds * 1000 && mailbox.result.full_after == 0) {
		slot = turns[1].whose;
		turns[1].due = slot->sending ? sent_at(&mailbox, slot, turns[1].due)
					     : connect_at(&mailbox, slot, turns[1].due);
		turns_sink(turns, count, 1);
	}
	free(turns);
	free(slots);
	return mailbox.result;
}
