/*
 * check_certificate: judges an account's certificate and key as the engine will, without the
 * network.
 */
#ifndef SE_TOOL_CHECK_CERTIFICATE_H
#define SE_TOOL_CHECK_CERTIFICATE_H

#include "engine/config.h"
#include "engine/crypto_certificate.h"

#include "tool/findings.h"

/* Nothing for an account without a certificate. `facts` has no subject where it is not known. A
 * token is asked once: wrong PINs are counted. */
void se_check_certificate(const struct se_config *config, const struct se_account *account,
	struct se_certificate_facts *facts, struct se_findings *findings);

#endif
