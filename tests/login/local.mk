# Signing in and out, against the stand-in tenant: one test a way, and one with a real browser.
login_tests = tests/login/test_loopback.py tests/login/test_paste.py tests/login/test_device.py \
	tests/login/test_logout.py tests/login/test_browser.py
TESTS += $(login_tests)
EXTRA_DIST += $(login_tests) tests/login/login_case.py
CLEANFILES += screenshots/signed-in.png screenshots/somebody-else.png
