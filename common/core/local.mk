noinst_LTLIBRARIES += libse-core.la
libse_core_la_SOURCES = \
	common/core/error.c common/core/error.h \
	common/core/buffer.c common/core/buffer.h \
	common/core/room.c common/core/room.h \
	common/core/secret.c common/core/secret.h \
	common/core/wiping_memory.c common/core/wiping_memory.h \
	common/core/world.c common/core/world.h \
	common/core/acl.c common/core/acl.h \
	common/core/descriptor.c common/core/descriptor.h \
	common/core/directory.c common/core/directory_plain.c common/core/directory.h \
	common/core/file.c common/core/file_replace.c common/core/file.h \
	common/core/program.c common/core/program.h \
	common/core/json_text.c common/core/json_text.h \
	common/core/message.c common/core/token_shape.c common/core/message.h \
	common/core/source.c common/core/source.h \
	common/core/wire.c common/core/wire_read.c \
	common/core/wire.h common/core/wire_tags.h \
	common/core/client.c common/core/client.h \
	common/core/client_connect.c common/core/client_connect.h
