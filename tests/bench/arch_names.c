/* How long a name takes to resolve, and a number. The best of several rounds counts: the rest is the machine's. */
#include "arch/arch.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define ROUNDS          20
#define TIMES_PER_ROUND 500

static int32_t sink;

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void resolve_name(const struct callgate_arch *arch, size_t i)
{
	sink ^= arch_syscall_number(arch, arch_syscall_name_at(i));
}

static void resolve_number(const struct callgate_arch *arch, size_t i)
{
	sink ^= arch_syscall_name(arch, (int32_t)i) != NULL;
}

static double best_ns(void (*resolve)(const struct callgate_arch *, size_t))
{
	size_t count = 0;
	double best = 1e18;

	while (arch_syscall_name_at(count))
		count++;
	for (int round = 0; round < ROUNDS; round++) {
		double start = now_ns();

		for (int time = 0; time < TIMES_PER_ROUND; time++)
			for (size_t i = 0; i < count; i++)
				resolve(arch_native(), i);
		double took = (now_ns() - start) / (TIMES_PER_ROUND * (double)count);
		if (took < best)
			best = took;
	}
	return best;
}

int main(void)
{
	printf("name to number: %.1f ns\n", best_ns(resolve_name));
	printf("number to name: %.1f ns\n", best_ns(resolve_number));
	return 0;
}
