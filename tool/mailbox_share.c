/*
 * Exchange allows a mailbox three connections at once over all relays that use it: N relays get
 * max(1, 3/N) each.
 *
 * It allows a mailbox 30 messages a minute, too, but slows down what comes faster and refuses
 * nothing. Postfix's rate delay holds the queue for so long after each delivery and brings the
 * concurrency down to one, which costs more than it gains: it is only taken on request, or where there
 * are more relays than connections, as then nothing else spreads them. N relays may send 30/N
 * messages a minute each: one in 2 N seconds.
 */
#include "tool/mailbox_share.h"

struct se_mailbox_share
se_mailbox_share(unsigned relays, bool rate_delay)
{
	struct se_mailbox_share share = {.concurrency = 1};

	if (relays < SE_MAILBOX_CONNECTIONS)
		share.concurrency = SE_MAILBOX_CONNECTIONS / relays;
	if (rate_delay || relays > SE_MAILBOX_CONNECTIONS)
		share.delay = 60 / SE_MAILBOX_MESSAGES * relays;
	return share;
}
