#include "engine_one.h"

struct se_engine *engine;

int
engine_one_set_up(void **state)
{
	(void)state;
	asking_set_up();
	engine = NULL;
	return 0;
}

int
engine_one_tear_down(void **state)
{
	(void)state;
	end_if_child();
	se_engine_free(engine);
	engine = NULL;
	return 0;
}

void
engine_one_start(const char *name, enum se_role role)
{
	configure(name, true, "", "");
	engine = engine_start(role);
}
