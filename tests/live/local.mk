# The walk with a real tenant, which people start by hand; here with stand-ins, by `make check-hosts`.
live_host_tests = tests/live/test_live.sh
TESTS += tests/live/test_transcript.py
EXTRA_DIST += $(live_host_tests) tests/live/README.md tests/live/environment.example tests/live/live.sh \
	tests/live/explain_token.py tests/live/transcript.py tests/live/test_transcript.py
