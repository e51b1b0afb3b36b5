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
	tool/verb_token.c \
	tool/verb_refresh.c \
	tool/verb_check.c \
	tool/verb_import.c \
	tool/install_file.c tool/install_file.h \
	tool/certificate_place.c tool/certificate_place.h \
	tool/certificate_print.c tool/certificate.h \
	tool/certificate_new.c tool/certificate_try.c tool/certificate_switch.c \
	tool/check_certificate.c tool/check_certificate.h \
	tool/verb_certificate.c
sasl_entra_LDADD = libse-engine.la
