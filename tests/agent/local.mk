# The agent and the tool, each test about one thing. Run as root: they try other users.
agent_tests = tests/agent/test_options.py tests/agent/test_sockets.py tests/agent/test_root.py \
	tests/agent/test_clients.py tests/agent/test_signals.py tests/agent/test_who.py \
	tests/agent/test_tool.py tests/agent/test_look.py tests/agent/test_explain.py tests/agent/test_check.py tests/agent/test_config.py tests/agent/test_completion.py \
	tests/agent/test_doctor.py tests/agent/test_token.py \
	tests/agent/test_import.py tests/agent/test_import_sasl_xoauth2.py tests/agent/test_import_undo.py \
	tests/agent/test_import_mutt.py tests/agent/test_setup.py tests/agent/test_reseal.py tests/agent/test_certificate.py tests/agent/test_pkcs11.py \
	tests/agent/test_status.py tests/agent/test_status_agent.py \
	tests/agent/test_on_problem.py tests/agent/test_secret_command.py tests/agent/test_next.py \
	tests/agent/test_system.py \
	tests/agent/test_container.py tests/agent/test_inherit.py \
	tests/agent/test_inetd.py tests/agent/test_notify.py \
	tests/agent/test_send.py tests/agent/test_doctor_server.py
TESTS += $(agent_tests)
EXTRA_DIST += $(agent_tests) tests/agent/agent_case.py tests/agent/private_root.py tests/agent/mail_case.py \
	tests/agent/wire.py tests/agent/import_case.py
