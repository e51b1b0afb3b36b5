# People's sign-ins: device code, authorization code, the plain OAuth 2.0 server.
people_tests = tests/tenant/test_authorize.py tests/tenant/test_device.py \
	tests/tenant/test_generic.py tests/tenant/test_people_msal.py
TESTS += $(people_tests)
EXTRA_DIST += $(people_tests) \
	tests/tenant/authorize.py tests/tenant/consents.py tests/tenant/control_people.py \
	tests/tenant/device_codes.py tests/tenant/device_login.py tests/tenant/generic.py \
	tests/tenant/pages.py tests/tenant/people.py tests/tenant/people_case.py \
	tests/tenant/people_grants.py tests/tenant/redirects.py tests/tenant/signin.py \
	tests/tenant/signin_errors.py

# The stand-in tenant and submission server; their own tests, one of them Microsoft's client.
tenant_tests = tests/tenant/test_tenant.py tests/tenant/test_tenant_faults.py \
	tests/tenant/test_submission.py tests/tenant/test_submission_modes.py \
	tests/tenant/test_assertions.py tests/tenant/test_federation.py \
	tests/tenant/test_managed_identity.py
TESTS += $(tenant_tests)
EXTRA_DIST += $(tenant_tests) tests/tenant/README.md \
	tests/tenant/exchange_shell.py tests/tenant/apps.py tests/tenant/control.py tests/tenant/entra_errors.py \
	tests/tenant/faults.py tests/tenant/form.py tests/tenant/grants.py \
	tests/tenant/http_server.py tests/tenant/metadata.py tests/tenant/pki.py \
	tests/tenant/plumbing.py tests/tenant/request_log.py tests/tenant/router.py \
	tests/tenant/scopes.py tests/tenant/smtp_access.py tests/tenant/smtp_auth.py \
	tests/tenant/smtp_control.py tests/tenant/smtp_session.py tests/tenant/smtp_wire.py \
	tests/tenant/standins.py tests/tenant/submission.py tests/tenant/submission_case.py \
	tests/tenant/tap.py tests/tenant/tenant.py tests/tenant/tenant_case.py \
	tests/tenant/tokens.py \
	tests/tenant/app_credentials.py tests/tenant/arc_keys.py tests/tenant/assertion_case.py \
	tests/tenant/assertions.py tests/tenant/azure_namespace.sh tests/tenant/federation.py \
	tests/tenant/identities.py tests/tenant/identity_endpoints.py \
	tests/tenant/identity_tokens.py tests/tenant/managed_identity.py
