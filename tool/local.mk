# What the verb import is made of, beside what others use; tests link it, too.
import_sources = \
	tool/verb_import.c tool/import.h \
	tool/keep_sign_in.c tool/keep_sign_in.h \
	tool/import_file.c tool/import_file.h \
	tool/import_account.c tool/import_endpoint.c tool/import_account.h \
	tool/import_map.c tool/import_map.h \
	tool/import_postfix.c tool/import_postfix.h \
	tool/import_sections.c tool/import_sections.h \
	tool/import_plan.c tool/import_read.c tool/import_plugins.c tool/import_plan.h \
	tool/import_write.c tool/import_write.h \
	tool/import_sign_in.c tool/import_sign_in.h \
	tool/import_apply.c tool/import_try.c tool/import_apply.h \
	tool/import_sasl_xoauth2.c tool/import_mutt.c \
	tool/agent_reload.c tool/agent_reload.h \
	tool/journal.c tool/journal.h \
	tool/journal_copy.c tool/journal_copy.h

bin_PROGRAMS += sasl-entra
sasl_entra_SOURCES = \
	tool/main.c \
	tool/verb.c tool/verbs.c tool/verb.h \
	tool/wrap.c tool/wrap.h \
	tool/run.c tool/run.h \
	tool/aside.c tool/aside.h \
	tool/question.c tool/question.h \
	tool/next.c tool/next.h \
	tool/difference.c tool/difference.h \
	tool/checkup.c tool/checkup.h tool/checkup_ids.c tool/checkup_ids.h \
	tool/exit_code.c tool/exit_code.h \
	tool/identity.c tool/identity.h \
	tool/ask.c tool/ask.h \
	tool/agent_clients.c tool/agent_clients.h \
	tool/output.c tool/output.h \
	tool/base64.c tool/base64.h \
	tool/read_secret.c tool/read_secret.h \
	tool/findings.c tool/findings.h \
	tool/check.c tool/check.h \
	tool/check_programs.c tool/check_programs.h \
	tool/check_files.c tool/check_files.h \
	tool/terminal.c tool/terminal.h \
	tool/table.c tool/table.h \
	tool/status_rows.c tool/status_rows.h \
	tool/status_show.c tool/status_prometheus.c tool/status_show.h \
	tool/verb_status.c \
	tool/verb_token.c \
	tool/postfix.c tool/postfix.h \
	tool/refresh_all.c tool/refresh_all.h \
	tool/verb_refresh.c \
	tool/verb_check.c \
	$(import_sources) \
	tool/install_file.c tool/install_file.h \
	tool/directory_lock.c tool/directory_lock.h \
	tool/certificate_place.c tool/certificate_place.h \
	tool/certificate_print.c tool/certificate.h \
	tool/certificate_new.c tool/certificate_try.c tool/certificate_switch.c \
	tool/check_certificate.c tool/check_certificate.h \
	tool/verb_certificate.c \
	tool/check_state_key.c tool/check_state_key.h \
	tool/verb_reseal.c \
	tool/place.c tool/place.h \
	tool/interrupt.c tool/interrupt.h \
	tool/screen.c tool/screen.h \
	tool/qr.c tool/qr.h \
	tool/login.c tool/login.h \
	tool/login_say.c tool/login_say.h \
	tool/login_loopback.c tool/login_paste.c tool/login_device.c \
	tool/login_listen.c tool/login_listen.h \
	tool/login_server.c tool/login_server.h \
	tool/login_page.c tool/login_page.h \
	tool/login_browser.c tool/login_browser.h \
	tool/verb_login.c tool/verb_logout.c \
	tool/doctor.h tool/verb_doctor.c \
	tool/doctor_aside.c tool/doctor_aside.h \
	tool/sasl_plugins.c tool/sasl_plugins.h \
	tool/doctor_plugin.c tool/doctor_plugin.h tool/doctor_plugin_offers.c \
	tool/doctor_configuration.c tool/doctor_agent.c \
	tool/postfix_config.c tool/postfix_config.h \
	tool/postfix_map.c tool/postfix_map.h \
	tool/doctor_postfix.c tool/doctor_postfix.h \
	tool/doctor_postfix_relays.c tool/doctor_postfix_auth.c tool/doctor_postfix_passwords.c \
	tool/doctor_postfix_tls.c \
	tool/doctor_postfix_limits.c tool/doctor_postfix_jail.c tool/doctor_postfix_queue.c \
	tool/doctor_network.c tool/doctor_network.h tool/doctor_network_names.c \
	tool/doctor_token.c \
	tool/doctor_explain.c tool/doctor_explain.h tool/doctor_permissions.c \
	tool/doctor_server.c tool/doctor_login.c tool/doctor_login.h \
	tool/doctor_sasl.c tool/doctor_sasl.h \
	tool/mail_servers.c tool/mail_servers.h \
	tool/mail_verdict.c tool/mail_verdict.h \
	tool/mail_login.c tool/mail_login.h \
	tool/test_message.c tool/test_message.h \
	tool/send.h tool/send_report.c tool/verb_send.c \
	tool/explain.h tool/explain_read.c tool/explain_find.c tool/explain_words.c tool/explain_print.c \
	tool/explain_all.c tool/verb_explain.c \
	tool/settings.c tool/settings.h \
	tool/settings_show.c tool/settings_show.h \
	tool/verb_config.c \
	tool/completion.h tool/completion_bash.c tool/completion_zsh.c tool/completion_fish.c \
	tool/verb_completion.c \
	tool/setup.h tool/setup_run.c tool/setup_read.c tool/setup_ask.c tool/setup_tenant.c \
	tool/setup_account.c tool/setup_text.c tool/setup_text.h tool/setup_write.c \
	tool/setup_credential.c tool/setup_secret.c tool/setup_secret_before.c tool/setup_after.c \
	tool/setup_steps.c tool/setup_steps.h \
	tool/setup_steps_exchange.c tool/setup_steps_words.c tool/setup_steps_parts.h \
	tool/setup_postfix.c tool/setup_postfix.h tool/setup_postfix_parts.h \
	tool/mailbox_share.c tool/mailbox_share.h \
	tool/setup_postfix_read.c tool/setup_postfix_choose.c tool/setup_postfix_plan.c \
	tool/setup_postfix_map.c tool/setup_postfix_stage.c tool/setup_postfix_apply.c \
	tool/setup_postfix_agent.c \
	tool/setup_postfix_maker.c tool/setup_postfix_maker.h \
	tool/setup_postfix_backup.c tool/setup_postfix_show.c tool/setup_postfix_options.c \
	tool/verb_setup.c
sasl_entra_CPPFLAGS = $(AM_CPPFLAGS) -DSE_AGENT_PATH='"$(sbindir)/sasl-entrad"' \
	$(MICROHTTPD_CFLAGS) $(QRENCODE_CFLAGS) $(SASL_CFLAGS)
sasl_entra_LDFLAGS = $(installed_ldflags)
sasl_entra_LDADD = libse-mail.la libse-engine.la $(MICROHTTPD_LIBS) $(QRENCODE_LIBS) $(SASL_LIBS) $(DL_LIBS)

# Committed as `make completions` writes them, so that a build for another machine need not run the
# tool; a test compares them.
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = tool/completions/sasl-entra
zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = tool/completions/_sasl-entra
fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_fishcompletion_DATA = tool/completions/sasl-entra.fish

completions: sasl-entra$(EXEEXT)
	$(MKDIR_P) '$(top_srcdir)/tool/completions'
	./sasl-entra completion bash > '$(top_srcdir)/tool/completions/sasl-entra'
	./sasl-entra completion zsh > '$(top_srcdir)/tool/completions/_sasl-entra'
	./sasl-entra completion fish > '$(top_srcdir)/tool/completions/sasl-entra.fish'
.PHONY: completions
