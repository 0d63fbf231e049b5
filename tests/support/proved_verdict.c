#include "support/proved_verdict.h"

#include "prove/space.h"
#include "prove/witness.h"

enum { NODES = 1 << 15, WORK = 1 << 17 };

struct asking {
	const struct seccomp_data *calls;
	size_t first, count;
	uint32_t *verdicts;
};

static uint32_t verdict_of(const struct verdicts *verdicts, const struct seccomp_data *call)
{
	uint32_t result = 0;

	if (!verdicts->in_bits)
		return witness_leaf(verdicts->diagram, verdicts->whole[0], call);
	for (unsigned i = 0; i < VERDICT_BITS; i++)
		result |= witness_leaf(verdicts->diagram, verdicts->bits[0].bit[i], call) << i;
	return result;
}

static bool same_number(const struct seccomp_data *a, const struct seccomp_data *b)
{
	return a->arch == b->arch && a->nr == b->nr;
}

static int answer(void *closure, const struct cell *cell, const struct verdicts *verdicts)
{
	struct asking *asking = closure;

	(void)cell;
	for (size_t i = asking->first; i < asking->count; i++)
		if (same_number(&asking->calls[i], &asking->calls[asking->first]))
			asking->verdicts[i] = verdict_of(verdicts, &asking->calls[i]);
	return 0;
}

static bool is_answered(const struct seccomp_data *calls, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_number(&calls[i], &calls[at]))
			return true;
	return false;
}

bool proved_verdicts(const struct prove_subject *subject, const struct seccomp_data *calls, size_t count,
                     uint32_t *ret_verdicts)
{
	struct space space;
	struct arena_room room;
	int result = space_init(&space, &room, &subject, 1, NODES, WORK);

	for (size_t i = 0; result == 0 && i < count; i++) {
		struct asking asking = {calls, i, count, ret_verdicts};
		uint32_t nr = (uint32_t)calls[i].nr;
		struct cell cell = {calls[i].arch, calls[i].arch, nr, nr};
		if (!is_answered(calls, i))
			result = space_walk(&space, &cell, answer, &asking);
	}
	space_finish(&space);
	return result == 0;
}
