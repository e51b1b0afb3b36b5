# What a packager needs to rely on. The quick ones are in `make check`; the others build all of it
# again, by `make check-packaging`.
TESTS += tests/packaging/test_libcurl.sh tests/packaging/test_version.sh
packaging_tests = tests/packaging/test_release.sh tests/packaging/test_rpm.sh \
	tests/packaging/test_musl.sh
EXTRA_DIST += tests/packaging/test_libcurl.sh tests/packaging/libcurl_names.txt \
	tests/packaging/test_version.sh tests/packaging/test_release.sh \
	tests/packaging/test_rpm.sh tests/packaging/test_musl.sh tests/packaging/fedora.macros
# Mandatory access control.
TESTS += tests/packaging/test_apparmor.py
packaging_tests += tests/packaging/test_selinux.sh
EXTRA_DIST += tests/packaging/test_apparmor.py tests/packaging/test_selinux.sh \
	tests/packaging/lib/allowed.py
# Debian's packages: as root, with debhelper and debootstrap.
packaging_tests += tests/packaging/test_deb.sh tests/packaging/test_debians.sh
EXTRA_DIST += tests/packaging/test_deb.sh tests/packaging/test_debians.sh \
	tests/packaging/lib/packages.sh tests/packaging/lib/debian.sh tests/packaging/lib/lintian.sh \
	tests/packaging/deb/built.sh tests/packaging/deb/installed.sh tests/packaging/deb/configured.sh \
	tests/packaging/deb/instances.sh tests/packaging/deb/upgraded.sh tests/packaging/deb/module.sh \
	tests/packaging/deb/purged.sh tests/packaging/deb/autopkgtest.sh tests/packaging/deb/other_server.sh
# The image and the pod are built and run without an engine.
TESTS += tests/packaging/test_kubernetes.py
packaging_tests += tests/packaging/test_container.sh
EXTRA_DIST += tests/packaging/test_kubernetes.py tests/packaging/test_container.sh \
	tests/packaging/image.py tests/packaging/box.py tests/packaging/pod.py
