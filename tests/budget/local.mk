# What one use costs, in numbers that no clock has a part in: a table of budgets, and the tests that
# hold the tree to it. In a root directory of their own, as root.
budget_tests = tests/budget/test_budget.py
TESTS += $(budget_tests)
check_PROGRAMS += tests/budget/subject
tests_budget_subject_SOURCES = tests/budget/subject.c
tests_budget_subject_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS)
tests_budget_subject_LDADD = $(SASL_LIBS)
EXTRA_DIST += tests/budget/test_budget.py tests/budget/budgets.py tests/budget/table.txt
