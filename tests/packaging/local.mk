# What a packager needs to rely on. The quick ones are in `make check`; the others build all of it
# again, by `make check-packaging`.
TESTS += tests/packaging/test_libcurl.sh
EXTRA_DIST += tests/packaging/test_libcurl.sh tests/packaging/libcurl_names.txt
TESTS += tests/packaging/test_apparmor.py
EXTRA_DIST += tests/packaging/test_apparmor.py
