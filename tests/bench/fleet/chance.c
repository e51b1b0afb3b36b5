/* chance: splitmix64, because the same seed has to give the same figures anywhere. */
#include "fleet.h"

static uint64_t
mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

struct chance
chance_make(uint64_t seed, uint64_t number)
{
	struct chance chance = {mix(mix(seed) + number)};

	return chance;
}

uint64_t
chance_next(struct chance *chance)
{
	chance->state += UINT64_C(0x9e3779b97f4a7c15);
	return mix(chance->state);
}

int64_t
chance_up_to(struct chance *chance, int64_t most)
{
	return (int64_t)(chance_next(chance) % (uint64_t)(most + 1));
}
