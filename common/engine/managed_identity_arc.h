/*
 * managed_identity_arc: Azure Arc's proof that the asker may read files on this machine: the agent
 * answers the first request with the path of a key file, whose content goes into the second.
 * Source: Microsoft, "Authenticate against Azure resources with Azure Arc-enabled servers".
 */
#ifndef SE_ENGINE_MANAGED_IDENTITY_ARC_H
#define SE_ENGINE_MANAGED_IDENTITY_ARC_H

#include "core/error.h"
#include "core/secret.h"

enum { SE_ARC_KEY_MAX = 4096 }; /* bytes of a key file */

/* From the value of WWW-Authenticate ("Basic realm=/var/opt/azcmagent/tokens/NAME.key") to the
 * header "Authorization: Basic ..." of the second request. SE_CONFIG when the challenge names any
 * other place, or the file is not what the agent writes. The caller frees *header. */
enum se_code
se_arc_answer_challenge(const char *challenge, struct se_secret **header, struct se_error *error);

#endif
