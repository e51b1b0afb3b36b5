# Unit tests: one program a module, cmocka, TAP. A program links the room it tests and nothing
# above it.
if HAVE_CMOCKA
core_unit_tests =
engine_unit_tests =
check_PROGRAMS += $(core_unit_tests) $(engine_unit_tests)
TESTS += $(core_unit_tests) $(engine_unit_tests)
endif
