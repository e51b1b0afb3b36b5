/*
 * engine_one: the engine that a test is about, one at a time.
 */
#ifndef SE_TESTS_UNIT_ENGINE_ONE_H
#define SE_TESTS_UNIT_ENGINE_ONE_H

#include "engine_asking.h"

/* Freed when the test ends; NULL when it begins. */
extern struct se_engine *engine;

int engine_one_set_up(void **state);
int engine_one_tear_down(void **state);

#define ENGINE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, engine_one_set_up, engine_one_tear_down)

/* With the configuration of configure() and a state directory. */
void engine_one_start(const char *name, enum se_role role);

#endif
