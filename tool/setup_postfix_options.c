#include <stdlib.h>
#include <unistd.h>

#include "tool/setup_postfix.h"

enum { RELAYS_MAX = 1000 };

static const char *
take_relays(struct se_setup_postfix_wish *wish, const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || number < 1 || number > RELAYS_MAX)
		return "--relays: 1 to 1000";
	wish->relays = (unsigned)number;
	return NULL;
}

bool
se_setup_postfix_option(struct se_setup_postfix_wish *wish, int option, const char **wrong)
{
	switch (option) {
	case SE_SETUP_POSTFIX:
		wish->directory = optarg;
		wish->wanted = true;
		return true;
	case SE_SETUP_POSTFIX_LOGIN:
		wish->login = optarg;
		return true;
	case SE_SETUP_POSTFIX_RELAY:
		wish->relay = optarg;
		return true;
	case SE_SETUP_POSTFIX_RELAYS:
		*wrong = take_relays(wish, optarg);
		return true;
	case SE_SETUP_POSTFIX_RATE_DELAY:
		wish->rate_delay = true;
		return true;
	case SE_SETUP_POSTFIX_APPLY:
		wish->apply = true;
		return true;
	case SE_SETUP_POSTFIX_UNDO:
		wish->undo = true;
		return true;
	default:
		return false;
	}
}
