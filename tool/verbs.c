#include <stddef.h>

#include "tool/verb.h"

extern const struct se_verb se_verb_login, se_verb_logout, se_verb_token, se_verb_refresh,
	se_verb_status, se_verb_check, se_verb_doctor, se_verb_send, se_verb_explain,
	se_verb_config, se_verb_setup, se_verb_import, se_verb_certificate, se_verb_reseal,
	se_verb_completion;

const struct se_verb *const se_verbs[] = {
	&se_verb_login,
	&se_verb_logout,
	&se_verb_token,
	&se_verb_refresh,
	&se_verb_status,
	&se_verb_check,
	&se_verb_doctor,
	&se_verb_send,
	&se_verb_explain,
	&se_verb_config,
	&se_verb_setup,
	&se_verb_import,
	&se_verb_certificate,
	&se_verb_reseal,
	&se_verb_completion,
	NULL,
};
