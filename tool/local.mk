bin_PROGRAMS += sasl-entra
sasl_entra_SOURCES = \
	tool/main.c \
	tool/verb.c tool/verb.h \
	tool/exit_code.c tool/exit_code.h \
	tool/identity.c tool/identity.h \
	tool/ask.c tool/ask.h \
	tool/output.c tool/output.h \
	tool/base64.c tool/base64.h \
	tool/read_secret.c tool/read_secret.h \
	tool/findings.c tool/findings.h \
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
	tool/verb_import.c
sasl_entra_LDADD = libse-engine.la
