# The units: what systemd's checker says of them, always; and a booted machine (Debian, root, a
# build with --prefix=/usr), by `make check-systemd`.
TESTS += tests/systemd/test_units.sh
systemd_tests = tests/systemd/machine.sh
EXTRA_DIST += tests/systemd/test_units.sh $(systemd_tests) tests/systemd/lib/machine.sh
