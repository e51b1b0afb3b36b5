# The tarball: the same bytes from the same commit, whoever makes it, where and when.

# When the sources were last changed: SOURCE_DATE_EPOCH, else the last commit, else (in an unpacked
# tarball) the time that all its files have.
source_date = $${SOURCE_DATE_EPOCH:-`test -e '$(top_srcdir)/.git' && \
	git -C '$(top_srcdir)' log -1 --format=%ct 2>/dev/null || date -r '$(top_srcdir)/NEWS.md' +%s`}

# For GNU tar and xz, which automake's rule runs. (By a variable: a rule for dist-xz, as automake reads
# it, would replace its own.) More threads would cut the data into other blocks.
tarball_rule = dist-xz
$(tarball_rule): export TAR_OPTIONS = --sort=name --owner=0 --group=0 --numeric-owner \
	--mode=u=rwX,go=rX --mtime=@$(shell echo $(source_date))
$(tarball_rule): export XZ_OPT = -6e -T1

tarball = $(distdir).tar.xz
checksum: dist
	sha256sum '$(tarball)' > '$(tarball).sha256'

# What is published: of a commit, tested out of its tree, with its day in NEWS.md.
release:
	@grep -qE '^## $(PACKAGE_VERSION) \([0-9]{4}-[0-9]{2}-[0-9]{2}\)$$' '$(top_srcdir)/NEWS.md' || \
		{ echo "NEWS.md does not say on which day $(PACKAGE_VERSION) is released" >&2; exit 1; }
	@test -z "`git -C '$(top_srcdir)' status --porcelain`" || \
		{ echo "the tree differs from its last commit: git status" >&2; exit 1; }
	$(MAKE) $(AM_MAKEFLAGS) distcheck
	$(MAKE) $(AM_MAKEFLAGS) checksum
.PHONY: checksum release

EXTRA_DIST += packaging/rpm/sasl-entra.spec packaging/rpm/sasl-entra.sysusers \
	packaging/rpm/sasl-entra-postfix.sysusers packaging/rpm/rpmlint.toml
