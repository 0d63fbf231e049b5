#include <stdlib.h>

#include "prove/space.h"

/* More parts than any policy leaves; each costs memory. */
enum { LEFT_MOST = 1 << 14 };

enum held { NOTHING, NR, ARCH };

/*
 * How far all programs of the filters are walked, the newest one of each filter first: with which numbers one gets to
 * an instruction, and what the accumulator holds there.
 */
struct position {
	struct region region;
	const struct callgate_program *program;
	size_t pc;
	enum held held;
	size_t filter, older; /* the program's, and how many programs of it are left after this one */
	uint32_t verdicts[SPACE_FILTERS];
};

struct walk {
	struct filter_model *filters;
	size_t count; /* of the filters */
	struct arena *arena;
	ARENA_VEC(struct position) pending; /* the lowest numbers last */
	struct parts *left;
	size_t steps;
	bool failed;
};

static void leave(struct walk *w, const struct position *position, bool is_open)
{
	const struct region *region = &position->region;
	uint32_t held = position->held == NR ? region->nr_first : position->held == ARCH ? region->arch_first : 0;

	assert(region_is_valid(region));
	if (!vec_push_in(&w->left->list, w->arena, ((struct part){*region, position->pc, held, is_open})))
		w->failed = true;
}

/* The start of the next program to be walked; false after the last one. */
static bool next_program(const struct walk *w, struct position *position)
{
	const struct filter *filter = w->filters[position->filter].filter;

	while (!position->older) {
		if (++position->filter == w->count)
			return false;
		filter = w->filters[position->filter].filter;
		position->older = filter->policy ? 0 : filter->program_count;
	}
	position->program = filter->programs[--position->older];
	position->pc = 0;
	position->held = NOTHING;
	return true;
}

/* Do both filters have the verdict that the programs have returned, and policies have for all calls of the region? */
static bool agree(const struct walk *w, struct position *position)
{
	if (w->count < 2)
		return false;
	for (size_t i = 0; i < w->count; i++)
		if (w->filters[i].filter->policy &&
		    !policy_diagram_constant(&w->filters[i].policy, &position->region, &position->verdicts[i]))
			return false;
	return position->verdicts[0] == position->verdicts[1];
}

/* A program returns a verdict. false where that was the last one. */
static bool return_verdict(const struct walk *w, struct position *position, uint32_t verdict)
{
	uint32_t *so_far = &position->verdicts[position->filter];
	bool is_newest = position->older + 1 == w->filters[position->filter].filter->program_count;

	*so_far = is_newest ? verdict : callgate_action_strictest(*so_far, verdict);
	return next_program(w, position);
}

/*
 * A comparison with a constant: the numbers that it tells apart from the lowest ones come back to it later. false where
 * it is no such comparison.
 */
static bool compare(struct walk *w, struct position *position, const struct sock_filter *insn)
{
	bool is_nr = position->held == NR;
	uint32_t first = is_nr ? position->region.nr_first : position->region.arch_first;
	uint32_t last = is_nr ? position->region.nr_last : position->region.arch_last;
	uint16_t op = BPF_OP(insn->code);

	if (position->held == NOTHING || insn->code != (BPF_JMP | op | BPF_K) || op == BPF_JA)
		return false;
	uint32_t middle = insn->jt != insn->jf ? interval_middle(op, first, last, insn->k) : 0;
	if (middle) {
		struct position upper = *position;
		upper.region = interval_divide(&position->region, !is_nr, middle);
		assert(region_is_valid(&upper.region) && region_is_valid(&position->region));
		w->failed = w->failed || !vec_push_in(&w->pending, w->arena, upper);
		last = middle - 1;
	}
	enum interval_answer answer = op == BPF_JSET ? interval_decide(op, first, last, INPUT_WORD_MAX, insn->k)
	                                             : interval_compare(op, first, last, insn->k);
	if (answer == INTERVAL_EITHER && insn->jt != insn->jf)
		return middle != 0;
	position->pc += 1u + (answer == INTERVAL_TRUE ? insn->jt : insn->jf);
	return true;
}

static void walk(struct walk *w, struct position position)
{
	for (; !w->failed; w->steps++) {
		const struct sock_filter *insn = &position.program->insns[position.pc];
		if (compare(w, &position, insn))
			continue;
		if (insn->code == (BPF_LD | BPF_W | BPF_ABS) && insn->k / 4 <= WORD_ARCH) {
			position.held = insn->k / 4 == WORD_NR ? NR : ARCH;
			position.pc++;
		} else if (insn->code == (BPF_JMP | BPF_JA)) {
			position.pc += 1 + insn->k;
		} else if (insn->code != (BPF_RET | BPF_K)) {
			leave(w, &position, true);
			return;
		} else if (!return_verdict(w, &position, insn->k)) {
			if (!agree(w, &position))
				leave(w, &position, false);
			return;
		}
	}
}

/* Architecture by architecture. */
static int in_order(const void *a, const void *b)
{
	const struct region *x = &((const struct part *)a)->region, *y = &((const struct part *)b)->region;
	uint64_t one = (uint64_t)x->arch_first << 32 | x->nr_first;
	uint64_t other = (uint64_t)y->arch_first << 32 | y->nr_first;

	return (one > other) - (one < other);
}

bool interval_walk(struct filter_model *filters, size_t count, struct diagram *diagram, const struct region *within,
                   struct arena *arena, struct parts *ret_left)
{
	const struct filter *first = filters[0].filter;
	struct walk w = {.filters = filters, .count = count, .arena = arena, .left = ret_left};
	struct position start = {.region = *within, .older = first->policy ? 0 : first->program_count};
	bool stopped = !next_program(&w, &start);

	w.failed = !vec_push_in(&w.pending, arena, start);
	for (; w.pending.count && !w.failed && !stopped; w.steps = 0) {
		struct position position = w.pending.items[--w.pending.count];
		walk(&w, position);
		stopped = !diagram_spend(diagram, w.steps) || ret_left->list.count > LEFT_MOST;
	}
	if (stopped) {
		ret_left->list.count = 0;
		leave(&w, &(struct position){.region = *within}, true);
	}
	if (!w.failed && ret_left->list.count > 1)
		qsort(ret_left->list.items, ret_left->list.count, sizeof(struct part), in_order);
	return !w.failed;
}
