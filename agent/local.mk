sbin_PROGRAMS += sasl-entrad
sasl_entrad_SOURCES = \
	agent/main.c \
	agent/options.c agent/options.h \
	agent/privilege.c agent/privilege.h \
	agent/directory.c agent/directory.h \
	agent/listen.c agent/listen.h \
	agent/signals.c agent/signals.h \
	agent/server.c agent/server.h \
	agent/connection.c agent/connection.h \
	agent/peer.c agent/peer.h \
	agent/notice.c agent/notice.h \
	agent/notice_run.c agent/notice_run.h \
	agent/spawn.c agent/spawn.h \
	agent/log.c agent/log.h
sasl_entrad_LDADD = libse-engine.la
