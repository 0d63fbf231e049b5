#include "prove/sweep.h"

#include "prove/scan.h"

/* More cells than any policy leaves; each costs memory, and time with every cut of the architectures. */
enum { LEFT_MOST = 1 << 14 };

enum held { NOTHING, NR, ARCH };

/* A place in the program, what the accumulator holds there, and with which numbers one gets there. */
struct stop {
	size_t pc;
	enum held held;
	struct cell cell;
};

struct sweep {
	struct side *walked, *other;
	const struct callgate_program *program; /* the newest one of the side that is walked */
	struct arena *arena;
	ARENA_VEC(struct stop) pending; /* the lowest numbers last */
	struct cells *left;
	size_t steps;
	bool failed;
};

static void leave(struct sweep *s, const struct cell *cell)
{
	if (!vec_push_in(&s->left->list, s->arena, *cell))
		s->failed = true;
}

static void go_on_later(struct sweep *s, const struct stop *stop)
{
	if (!vec_push_in(&s->pending, s->arena, *stop))
		s->failed = true;
}

static bool agree(struct sweep *s, const struct cell *cell, uint32_t verdict)
{
	uint32_t other;

	if (s->walked->subject->program_count > 1 && !side_plain(s->walked, cell, &verdict, &s->steps))
		return false;
	return side_plain(s->other, cell, &other, &s->steps) && other == verdict;
}

/* The numbers from `middle` on go one way, later; those before it the other way. */
static void divide(struct sweep *s, struct stop *stop, uint32_t middle, size_t below, size_t above)
{
	struct stop upper = *stop;

	if (stop->held == NR) {
		upper.cell.nr_first = middle;
		stop->cell.nr_last = middle - 1;
	} else {
		upper.cell.arch_first = middle;
		stop->cell.arch_last = middle - 1;
	}
	upper.pc = above;
	stop->pc = below;
	go_on_later(s, &upper);
}

/* A comparison with a constant: the way on, or both. false where it is no such comparison. */
static bool compare(struct sweep *s, struct stop *stop, const struct sock_filter *insn)
{
	bool nr = stop->held == NR;
	uint32_t first = nr ? stop->cell.nr_first : stop->cell.arch_first;
	uint32_t last = nr ? stop->cell.nr_last : stop->cell.arch_last;
	size_t yes = stop->pc + 1 + insn->jt, no = stop->pc + 1 + insn->jf;
	uint16_t op = BPF_OP(insn->code);

	if (stop->held == NOTHING || insn->code != (BPF_JMP | op | BPF_K) ||
	    (op != BPF_JEQ && op != BPF_JGT && op != BPF_JGE))
		return false;
	enum scan_answer answer = scan_compare(op, first, last, insn->k);
	if (answer != SCAN_EITHER)
		stop->pc = answer == SCAN_TRUE ? yes : no;
	else if (op == BPF_JGE)
		divide(s, stop, insn->k, no, yes);
	else if (op == BPF_JGT)
		divide(s, stop, insn->k + 1, no, yes);
	else if (first == insn->k)
		divide(s, stop, insn->k + 1, yes, no);
	else
		divide(s, stop, insn->k, no, stop->pc);
	return true;
}

static void walk(struct sweep *s, struct stop stop)
{
	for (; !s->failed; s->steps++) {
		const struct sock_filter *insn = &s->program->insns[stop.pc];
		if (compare(s, &stop, insn))
			continue;
		if (insn->code == (BPF_LD | BPF_W | BPF_ABS) && insn->k / 4 <= WORD_ARCH) {
			stop.held = insn->k / 4 == WORD_NR ? NR : ARCH;
			stop.pc++;
		} else if (insn->code == (BPF_JMP | BPF_JA)) {
			stop.pc += 1 + insn->k;
		} else {
			if (insn->code != (BPF_RET | BPF_K) || !agree(s, &stop.cell, insn->k))
				leave(s, &stop.cell);
			return;
		}
	}
}

bool sweep_cells(struct side *sides, struct diagram *diagram, const struct cell *within, struct arena *arena,
                 struct cells *ret_left)
{
	size_t walked = sides[1].subject->policy ? 0 : 1;
	const struct prove_subject *subject = sides[walked].subject;
	struct sweep s = {&sides[walked], &sides[!walked], .arena = arena, .left = ret_left};

	if (subject->policy) {
		leave(&s, within);
		return !s.failed;
	}
	bool stopped = false;
	s.program = subject->programs[subject->program_count - 1];
	go_on_later(&s, &(struct stop){.cell = *within});
	while (s.pending.count && !s.failed && !stopped) {
		struct stop stop = s.pending.items[--s.pending.count];
		walk(&s, stop);
		stopped = !diagram_spend(diagram, s.steps) || ret_left->list.count > LEFT_MOST;
		s.steps = 0;
	}
	if (stopped) {
		ret_left->list.count = 0;
		leave(&s, within);
	}
	return !s.failed;
}
