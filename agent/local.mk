sbin_PROGRAMS += sasl-entrad
sasl_entrad_SOURCES = \
	agent/main.c \
	agent/options.c agent/options.h \
	agent/own.c agent/own.h \
	agent/privilege.c agent/privilege.h \
	agent/directory.c agent/directory.h \
	agent/listen.c agent/listen.h \
	agent/inherit.c agent/inherit.h \
	agent/signals.c agent/signals.h \
	agent/server.c agent/server.h \
	agent/inetd.c agent/inetd.h \
	agent/load.c agent/load.h \
	agent/notify.c agent/notify.h \
	agent/summary.c agent/summary.h \
	agent/connection.c agent/connection.h \
	agent/again.c agent/again.h \
	agent/peer.c agent/peer.h \
	agent/notice.c agent/notice.h \
	agent/notice_run.c agent/notice_run.h \
	agent/spawn.c agent/spawn.h \
	agent/log.c agent/log.h
sasl_entrad_LDFLAGS = $(installed_ldflags)
sasl_entrad_LDADD = libse-engine.la
