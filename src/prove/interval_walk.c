#include "prove/interval.h"
#include "prove/space.h"

/* More parts than any policy leaves; each costs memory, and time with every breakpoint of the architectures. */
enum { LEFT_MOST = 1 << 14 };

enum held { NOTHING, NR, ARCH };

/*
 * How far all programs of the filters are walked, the newest one of each filter first: with which numbers one gets to an instruction, and what
 * the accumulator holds there.
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
	struct arena *arena;
	ARENA_VEC(struct position) pending; /* the lowest numbers last */
	struct parts *left;
	size_t steps;
	bool failed;
};

static void leave(struct walk *w, const struct position *position)
{
	const struct region *region = &position->region;
	uint32_t held = position->held == NR     ? region->nr_first
	                : position->held == ARCH ? region->arch_first
	                                         : 0;

	assert(region_is_valid(region));
	if (!vec_push_in(&w->left->list, w->arena, ((struct part){*region, position->pc, held})))
		w->failed = true;
}

static void go_on_later(struct walk *w, const struct position *position)
{
	assert(region_is_valid(&position->region));
	if (!vec_push_in(&w->pending, w->arena, *position))
		w->failed = true;
}

/* The start of the next program to be walked; false after the last one. */
static bool next_program(const struct walk *w, struct position *position)
{
	const struct filter *filter = w->filters[position->filter].filter;

	while (!position->older) {
		if (++position->filter == SPACE_FILTERS)
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
	for (size_t i = 0; i < SPACE_FILTERS; i++)
		if (w->filters[i].filter->policy &&
		    !policy_diagram_constant(&w->filters[i].policy, &position->region,
		                             &position->verdicts[i]))
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

/* The numbers from `middle` on go one way, later; those before it the other way. */
static void divide(struct walk *w, struct position *position, uint32_t middle, size_t below, size_t above)
{
	struct position upper = *position;

	if (position->held == NR) {
		upper.region.nr_first = middle;
		position->region.nr_last = middle - 1;
	} else {
		upper.region.arch_first = middle;
		position->region.arch_last = middle - 1;
	}
	upper.pc = above;
	position->pc = below;
	go_on_later(w, &upper);
}

/* A comparison with a constant: the way on, or both. false where it is no such comparison. */
static bool compare(struct walk *w, struct position *position, const struct sock_filter *insn)
{
	bool nr = position->held == NR;
	uint32_t first = nr ? position->region.nr_first : position->region.arch_first;
	uint32_t last = nr ? position->region.nr_last : position->region.arch_last;
	size_t yes = position->pc + 1 + insn->jt, no = position->pc + 1 + insn->jf;
	uint16_t op = BPF_OP(insn->code);

	if (position->held == NOTHING || insn->code != (BPF_JMP | op | BPF_K) ||
	    (op != BPF_JEQ && op != BPF_JGT && op != BPF_JGE))
		return false;
	enum interval_answer answer = interval_compare(op, first, last, insn->k);
	if (answer != INTERVAL_EITHER || yes == no)
		position->pc = answer == INTERVAL_TRUE ? yes : no;
	else if (op == BPF_JGE)
		divide(w, position, insn->k, no, yes);
	else if (op == BPF_JGT)
		divide(w, position, insn->k + 1, no, yes);
	else if (first == insn->k)
		divide(w, position, insn->k + 1, yes, no);
	else
		divide(w, position, insn->k, no, position->pc);
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
			leave(w, &position);
			return;
		} else if (!return_verdict(w, &position, insn->k)) {
			if (!agree(w, &position))
				leave(w, &position);
			return;
		}
	}
}

bool interval_walk(struct filter_model *filters, struct diagram *diagram, const struct region *within,
                   struct arena *arena, struct parts *ret_left)
{
	const struct filter *first = filters[0].filter;
	struct walk w = {.filters = filters, .arena = arena, .left = ret_left};
	struct position start = {.region = *within, .older = first->policy ? 0 : first->program_count};
	bool stopped = !next_program(&w, &start);

	for (go_on_later(&w, &start); w.pending.count && !w.failed && !stopped; w.steps = 0) {
		struct position position = w.pending.items[--w.pending.count];
		walk(&w, position);
		stopped = !diagram_spend(diagram, w.steps) || ret_left->list.count > LEFT_MOST;
	}
	if (stopped) {
		ret_left->list.count = 0;
		leave(&w, &(struct position){.region = *within});
	}
	return !w.failed;
}
