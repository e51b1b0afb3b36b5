#include "engine/credential_certificate.h"

enum se_code
se_credential_certificate_assert(const struct se_account *account, const struct se_world *world,
	struct se_secret **assertion, struct se_error *error)
{
	(void)world;
	*assertion = NULL;
	return se_error_set(error, SE_CONFIG, "[account %s] has a certificate", account->label);
}
