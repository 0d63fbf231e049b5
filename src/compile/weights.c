#include "compile/weights.h"

enum { OPTIMIZE_BALANCED = 2 };

/*
 * How much each view counts. Programs differ, so no single view can be right: what exists, what is called, what the kernel
 * can't answer by itself, what is turned away. Found by search over profiles; docs/performance.md has the alternatives.
 */
enum {
	PER_CALL = 58,     /* every call that exists is as likely */
	PER_USE = 61,      /* as measured, among the calls that the policy expects */
	PER_UNCACHED = 28, /* the same, among those for which the filter really runs */
	PER_DENIED = 21,   /* every call that the policy does not expect is as likely */
	PER_PRIORITY = 72, /* as the user says, where the user says something */
	PER_ALL = PER_CALL + PER_USE + PER_UNCACHED + PER_DENIED,
};

struct views {
	uint64_t calls, use, uncached, denied, priority;
};

/* Adding one to what is not cached makes calls count that ordinary work does not make. */
static struct views view(const struct weights_edge *known, bool with_use)
{
	struct views views = {.calls = known->uniform, .priority = known->priority};

	if (with_use && known->wanted)
		views.use = known->prior;
	if (with_use && known->wanted && !known->cached)
		views.uncached = known->prior + UINT64_C(1);
	if (!known->wanted)
		views.denied = known->uniform;
	return views;
}

/* What one unit of a view weighs, as a fraction of 2^16. */
static uint64_t unit(uint32_t factor, uint64_t whole)
{
	return whole ? ((uint64_t)factor * (WEIGHTS_TOTAL / PER_ALL) << 16) / whole : 0;
}

void weights_assign(const struct weights_edge *known, size_t count, uint32_t optimize,
                    struct graph_edge *edges)
{
	struct views sum = {0};
	bool with_use = optimize != OPTIMIZE_BALANCED;

	for (size_t i = 0; i < count; i++) {
		struct views views = view(&known[i], with_use);
		sum.calls += views.calls;
		sum.use += views.use;
		sum.uncached += views.uncached;
		sum.denied += views.denied;
		sum.priority += views.priority;
	}
	struct views units = {
	    .calls = unit(PER_CALL, sum.calls),
	    .use = unit(PER_USE, sum.use),
	    .uncached = unit(PER_UNCACHED, sum.uncached),
	    .denied = unit(PER_DENIED, sum.denied),
	    .priority = unit(PER_PRIORITY, sum.priority),
	};
	for (size_t i = 0; i < count; i++) {
		struct views views = view(&known[i], with_use);
		uint64_t weight = units.calls * views.calls + units.use * views.use +
		                  units.uncached * views.uncached + units.denied * views.denied +
		                  units.priority * views.priority;
		edges[i].weight = 1 + (uint32_t)(weight >> 16);
	}
}
