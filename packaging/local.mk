# The units, for systemd. Nothing is installed where configure found no directory for it.
units = packaging/systemd/sasl-entrad.service packaging/systemd/sasl-entrad.socket \
	packaging/systemd/sasl-entra-postfix@.socket
user_units = packaging/systemd/user/sasl-entrad.service packaging/systemd/user/sasl-entrad.socket
systemd_fragments = packaging/systemd/sysusers.conf packaging/systemd/tmpfiles.conf
systemd_files = $(units) $(user_units) $(systemd_fragments)

# Mandatory access control: AppArmor's where configure was told a directory for it; SELinux's is
# compiled by the makefile that the policy of a distribution brings.
EXTRA_DIST += packaging/selinux/sasl_entra.te packaging/selinux/sasl_entra.if \
	packaging/selinux/sasl_entra.fc
apparmor_profile = packaging/apparmor/usr.sbin.sasl-entrad

substituted = $(systemd_files) $(apparmor_profile)
EXTRA_DIST += $(substituted:=.in) packaging/systemd/credentials.conf
CLEANFILES += $(substituted)
all-local: $(substituted)

$(substituted): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed -e 's|[@]sbindir[@]|$(sbindir)|g' \
		-e 's|[@]sysconfdir[@]|$(sysconfdir)|g' -e 's|[@]runstatedir[@]|$(runstatedir)|g' \
		-e 's|[@]localstatedir[@]|$(localstatedir)|g' '$<' > '$@.new' && mv '$@.new' '$@'

if SYSTEMD_UNITS
systemdsystemunitdir = $(SYSTEMD_SYSTEM_UNIT_DIR)
nodist_systemdsystemunit_DATA = $(units)
doc_DATA = packaging/systemd/credentials.conf
endif
if SYSTEMD_USER_UNITS
systemduserunitdir = $(SYSTEMD_USER_UNIT_DIR)
nodist_systemduserunit_DATA = $(user_units)
endif

if APPARMOR_PROFILE
apparmordir = $(APPARMOR_DIR)
nodist_apparmor_DATA = $(apparmor_profile)
endif

# They have our name only where they lie among others'.
install-data-hook::
	test -z '$(SYSUSERS_DIR)' || { $(MKDIR_P) '$(DESTDIR)$(SYSUSERS_DIR)' && \
		$(INSTALL_DATA) packaging/systemd/sysusers.conf '$(DESTDIR)$(SYSUSERS_DIR)/sasl-entra.conf'; }
	test -z '$(TMPFILES_DIR)' || { $(MKDIR_P) '$(DESTDIR)$(TMPFILES_DIR)' && \
		$(INSTALL_DATA) packaging/systemd/tmpfiles.conf '$(DESTDIR)$(TMPFILES_DIR)/sasl-entra.conf'; }
uninstall-hook::
	test -z '$(SYSUSERS_DIR)' || rm -f '$(DESTDIR)$(SYSUSERS_DIR)/sasl-entra.conf'
	test -z '$(TMPFILES_DIR)' || rm -f '$(DESTDIR)$(TMPFILES_DIR)/sasl-entra.conf'

# Debian's.
EXTRA_DIST += packaging/README.md debian/changelog debian/control debian/copyright debian/libsasl2-modules-entra.install \
	debian/libsasl2-modules-entra.lintian-overrides debian/rules debian/sasl-entra.README.Debian \
	debian/sasl-entra.docs debian/sasl-entra.install \
	debian/sasl-entra.lintian-overrides debian/sasl-entra.postinst debian/sasl-entra.postrm \
	debian/sasl-entra.prerm debian/sasl-entra.triggers debian/source/format debian/tests/bare-install \
	debian/tests/configured debian/tests/control
# Built and applied from the tree; nothing of them is installed.
EXTRA_DIST += .dockerignore packaging/container/Containerfile packaging/container/main.cf \
	packaging/container/relay packaging/container/sasl-entra.conf packaging/container/sasl_passwd \
	packaging/kubernetes/configuration.yaml packaging/kubernetes/kustomization.yaml \
	packaging/kubernetes/network-policy.yaml packaging/kubernetes/relay.yaml
