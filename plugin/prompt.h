/*
 * prompt: login name and password, from the host's callbacks or by SASL_INTERACT.
 *
 * A host that answers by SASL_INTERACT gets a list of what to ask for, fills it in and calls
 * again. The list belongs to us; its results belong to the host.
 */
#ifndef SE_PLUGIN_PROMPT_H
#define SE_PLUGIN_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "core/secret.h"

struct se_prompts {
	const sasl_utils_t *utils;
	sasl_interact_t *asked; /* the list that the host fills in, or NULL */
};

enum se_given {
	SE_GIVEN,      /* here it is */
	SE_GIVEN_NONE, /* the host does not have it */
	SE_GIVEN_ASK,  /* the host wants to be asked: se_prompt_ask() */
	SE_GIVEN_TOO_LONG,
	SE_GIVEN_MEMORY
};

/* SASL_CB_AUTHNAME or SASL_CB_USER. `name` is "" unless SE_GIVEN. */
enum se_given
se_prompt_name(const struct se_prompts *prompts, unsigned long id, char *name, size_t size);

/* SASL_CB_PASS, without NUL bytes at its end. The caller frees it. */
enum se_given se_prompt_password(const struct se_prompts *prompts, struct se_secret **password);

/* Makes the list that asks for `id` and points *need at it: the step returns SASL_INTERACT. False
 * when the host gave no `need`, or memory ran out. */
bool se_prompt_ask(struct se_prompts *prompts, sasl_interact_t **need, unsigned long id);

/* Drops the list, once its results were read or will never come. `need` may be NULL. */
void se_prompt_forget(struct se_prompts *prompts, sasl_interact_t **need);

#endif
