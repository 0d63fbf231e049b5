#include "prove/interval.h"
#include "prove/space.h"

/* More regions than any policy leaves; each costs memory, and time with every breakpoint of the architectures. */
enum { LEFT_MOST = 1 << 14 };

enum held { NOTHING, NR, ARCH };

/* An instruction, what the accumulator holds there, and with which numbers one gets there. */
struct position {
	size_t pc;
	enum held held;
	struct region region;
};

struct walk {
	struct filter_model *walked, *other;
	const struct callgate_program *program; /* the newest one of the filter that is walked */
	struct arena *arena;
	ARENA_VEC(struct position) pending; /* the lowest numbers last */
	struct regions *left;
	size_t steps;
	bool failed;
};

static void leave(struct walk *w, const struct region *region)
{
	assert(region_is_valid(region));
	if (!vec_push_in(&w->left->list, w->arena, *region))
		w->failed = true;
}

static void go_on_later(struct walk *w, const struct position *position)
{
	assert(region_is_valid(&position->region));
	if (!vec_push_in(&w->pending, w->arena, *position))
		w->failed = true;
}

static bool agree(struct walk *w, const struct region *region, uint32_t verdict)
{
	uint32_t other;

	if (w->walked->filter->program_count > 1 && !filter_constant(w->walked, region, &verdict, &w->steps))
		return false;
	return filter_constant(w->other, region, &other, &w->steps) && other == verdict;
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
		const struct sock_filter *insn = &w->program->insns[position.pc];
		if (compare(w, &position, insn))
			continue;
		if (insn->code == (BPF_LD | BPF_W | BPF_ABS) && insn->k / 4 <= WORD_ARCH) {
			position.held = insn->k / 4 == WORD_NR ? NR : ARCH;
			position.pc++;
		} else if (insn->code == (BPF_JMP | BPF_JA)) {
			position.pc += 1 + insn->k;
		} else {
			if (insn->code != (BPF_RET | BPF_K) || !agree(w, &position.region, insn->k))
				leave(w, &position.region);
			return;
		}
	}
}

bool interval_walk(struct filter_model *filters, struct diagram *diagram, const struct region *within,
                   struct arena *arena, struct regions *ret_left)
{
	size_t walked = filters[1].filter->policy ? 0 : 1;
	const struct filter *filter = filters[walked].filter;
	struct walk w = {&filters[walked], &filters[!walked], .arena = arena, .left = ret_left};

	if (filter->policy) {
		leave(&w, within);
		return !w.failed;
	}
	bool stopped = false;
	w.program = filter->programs[filter->program_count - 1];
	go_on_later(&w, &(struct position){.region = *within});
	while (w.pending.count && !w.failed && !stopped) {
		struct position position = w.pending.items[--w.pending.count];
		walk(&w, position);
		stopped = !diagram_spend(diagram, w.steps) || ret_left->list.count > LEFT_MOST;
		w.steps = 0;
	}
	if (stopped) {
		ret_left->list.count = 0;
		leave(&w, within);
	}
	return !w.failed;
}
