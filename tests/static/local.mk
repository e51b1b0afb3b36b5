# Static analysis; run by `make check-static`, because what it finds depends on the tools' versions.
static_tests = tests/static/run.sh
EXTRA_DIST += $(static_tests) tests/static/gcc.exceptions tests/static/cppcheck.exceptions \
	.clang-tidy tool/.clang-tidy

# One option a line. -D_FORTIFY_SOURCE and the like change nothing for an analyser.
static.flags: Makefile
	$(AM_V_GEN)printf '%s\n' $(DEFS) -I'$(abs_builddir)' -I'$(abs_srcdir)' \
		-I'$(abs_srcdir)/common' -include '$(abs_builddir)/config.h' $(AM_CPPFLAGS) $(CPPFLAGS) \
		$(SASL_CFLAGS) $(CURL_CFLAGS) $(CRYPTO_CFLAGS) $(JSON_CFLAGS) $(INI_CFLAGS) \
		$(MICROHTTPD_CFLAGS) $(QRENCODE_CFLAGS) -std=c11 > $@
CLEANFILES += static.flags
