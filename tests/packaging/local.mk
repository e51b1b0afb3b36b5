# As root, with debhelper and debootstrap: `make check-packaging`.
packaging_tests = tests/packaging/test_deb.sh
EXTRA_DIST += $(packaging_tests) tests/packaging/lib/packages.sh
