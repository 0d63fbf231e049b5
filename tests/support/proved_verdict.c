#include "support/proved_verdict.h"

#include "prove/space.h"
#include "query/witness.h"

enum { NODES = 1 << 15, WORK = 1 << 17 };

struct asking {
	const struct diagram *diagram;
	const struct seccomp_data *calls;
	size_t first, count;
	uint32_t *verdicts;
};

static bool same_number(const struct seccomp_data *a, const struct seccomp_data *b)
{
	return a->arch == b->arch && a->nr == b->nr;
}

static int answer(void *closure, const struct region *region, const node *verdicts)
{
	struct asking *asking = closure;

	(void)region;
	for (size_t i = asking->first; i < asking->count; i++)
		if (same_number(&asking->calls[i], &asking->calls[asking->first]))
			asking->verdicts[i] = witness_leaf(asking->diagram, verdicts[0], &asking->calls[i]);
	return 0;
}

static bool is_answered(const struct seccomp_data *calls, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_number(&calls[i], &calls[at]))
			return true;
	return false;
}

bool proved_verdicts(const struct filter *subject, const struct seccomp_data *calls, size_t count,
                     uint32_t *ret_verdicts)
{
	struct space space;
	struct arena_room room;
	int result = space_init(&space, &room, &subject, 1, NODES, WORK);

	for (size_t i = 0; result == 0 && i < count; i++) {
		struct asking asking = {&space.diagram, calls, i, count, ret_verdicts};
		uint32_t nr = (uint32_t)calls[i].nr;
		struct region region = {calls[i].arch, calls[i].arch, nr, nr};
		if (!is_answered(calls, i))
			result = space_walk(&space, &region, answer, &asking);
	}
	space_finish(&space);
	return result == 0;
}
