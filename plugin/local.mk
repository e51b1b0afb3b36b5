plugin_LTLIBRARIES = libsasl-entra.la
libsasl_entra_la_SOURCES = \
	plugin/init.c plugin/init.h \
	plugin/mechanism.c plugin/mechanism.h \
	plugin/prompt.c plugin/prompt.h \
	plugin/choose.c plugin/choose.h \
	plugin/memory.c plugin/memory.h \
	plugin/sasl_error.c plugin/sasl_error.h
EXTRA_DIST += plugin/read_only.ld
libsasl_entra_la_DEPENDENCIES = libse-core.la plugin/read_only.ld
libsasl_entra_la_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS)
# libc only: libsasl2 hands its functions over, so that not even it is linked.
libsasl_entra_la_LIBADD = libse-core.la $(DL_LIBS)
libsasl_entra_la_LDFLAGS = $(installed_ldflags) $(SE_PLUGIN_LDFLAGS) -module -avoid-version -shared \
	-export-symbols-regex '^sasl_client_plug_init$$'

install-data-hook::
	rm -f $(DESTDIR)$(plugindir)/libsasl-entra.la
uninstall-hook::
	rm -f $(DESTDIR)$(plugindir)/libsasl-entra.so
