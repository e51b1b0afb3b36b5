# What the tests of faults, hostile input and secrets have in common: their figures.
EXTRA_DIST += tests/reliability/figures.py
dist_check_SCRIPTS += tests/reliability/test_threats.sh tests/reliability/test_guide.sh \
	tests/reliability/test_reliability.sh
TESTS += tests/reliability/test_threats.sh tests/reliability/test_guide.sh \
	tests/reliability/test_reliability.sh
