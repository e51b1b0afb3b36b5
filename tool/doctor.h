/*
 * doctor: the sections of `sasl-entra doctor`, each in a file of its own, in the order of the table in
 * verb_doctor.c: what a later one needs, an earlier one has found out.
 */
#ifndef SE_TOOL_DOCTOR_H
#define SE_TOOL_DOCTOR_H

#include <stdbool.h>

#include "core/secret.h"
#include "core/source.h"
#include "engine/config.h"

#include "tool/checkup.h"
#include "tool/identity.h"

enum { SE_DOCTOR_TOKENS_MAX = 32, SE_DOCTOR_RELAYS_MAX = 16 };

struct se_doctor_relay {
	char host[256]; /* without brackets */
	char port[8];   /* "587" */
};

/* A token that was fetched for one account, and for whom. */
struct se_doctor_token {
	const struct se_account *account;
	char login[SE_NAME_MAX + 1]; /* a login name that the account serves, or its label */
	char user[SE_NAME_MAX + 1];  /* the SASL user that would be sent; "": that depends on the
	                                login name, and none is known */
	struct se_secret *token;     /* NULL: none could be had, which has been said */
	bool for_another;            /* not for a mail server, which has been said */
	bool refused;                /* that was a problem */
	bool roleless; /* an app's, without a permission in it, of which nothing was said */
	bool accepted_smtp, refused_smtp; /* by a mail server, that is */
};

struct se_doctor {
	const struct se_identity *identity;
	const char *name;        /* NULL: every account */
	bool offline;            /* nothing that leaves this machine */
	bool postfix;            /* --postfix */
	const char *postfix_dir; /* its configuration directory; NULL: Postfix's own */
	const char *server;      /* --server HOST[:PORT]; NULL: what is configured */
	const char *imap_server; /* --imap-server */
	struct se_checkup checkup;

	/* from the configuration's section */
	struct se_config *config;         /* NULL: not usable, which has been said */
	const struct se_account *account; /* of `name`; NULL: all */

	/* from the agent's section */
	bool agent;        /* one answers at the system's socket */
	bool agent_silent; /* one is there and does not answer */

	/* from the token's section */
	struct se_doctor_token tokens[SE_DOCTOR_TOKENS_MAX];
	size_t token_count;

	/* from Postfix's section: where its mail goes, by name and number */
	struct se_doctor_relay relays[SE_DOCTOR_RELAYS_MAX];
	size_t relay_count;
};

/* Plugin: where libsasl2 looks, loads, offers. */
void se_doctor_plugin(struct se_doctor *doctor);
/* Configuration: keys, files, owners, what ends soon. */
void se_doctor_configuration(struct se_doctor *doctor);
/* Agent: its socket, who may ask, and in every jail in use. */
void se_doctor_agent(struct se_doctor *doctor);
/* Network: names, TLS, proxy, clock. */
void se_doctor_network(struct se_doctor *doctor);
/* Token: fetched anew, and explained. */
void se_doctor_token(struct se_doctor *doctor);
/* Postfix: whether it would use all this. Also without --postfix where Postfix's own configuration
 * names our plugin's mechanism. */
void se_doctor_postfix(struct se_doctor *doctor);
/* Server: whether submission and IMAP servers take the token, and why not. */
void se_doctor_server(struct se_doctor *doctor);

/* The login name that is tried for an account: --NAME where that is one, else the first pattern of
 * `match` that is an address, else its `identity`; false where there is none (then the caller says
 * that a NAME would help). */
bool se_doctor_login(const struct se_doctor *doctor, const struct se_account *account,
	char login[SE_NAME_MAX + 1]);

/* Whether that login name, or else its account, was found to get no token: what fails for want of one is a
 * consequence. */
bool se_doctor_has_no_token(
	const struct se_doctor *doctor, const struct se_account *account, const char *login);

/* What is added next has a fix in the configuration: how the agent reads that goes under it, where there is
 * an agent. */
void se_doctor_then_reload(struct se_doctor *doctor);

/* Whether something with that id and verdict is of that account: its text has "[account LABEL]" or
 * "account LABEL: ". What follows from a problem is left out. */
bool se_doctor_said(const struct se_doctor *doctor, const struct se_account *account,
	const char *id, enum se_verdict verdict);

#endif
