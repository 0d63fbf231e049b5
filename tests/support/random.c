#include "support/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct random random_start(const char *name)
{
	const char *given = getenv("CALLGATE_SEED");
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)now.tv_sec * 1000000007u + (uint64_t)now.tv_nsec;
	printf("%s: seed %llu (CALLGATE_SEED repeats it)\n", name, (unsigned long long)seed);
	fflush(stdout);
	return (struct random){seed};
}

/* splitmix64: public domain algorithm by Sebastiano Vigna. */
uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t random_below(struct random *random, uint32_t bound)
{
	return (uint32_t)((random_next(random) >> 32) * bound >> 32);
}

unsigned long random_runs(unsigned long usual)
{
	const char *given = getenv("CALLGATE_RUNS");

	return given ? strtoul(given, NULL, 0) : usual * random_long();
}

unsigned long random_long(void)
{
	const char *given = getenv("CALLGATE_LONG");
	unsigned long factor = given ? strtoul(given, NULL, 0) : 1;

	return factor ? factor : 1;
}
