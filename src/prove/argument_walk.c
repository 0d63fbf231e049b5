/*
 * One call's rules against one program, without diagrams: a walk through the program from its first instruction to its
 * last, with what is known of the arguments on each way. Ways that meet are joined where there are many, which loses
 * some of that; so the work is linear in the length of a program whose tests follow its rules.
 */
#include <stddef.h>
#include <string.h>

#include "prove/knowledge.h"
#include "prove/space.h"

enum { STEPS_FIRST = 1 << 12, STEPS_PER_CONDITION = 64, STEPS_PER_PAIR = 256, NOTHING = 0xff };
enum { REFUTED_RULES = 1024 };

/* How ways that meet are joined. */
enum joining {
	JOIN_ALIKE,    /* if they are at the same rule */
	JOIN_ALL,      /* at the rule that none of them is beyond: programs that test one rule after the other */
	JOIN_REFUTING, /* with the rules that none of them can match any more: groups of rules, one after the other */
};

/* Each attempt costs more than the one before, and forgets less of what the rules need. */
static const struct attempt {
	enum joining joining;
	uint32_t apart; /* so many ways to an instruction are not joined */
} attempts[] = {{JOIN_ALIKE, 4}, {JOIN_ALL, 0}, {JOIN_REFUTING, 4}, {JOIN_REFUTING, 32}};
enum { ATTEMPTS = sizeof(attempts) / sizeof(attempts[0]), SHORT_ATTEMPTS = 2 };

/* What is known in front of an instruction. */
struct way {
	struct way *next; /* another way to the same instruction, or another unused one */
	uint32_t rule;    /* the rules before this one do not match, */
	uint32_t holds;   /* and these of its first conditions hold */
	uint32_t number;  /* the mask of the word that the accumulator holds, or the constant */
	uint8_t held;     /* that word, or else NOTHING */
	bool is_lost;     /* what the accumulator holds is not known */
	bool is_close;    /* to a rule; JOIN_REFUTING */
	struct knowledge known;
	uint64_t refuted[REFUTED_RULES / 64]; /* bit set of rules that do not match; JOIN_REFUTING, or else nothing */
};

struct argument_walk {
	const struct callgate_program *program;
	const struct policy_syscall *call;
	struct region region;
	uint32_t default_action;
	struct knowledge_base base;
	struct way **newest; /* of each instruction: its first way */
	uint64_t *pending;   /* bit set of instructions with ways */
	struct way *unused;
	size_t steps_most;
	struct attempt attempt;
};

/* ---- ways ---- */

static void put(struct way *way, struct way **list)
{
	way->next = *list;
	*list = way;
}

/* How much of a way means something. */
static size_t way_size(const struct argument_walk *w)
{
	return w->attempt.joining == JOIN_REFUTING ? sizeof(struct way) : offsetof(struct way, refuted);
}

/* NULL without memory. */
static struct way *copy_way(struct argument_walk *w, const struct way *way)
{
	struct way *copy = w->unused ? w->unused : arena_take(w->base.arena, sizeof(*copy));

	if (!copy) {
		w->base.failed = true;
		return NULL;
	}
	w->unused = w->unused ? copy->next : NULL;
	return memcpy(copy, way, way_size(w));
}

/* Does a rule match? Notes which of its conditions hold. If it is undecided, so is *test. */
static enum interval_answer decide_rule(struct argument_walk *w, const struct knowledge *known, uint32_t index,
                                        uint32_t *holds, struct knowledge_test *test)
{
	const struct policy_rule *rule = &w->call->rules[index];
	enum interval_answer result = INTERVAL_TRUE;
	struct knowledge_test undecided;

	for (uint32_t i = 0; i < rule->condition_count; i++) {
		uint32_t bit = i < 32 ? UINT32_C(1) << i : 0;
		if (*holds & bit)
			continue;
		enum interval_answer answer = knowledge_condition(&w->base, known, &rule->conditions[i], &undecided);
		if (answer == INTERVAL_FALSE)
			return answer;
		if (answer == INTERVAL_TRUE) {
			*holds |= bit;
		} else if (result == INTERVAL_TRUE) {
			*test = undecided;
			result = answer;
		}
	}
	return result;
}

/* What the rule says on its own, whatever is noted. */
static enum interval_answer decide_again(struct argument_walk *w, const struct way *way, uint32_t rule)
{
	uint32_t holds = 0;
	struct knowledge_test test;

	return decide_rule(w, &way->known, rule, &holds, &test);
}

static bool is_refuted(const struct argument_walk *w, const struct way *way, uint32_t rule)
{
	return w->attempt.joining == JOIN_REFUTING && rule < REFUTED_RULES && way->refuted[rule / 64] >> rule % 64 & 1;
}

/* Notes all rules that do not match, before what says so is forgotten. */
static void refute(struct argument_walk *w, struct way *way)
{
	for (uint32_t i = 0; i < w->call->rule_count && i < REFUTED_RULES; i++)
		if (!is_refuted(w, way, i) && (i < way->rule || decide_again(w, way, i) == INTERVAL_FALSE))
			way->refuted[i / 64] |= UINT64_C(1) << i % 64;
	w->base.steps += w->call->rule_count;
}

/* What is known of calls that come either way. */
static void join(const struct argument_walk *w, struct way *way, const struct way *other)
{
	knowledge_join(&w->base, &way->known, &other->known);
	way->holds = way->rule == other->rule ? way->holds & other->holds : 0;
	way->rule = way->rule < other->rule ? way->rule : other->rule;
	for (int i = 0; w->attempt.joining == JOIN_REFUTING && i < REFUTED_RULES / 64; i++)
		way->refuted[i] &= other->refuted[i];
	way->is_lost = way->is_lost || other->is_lost || way->held != other->held || way->number != other->number;
}

/* Makes one way two: of calls for which a test does not hold [0], and does [1]. NULL where there are none. */
static void divide(struct argument_walk *w, struct way *way, const struct knowledge_test *test,
                   struct way *ret_parts[2])
{
	ret_parts[0] = copy_way(w, way);
	ret_parts[1] = way;
	for (int holds = 0; holds < 2; holds++)
		if (ret_parts[holds] && !knowledge_assume(&w->base, &ret_parts[holds]->known, test, holds)) {
			put(ret_parts[holds], &w->unused);
			ret_parts[holds] = NULL;
		}
}

/*
 * Skips rules that do not match, at most up to one. Does that which the way is then at? FALSE: that is the limit, or
 * there is none. If it is undecided, so is *test.
 */
static enum interval_answer find_rule(struct argument_walk *w, struct way *way, uint32_t limit,
                                      struct knowledge_test *test)
{
	for (; way->rule < limit && way->rule < w->call->rule_count; way->rule++, way->holds = 0) {
		enum interval_answer answer = is_refuted(w, way, way->rule)
		                                  ? INTERVAL_FALSE
		                                  : decide_rule(w, &way->known, way->rule, &way->holds, test);
		if (answer != INTERVAL_FALSE)
			return answer;
	}
	return INTERVAL_FALSE;
}

/*
 * A rule before the way's, with this action, matches wherever what is known holds: no call comes this way then, as none
 * that does matches such a rule.
 */
static bool is_impossible(struct argument_walk *w, const struct way *way, uint32_t action)
{
	for (uint32_t i = way->rule; i-- > 0;)
		if (w->call->rules[i].action == action && decide_again(w, way, i) == INTERVAL_TRUE)
			return true;
	return false;
}

/* Do all rules that may match, up to one that does, have this action? Then it is all the same which of them it is. */
static bool is_certain(struct argument_walk *w, const struct way *way, uint32_t action)
{
	for (uint32_t i = way->rule; i < w->call->rule_count; i++) {
		enum interval_answer answer = is_refuted(w, way, i) ? INTERVAL_FALSE : decide_again(w, way, i);
		if (answer != INTERVAL_FALSE && w->call->rules[i].action != action)
			return false;
		if (answer == INTERVAL_TRUE)
			return true;
	}
	return w->default_action == action;
}

/* ---- where ways meet ---- */

/* Do the rules say the same for all calls of a way on which the program returns a verdict? */
static void compare(struct argument_walk *w, struct way *way, const struct sock_filter *insn)
{
	struct way *left = NULL, *parts[2];

	w->base.failed = w->base.failed || insn->code != (BPF_RET | BPF_K);
	for (put(way, &left); left;) {
		struct knowledge_test test;
		way = left;
		left = way->next;
		if (!w->base.failed && !is_certain(w, way, insn->k)) {
			if (find_rule(w, way, UINT32_MAX, &test) == INTERVAL_EITHER) {
				divide(w, way, &test, parts);
				for (int i = 0; i < 2; i++)
					if (parts[i])
						put(parts[i], &left);
				w->base.failed = w->base.failed || w->base.steps > w->steps_most;
				continue;
			}
			w->base.failed = !is_impossible(w, way, insn->k);
		}
		put(way, &w->unused);
	}
}

/*
 * Has a way met all that a rule wants of the low halves? Programs test high halves last, and with the same instructions
 * for many rules.
 */
static bool is_close(const struct argument_walk *w, const struct way *way)
{
	for (uint32_t i = way->rule; i < w->call->rule_count; i++) {
		const struct policy_rule *rule = &w->call->rules[i];
		uint32_t met = 0;
		while (met < rule->condition_count) {
			const struct knowledge_word *low =
			    &way->known.words[2 * rule->conditions[met].arg + w->base.big_endian];
			if (low->first != low->last)
				break;
			met++;
		}
		if (met == rule->condition_count && !is_refuted(w, way, i))
			return true;
	}
	return false;
}

/* Finds out what says whether the way may be joined with others. */
static void find_place(struct argument_walk *w, struct way *way, struct way *others)
{
	struct knowledge_test test;

	if (w->attempt.joining == JOIN_REFUTING) {
		refute(w, way);
		way->is_close = is_close(w, way);
	} else if (w->attempt.joining == JOIN_ALIKE) {
		/* The first way at the last rule has nothing to skip, unless there are others. */
		if (others || way->rule + 1 < w->call->rule_count)
			(void)find_rule(w, way, UINT32_MAX, &test);
		if (others && !others->next)
			(void)find_rule(w, others, UINT32_MAX, &test);
	} else {
		/*
		 * Each knows best what it has behind it. Far more rules may not match on this way alone, and are not
		 * looked at in vain.
		 */
		(void)find_rule(w, way, (others ? others->rule : way->rule) + 1, &test);
		if (others)
			(void)find_rule(w, others, way->rule + 1, &test);
	}
}

/* Which rule it is that a way is close to, each of them knows by itself. */
static bool may_join(const struct argument_walk *w, const struct way *a, const struct way *b)
{
	switch (w->attempt.joining) {
	case JOIN_ALIKE:
		return a->rule == b->rule && a->holds == b->holds;
	case JOIN_REFUTING:
		return !a->is_close && !b->is_close;
	default:
		return true;
	}
}

/*
 * A way comes to an instruction. Many that may be joined become one, which loses what is known of some but not of all.
 */
static void arrive(struct argument_walk *w, struct way *way, size_t pc)
{
	struct way **list = &w->newest[pc];
	uint32_t count = 0;

	if (bpf_kind_of(&w->program->insns[pc]) == BPF_KIND_RETURN) {
		compare(w, way, &w->program->insns[pc]);
		return;
	}
	find_place(w, way, *list);
	for (const struct way *other = *list; other; other = other->next, w->base.steps++)
		count += may_join(w, way, other);
	for (struct way **at = list; *at && count >= w->attempt.apart;) {
		struct way *other = *at;
		if (!may_join(w, way, other)) {
			at = &other->next;
			continue;
		}
		*at = other->next;
		join(w, way, other);
		put(other, &w->unused);
	}
	put(way, list);
	w->pending[pc / 64] |= UINT64_C(1) << pc % 64;
}

/* Does a branch hold? If that is undecided, it is that *test holds, or, negated, that it does not. */
static enum interval_answer decide_branch(struct argument_walk *w, const struct way *way,
                                          const struct sock_filter *insn, struct knowledge_test *test,
                                          bool *ret_negated)
{
	uint16_t op = BPF_OP(insn->code);
	uint32_t k = insn->k;
	bool order = op == BPF_JGT || op == BPF_JGE;

	*ret_negated = op == BPF_JSET;
	if (insn->code != (BPF_JMP | op | BPF_K) || way->is_lost ||
	    (order && way->held != NOTHING && way->number != INPUT_WORD_MAX))
		w->base.failed = true;
	if (w->base.failed || way->held == NOTHING)
		return !w->base.failed && bpf_compare(op, way->number, k) ? INTERVAL_TRUE : INTERVAL_FALSE;
	*test = (struct knowledge_test){way->held, order, way->number, k};
	if (op == BPF_JSET) {
		test->mask &= k;
		test->value = 0;
		return test->mask ? knowledge_negated(knowledge_decide(&w->base, &way->known, test)) : INTERVAL_FALSE;
	}
	if (k > INPUT_WORD_MAX || (!order && k & ~way->number) || (op == BPF_JGT && k == INPUT_WORD_MAX))
		return INTERVAL_FALSE;
	test->value += op == BPF_JGT;
	return order && !test->value ? INTERVAL_TRUE : knowledge_decide(&w->base, &way->known, test);
}

/* An instruction that neither jumps nor returns. */
static void step(struct argument_walk *w, struct way *way, const struct sock_filter *insn)
{
	if (insn->code == (BPF_LD | BPF_W | BPF_ABS) && insn->k / 4 >= WORD_ARG) {
		way->held = (uint8_t)(insn->k / 4 - WORD_ARG);
		way->number = INPUT_WORD_MAX;
		way->is_lost = false;
	} else if (insn->code == (BPF_LD | BPF_W | BPF_ABS) && insn->k / 4 <= WORD_ARCH) {
		way->held = NOTHING;
		way->number = insn->k / 4 == WORD_NR ? w->region.nr_first : w->region.arch_first;
		way->is_lost = false;
	} else if (insn->code == (BPF_ALU | BPF_AND | BPF_K)) {
		way->number &= insn->k;
		way->held = way->number ? way->held : NOTHING;
	} else {
		w->base.failed = true;
	}
}

/* From an instruction on to a return, to a branch that may go either way, or to a way to be joined with. */
static void follow(struct argument_walk *w, struct way *way, size_t pc)
{
	for (; !w->base.failed; w->base.steps++) {
		const struct sock_filter *insn = &w->program->insns[pc];
		enum bpf_kind kind = bpf_kind_of(insn);
		struct knowledge_test test;
		struct way *parts[2];
		bool is_negated;
		if (kind == BPF_KIND_RETURN || (w->attempt.joining == JOIN_ALL && w->newest[pc])) {
			arrive(w, way, pc);
			return;
		}
		if (kind == BPF_KIND_JUMP) {
			pc += 1 + insn->k;
		} else if (kind != BPF_KIND_BRANCH) {
			step(w, way, insn);
			pc++;
		} else {
			enum interval_answer answer = decide_branch(w, way, insn, &test, &is_negated);
			size_t yes = pc + 1 + insn->jt, no = pc + 1 + insn->jf;
			if (answer == INTERVAL_EITHER) {
				divide(w, way, &test, parts);
				if (parts[!is_negated])
					arrive(w, parts[!is_negated], yes);
				if (parts[is_negated])
					arrive(w, parts[is_negated], no);
				return;
			}
			pc = answer == INTERVAL_TRUE ? yes : no;
		}
	}
	put(way, &w->unused);
}

static bool walk(struct argument_walk *w, const struct part *from, size_t steps_most, const struct attempt *attempt)
{
	w->base.failed = false;
	w->base.exclusions.count = 0;
	w->attempt = *attempt;
	w->steps_most = w->base.steps + steps_most;
	const struct way nothing = {.held = NOTHING, .number = from->accumulator, .known = knowledge_none()};
	struct way *start = copy_way(w, &nothing);
	if (!start)
		return false;
	follow(w, start, from->pc);
	/* All that come to an instruction, when no more can: jumps go forward. */
	for (size_t i = from->pc / 64; i <= w->program->count / 64; i++)
		while (w->pending[i]) {
			size_t pc = i * 64 + (size_t)__builtin_ctzll(w->pending[i]);
			struct way *way = w->newest[pc];
			w->newest[pc] = way->next;
			if (!w->newest[pc])
				w->pending[i] &= w->pending[i] - 1;
			w->base.failed = w->base.failed || w->base.steps > w->steps_most;
			follow(w, way, pc);
		}
	return !w->base.failed;
}

/* For the first region: all arrays are in the arena. */
static struct argument_walk *prepare(struct space *space)
{
	const struct callgate_program *program = space->filters[1].filter->programs[0];
	struct argument_walk *w = ARENA_NEW(&space->arena, struct argument_walk);

	if (!w)
		return NULL;
	w->program = program;
	w->base.big_endian = program->big_endian;
	w->base.arena = &space->arena;
	w->newest = ARENA_ARRAY(w->base.arena, struct way *, program->count);
	w->pending = ARENA_ARRAY(w->base.arena, uint64_t, program->count / 64 + 1);
	return w->newest && w->pending ? w : NULL;
}

/* The rules for a region, and their architecture, where a walk may do; or else NULL. */
static const struct policy_syscall *rules_of(struct space *space, const struct region *region,
                                             const struct callgate_arch **ret_arch)
{
	const struct filter *rules = space->filters[0].filter, *made = space->filters[space->filter_count - 1].filter;

	if (space->filter_count != 2 || !rules->policy || made->policy || made->program_count != 1 ||
	    !region_is_one_call(region))
		return NULL;
	return policy_diagram_rules(&space->filters[0].policy, region, ret_arch);
}

enum interval_answer argument_walk(struct space *space, const struct part *part, bool is_long)
{
	const struct callgate_arch *arch;
	const struct policy_syscall *call = rules_of(space, &part->region, &arch);

	if (!call || !call->rule_count || (!space->arguments && !(space->arguments = prepare(space))))
		return INTERVAL_FALSE;
	struct argument_walk *w = space->arguments;
	w->call = call;
	w->region = part->region;
	w->base.word = policy_word_mask(arch) & INPUT_WIDE_MAX;
	w->default_action = space->filters[0].filter->policy->default_action;
	size_t most = STEPS_FIRST + (is_long ? STEPS_PER_PAIR * (size_t)call->rule_count * call->rule_count : 0);
	for (uint32_t i = 0; i < call->rule_count; i++)
		most += STEPS_PER_CONDITION * (size_t)call->rules[i].condition_count;
	w->base.steps = 0;
	bool equal = false;
	for (size_t i = is_long ? SHORT_ATTEMPTS : 0; i < (is_long ? ATTEMPTS : SHORT_ATTEMPTS) && !equal; i++)
		equal = walk(w, part, most, &attempts[i]);
	return diagram_spend(&space->diagram, w->base.steps) && equal ? INTERVAL_TRUE : INTERVAL_EITHER;
}
