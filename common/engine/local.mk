# The engine's parts, for the module, the agent, the tool and the tests.
noinst_LTLIBRARIES += libse-engine.la
libse_engine_la_SOURCES = \
	common/engine/aadsts.c common/engine/aadsts.h \
	common/engine/places.c common/engine/places.h \
	common/engine/reasons.c common/engine/reasons.h \
	common/engine/replies.c common/engine/replies.h common/engine/replies_parts.h \
	common/engine/replies_login.c common/engine/replies_connection.c \
	common/engine/replies_message.c \
	common/engine/replies_high_volume.c common/engine/replies_mailbox.c \
	common/engine/replies_challenge.c common/engine/replies_program.c \
	common/engine/replies_own.c \
	common/engine/replies_find.c \
	common/engine/replies_match.c common/engine/replies_match.h \
	common/engine/names.c common/engine/names.h \
	common/engine/keys.c common/engine/keys.h \
	common/engine/arena.c common/engine/arena.h \
	common/engine/report.c common/engine/report.h \
	common/engine/characters.c common/engine/characters.h \
	common/engine/precheck_line.c common/engine/precheck_line.h \
	common/engine/precheck.c common/engine/precheck.h \
	common/engine/identifiers.c common/engine/identifiers.h \
	common/engine/urls.c common/engine/urls.h \
	common/engine/values.c common/engine/values.h \
	common/engine/rules.c common/engine/rules.h \
	common/engine/rules_credential.c common/engine/rules_credential.h \
	common/engine/provider.c common/engine/provider.h \
	common/engine/derive_credentials.c common/engine/derive_credentials.h \
	common/engine/environment.h \
	common/engine/derive_environment.c common/engine/derive_environment.h \
	common/engine/allow.c common/engine/allow.h \
	common/engine/derive.c common/engine/derive.h \
	common/engine/config.c common/engine/config.h \
	common/engine/account.c common/engine/account.h \
	common/engine/cloud.c common/engine/cloud.h \
	common/engine/crypto_digest.c common/engine/crypto_digest.h \
	common/engine/crypto_memory.c common/engine/crypto_memory.h \
	common/engine/crypto_tls.c common/engine/crypto_tls.h \
	common/engine/crypto_errors.c common/engine/crypto_errors.h \
	common/engine/signals.c common/engine/signals.h \
	common/engine/crypto_parts.c common/engine/crypto_parts.h \
	common/engine/crypto_key.c common/engine/crypto_key.h \
	common/engine/crypto_find.c common/engine/crypto_sign.c common/engine/crypto_pkcs12.c \
	common/engine/crypto_work.c \
	common/engine/crypto_certificate.c common/engine/crypto_certificate.h \
	common/engine/crypto_make.c common/engine/crypto_make.h \
	common/engine/fetch_once.c common/engine/fetch_once.h \
	common/engine/discovery.c common/engine/discovery.h \
	common/engine/json.c common/engine/json.h \
	common/engine/jwt.c common/engine/jwt.h \
	common/engine/http.c common/engine/http.h common/engine/http_transfer.h \
	common/engine/http_prepare.c common/engine/http_explain.c \
	common/engine/http_tls.c common/engine/http_tls.h \
	common/engine/http_lookup.c \
	common/engine/credential_secret.c common/engine/credential_secret.h \
	common/engine/secret_command.c common/engine/secret_command.h \
	common/engine/credential_certificate.c common/engine/credential_certificate.h \
	common/engine/credential_pair.c common/engine/credential_pair.h \
	common/engine/assertion.c common/engine/assertion.h \
	common/engine/request_id.c common/engine/request_id.h \
	common/engine/audience.c common/engine/audience.h \
	common/engine/base64url.c common/engine/base64url.h \
	common/engine/credential_federated.c common/engine/credential_federated.h \
	common/engine/percent.c common/engine/percent.h \
	common/engine/managed_identity.c common/engine/managed_identity.h \
	common/engine/managed_identity_answer.c \
	common/engine/managed_identity_arc.c common/engine/managed_identity_arc.h \
	common/engine/exchange.c common/engine/exchange.h \
	common/engine/request.c common/engine/request.h \
	common/engine/answer.c common/engine/answer.h \
	common/engine/token_key.c common/engine/token_key.h \
	common/engine/store.c common/engine/store.h \
	common/engine/store_list.c common/engine/store_watch.c common/engine/store_parts.h \
	common/engine/state_json.c common/engine/state_json.h \
	common/engine/state_seal.c common/engine/state_seal.h \
	common/engine/store_file.c \
	common/engine/store_reseal.c common/engine/store_reseal.h \
	common/engine/seal_keys.c common/engine/seal_keys.h \
	common/engine/crypto_seal.c common/engine/crypto_seal.h \
	common/engine/policy.c common/engine/policy.h \
	common/engine/state_dir.c common/engine/state_dir.h \
	common/engine/acquire.c common/engine/acquire.h common/engine/acquire_parts.h \
	common/engine/state_accept.c common/engine/state_accept.h \
	common/engine/crypto_pkce.c common/engine/crypto_pkce.h \
	common/engine/sign_in.c common/engine/sign_in.h common/engine/sign_in_answer.c \
	common/engine/sign_in_post.c common/engine/sign_in_post.h \
	common/engine/sign_in_person.c common/engine/sign_in_person.h \
	common/engine/sign_in_token.c common/engine/sign_in_token.h \
	common/engine/sign_in_device.c common/engine/sign_in_device.h \
	common/engine/acquire_keep.c common/engine/acquire_remember.c \
	common/engine/store_names.c common/engine/store_names.h \
	common/engine/status.c common/engine/status.h common/engine/status_json.c \
	common/engine/status_certificate.c common/engine/status_certificate.h \
	common/engine/status_put.c common/engine/status_put.h \
	common/engine/status_walk.c common/engine/status_walk.h \
	common/engine/engine_status.c \
	common/engine/engine_outcome.c \
	common/engine/engine_entries.c common/engine/engine_ahead.c \
	common/engine/engine_ask.c common/engine/engine_wait.c \
	common/engine/engine.c common/engine/engine.h common/engine/engine_parts.h
libse_engine_la_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(CRYPTO_CFLAGS) $(JSON_CFLAGS) $(INI_CFLAGS)
# The linker that loads the module looks names up in this order: libcrypto has most of them.
libse_engine_la_LIBADD = libse-core.la $(CRYPTO_LIBS) $(CURL_LIBS) $(JSON_LIBS) $(INI_LIBS)

# Conversations with mail servers: for the tool alone.
noinst_LTLIBRARIES += libse-mail.la
libse_mail_la_SOURCES = \
	common/engine/mail_dialogue.c common/engine/mail_dialogue.h \
	common/engine/mail_server.c common/engine/mail_server.h common/engine/mail_parts.h \
	common/engine/mail_prepare.c common/engine/mail_explain.c
libse_mail_la_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS)
libse_mail_la_LIBADD = libse-engine.la

# The module that the plugin loads. -z nodelete: a name lookup that hangs may outlive its use.
engine_LTLIBRARIES = engine.la
engine_la_SOURCES = common/engine/module.c
engine_la_LIBADD = libse-engine.la
engine_la_LDFLAGS = $(installed_ldflags) -module -avoid-version -shared -Wl,-z,nodelete \
	-export-symbols-regex '^se_engine_module$$'

# libtool's .la files are of no use to anybody who installs a module. Without them it does not
# know what to uninstall.
install-data-hook::
	rm -f $(DESTDIR)$(enginedir)/engine.la
uninstall-hook::
	rm -f $(DESTDIR)$(enginedir)/engine.so
