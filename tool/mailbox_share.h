/*
 * mailbox_share: what Exchange Online bears from one mailbox, whichever relays send as it, and what each
 * of them may take of it. Microsoft says: 3 connections at once, 30 messages a minute, 10,000 recipients
 * a day.
 */
#ifndef SE_TOOL_MAILBOX_SHARE_H
#define SE_TOOL_MAILBOX_SHARE_H

#include <stdbool.h>

enum {
	SE_MAILBOX_CONNECTIONS = 3,   /* at once */
	SE_MAILBOX_MESSAGES = 30,     /* a minute */
	SE_MAILBOX_RECIPIENTS = 10000 /* a day */
};

struct se_mailbox_share {
	unsigned concurrency; /* connections of one relay */
	unsigned delay;       /* seconds that a relay waits after each message; 0: none */
};

/* Of one of so many relays, 1 or more. `rate_delay`: the delay is wanted in any case. */
struct se_mailbox_share se_mailbox_share(unsigned relays, bool rate_delay);

#endif
