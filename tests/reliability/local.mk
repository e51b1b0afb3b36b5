# What the tests of faults, hostile input and secrets have in common: their figures.
EXTRA_DIST += tests/reliability/figures.py
