/*
 * One call's rules against one program, without diagrams: a walk through the program from its first instruction to its last, with what is known
 * of the arguments on each way. Ways that meet are joined where there are many, which loses some of that; so the work is linear in the length
 * of a program whose tests follow its rules.
 */
#include <string.h>

#include "prove/knowledge.h"
#include "prove/space.h"

enum { STEPS_FIRST = 1 << 12, STEPS_PER_CONDITION = 64, STEPS_PER_PAIR = 256, NOTHING = 0xff };
enum { REFUTED_RULES = 1024 };

/* How ways that meet are joined. */
enum joining {
	JOIN_ALIKE, /* if they are at the same rule */
	JOIN_ALL,   /* at the rule that none of them is beyond: programs that test one rule after the other */
	JOIN_REFUTING, /* with the rules that none of them can match any more: groups of rules, one after the other */
};

/* Each attempt costs more than the one before, and forgets less of what the rules need. */
static const struct attempt {
	enum joining joining;
	uint32_t apart; /* so many ways to an instruction are not joined */
} attempts[] = {{JOIN_ALIKE, 4}, {JOIN_ALL, 0}, {JOIN_REFUTING, 12}, {JOIN_REFUTING, 4}, {JOIN_REFUTING, 32}};
enum { ATTEMPTS = sizeof(attempts) / sizeof(attempts[0]), SHORT_ATTEMPTS = 2 };

/* What is known in front of an instruction. */
struct way {
	uint32_t next;   /* index + 1 of another way to the same instruction, or of another unused one */
	uint32_t rule;   /* the rules before this one do not match, */
	uint32_t holds;  /* and these of its first conditions hold */
	uint8_t held;    /* the accumulator is this word, masked, or else NOTHING and the constant */
	bool is_lost;    /* what the accumulator holds is not known */
	uint32_t number; /* the mask, or the constant */
	struct knowledge known;
	bool is_close;                        /* to a rule */
	uint64_t refuted[REFUTED_RULES / 64]; /* bit set of rules that do not match; JOIN_REFUTING */
};

struct argument_walk {
	const struct callgate_program *program;
	const struct policy_syscall *call;
	struct region region;
	uint32_t default_action;
	struct knowledge_base base;
	uint32_t *newest;  /* of each instruction: index + 1 of its first way */
	uint64_t *pending; /* bit set of instructions with ways */
	uint32_t unused;   /* index + 1 of the first unused way */
	ARENA_VEC(struct way) ways;
	size_t steps_most;
	struct attempt attempt;
};

/* ---- ways ---- */

/* Notes which conditions of the way's rule hold. */
static enum interval_answer decide_rule(struct argument_walk *w, struct way *way, struct knowledge_test *test)
{
	const struct policy_rule *rule = &w->call->rules[way->rule];
	enum interval_answer result = INTERVAL_TRUE;
	struct knowledge_test undecided;

	for (uint32_t i = 0; i < rule->condition_count; i++) {
		uint32_t bit = i < 32 ? UINT32_C(1) << i : 0;
		if (way->holds & bit)
			continue;
		enum interval_answer answer =
		    knowledge_condition(&w->base, &way->known, &rule->conditions[i], &undecided);
		if (answer == INTERVAL_FALSE)
			return answer;
		if (answer == INTERVAL_TRUE) {
			way->holds |= bit;
		} else if (result == INTERVAL_TRUE) {
			*test = undecided;
			result = answer;
		}
	}
	return result;
}

static bool is_refuted(const struct way *way, uint32_t rule)
{
	return rule < REFUTED_RULES && way->refuted[rule / 64] >> rule % 64 & 1;
}

/* Notes all rules that do not match, before what says so is forgotten. */
static void refute(struct argument_walk *w, struct way *way)
{
	struct way other = *way;
	struct knowledge_test test;

	for (uint32_t i = 0; i < w->call->rule_count && i < REFUTED_RULES; i++) {
		other.rule = i;
		other.holds = 0;
		if (!is_refuted(way, i) && (i < way->rule || decide_rule(w, &other, &test) == INTERVAL_FALSE))
			way->refuted[i / 64] |= UINT64_C(1) << i % 64;
	}
}

/* Puts a copy in front of a list. */
static void push_way(struct argument_walk *w, const struct way *way, uint32_t *list)
{
	uint32_t at = w->unused;

	if (at)
		w->unused = w->ways.items[at - 1].next;
	else if (!vec_push_in(&w->ways, w->base.arena, *way))
		w->base.failed = true;
	if (w->base.failed)
		return;
	at = at ? at : (uint32_t)w->ways.count;
	w->ways.items[at - 1] = *way;
	w->ways.items[at - 1].next = *list;
	*list = at;
}

static void pop_way(struct argument_walk *w, uint32_t *list)
{
	struct way *way = &w->ways.items[*list - 1];
	uint32_t next = way->next;

	way->next = w->unused;
	w->unused = *list;
	*list = next;
}

/* What is known of calls that come either way. */
static void join(const struct argument_walk *w, struct way *way, const struct way *other)
{
	knowledge_join(&w->base, &way->known, &other->known);
	way->holds = way->rule == other->rule ? way->holds & other->holds : 0;
	way->rule = way->rule < other->rule ? way->rule : other->rule;
	for (int i = 0; i < REFUTED_RULES / 64; i++)
		way->refuted[i] &= other->refuted[i];
	way->is_lost =
	    way->is_lost || other->is_lost || way->held != other->held || way->number != other->number;
}

/*
 * Skips rules that do not match, at most up to one. Does that which the way is then at? FALSE: that is the limit, or there is none. If it is undecided,
 * so is *test.
 */
static enum interval_answer find_rule(struct argument_walk *w, struct way *way, uint32_t limit,
                                      struct knowledge_test *test)
{
	for (; way->rule < limit && way->rule < w->call->rule_count; way->rule++, way->holds = 0) {
		enum interval_answer answer =
		    is_refuted(way, way->rule) ? INTERVAL_FALSE : decide_rule(w, way, test);
		if (answer != INTERVAL_FALSE)
			return answer;
	}
	return INTERVAL_FALSE;
}

/*
 * A rule before the way's, with this action, matches wherever what is known holds: no call comes this way then, as none that does matches such a
 * rule.
 */
static bool is_impossible(struct argument_walk *w, const struct way *way, uint32_t action)
{
	struct way other = *way;
	struct knowledge_test test;

	while (other.rule-- > 0) {
		other.holds = 0;
		if (w->call->rules[other.rule].action == action &&
		    decide_rule(w, &other, &test) == INTERVAL_TRUE)
			return true;
	}
	return false;
}

/* Do the rules say the same for all calls of a way on which the program returns a verdict? */
static void compare(struct argument_walk *w, const struct way *returned, const struct sock_filter *insn)
{
	uint32_t left = 0, verdict = insn->k;

	w->base.failed = w->base.failed || insn->code != (BPF_RET | BPF_K);
	push_way(w, returned, &left);
	while (left && !w->base.failed) {
		struct way way = w->ways.items[left - 1], other;
		struct knowledge_test test;
		enum interval_answer answer = find_rule(w, &way, UINT32_MAX, &test);
		if (answer == INTERVAL_EITHER) {
			pop_way(w, &left);
			other = way;
			if (knowledge_assume(&w->base, &way.known, &test, false))
				push_way(w, &way, &left);
			if (knowledge_assume(&w->base, &other.known, &test, true))
				push_way(w, &other, &left);
			continue;
		}
		uint32_t action =
		    answer == INTERVAL_TRUE ? w->call->rules[way.rule].action : w->default_action;
		if (w->base.steps > w->steps_most || (action != verdict && !is_impossible(w, &way, verdict)))
			w->base.failed = true;
		pop_way(w, &left);
	}
}

static bool is_alike(const struct way *a, const struct way *b)
{
	return a->rule == b->rule && a->holds == b->holds;
}

/* All ways to an instruction become one, which is at the rule that none of them is beyond. */
static void arrive_together(struct argument_walk *w, struct way *way, uint32_t *list)
{
	struct way *other = *list ? &w->ways.items[*list - 1] : way;
	struct knowledge_test test;

	/* Each knows best what it has behind it. Far more rules may not match on this way alone, and are not looked at in vain. */
	(void)find_rule(w, way, other->rule + 1, &test);
	if (other == way)
		return;
	(void)find_rule(w, other, way->rule + 1, &test);
	join(w, way, other);
	pop_way(w, list);
}

/* Has a way met all that a rule wants of the low halves? Programs test high halves last, and with the same instructions for many rules. */
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
		if (met == rule->condition_count && !is_refuted(way, i))
			return true;
	}
	return false;
}

/* Many ways become one, but for those that are close to a rule: which rule that is, each of them knows by itself. */
static void arrive_refuting(struct argument_walk *w, struct way *way, uint32_t *list)
{
	uint32_t count = 0;

	for (uint32_t i = *list; i; i = w->ways.items[i - 1].next)
		count += !w->ways.items[i - 1].is_close;
	refute(w, way);
	way->is_close = is_close(w, way);
	w->base.steps += w->call->rule_count;
	while (*list && count >= w->attempt.apart && !way->is_close) {
		struct way *other = &w->ways.items[*list - 1];
		if (other->is_close) {
			list = &other->next;
		} else {
			join(w, way, other);
			pop_way(w, list);
		}
	}
}

/* Many ways that are alike become one, which loses what is known of some but not of all. */
static void arrive_alike(struct argument_walk *w, struct way *way, uint32_t *list)
{
	struct knowledge_test test;
	uint32_t alike = 0;

	(void)find_rule(w, way, UINT32_MAX, &test);
	for (uint32_t i = *list; i; i = w->ways.items[i - 1].next, w->base.steps++)
		alike += is_alike(&w->ways.items[i - 1], way);
	while (alike >= w->attempt.apart && *list) {
		struct way *other = &w->ways.items[*list - 1];
		if (is_alike(other, way)) {
			join(w, way, other);
			pop_way(w, list);
		} else {
			list = &other->next;
		}
	}
}

/* A way comes to an instruction. */
static void arrive(struct argument_walk *w, struct way *way, size_t pc)
{
	if (bpf_kind_of(&w->program->insns[pc]) == BPF_KIND_RETURN) {
		compare(w, way, &w->program->insns[pc]);
		return;
	}
	static void (*const arrivals[])(struct argument_walk *, struct way *, uint32_t *) = {
	    [JOIN_ALIKE] = arrive_alike, [JOIN_ALL] = arrive_together, [JOIN_REFUTING] = arrive_refuting};
	arrivals[w->attempt.joining](w, way, &w->newest[pc]);
	push_way(w, way, &w->newest[pc]);
	if (!w->base.failed)
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
		return test->mask ? knowledge_negated(knowledge_decide(&w->base, &way->known, test))
		                  : INTERVAL_FALSE;
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
		bool is_negated;
		if (kind == BPF_KIND_RETURN || (w->attempt.joining == JOIN_ALL && w->newest[pc]))
			break;
		if (kind == BPF_KIND_JUMP) {
			pc += 1 + insn->k;
		} else if (kind != BPF_KIND_BRANCH) {
			step(w, way, insn);
			pc++;
		} else {
			enum interval_answer answer = decide_branch(w, way, insn, &test, &is_negated);
			size_t yes = pc + 1 + insn->jt, no = pc + 1 + insn->jf;
			if (answer == INTERVAL_EITHER) {
				struct way other = *way;
				if (knowledge_assume(&w->base, &way->known, &test, !is_negated))
					arrive(w, way, yes);
				if (knowledge_assume(&w->base, &other.known, &test, is_negated))
					arrive(w, &other, no);
				return;
			}
			pc = answer == INTERVAL_TRUE ? yes : no;
		}
	}
	if (!w->base.failed)
		arrive(w, way, pc);
}

/* All that come to an instruction, when no more can: jumps go forward. */
static void follow_all(struct argument_walk *w)
{
	size_t words = w->program->count / 64 + 1;

	for (size_t i = 0; i < words; i++)
		while (w->pending[i] && !w->base.failed) {
			size_t pc = i * 64 + (size_t)__builtin_ctzll(w->pending[i]);
			struct way way = w->ways.items[w->newest[pc] - 1];
			pop_way(w, &w->newest[pc]);
			if (!w->newest[pc])
				w->pending[i] &= w->pending[i] - 1;
			follow(w, &way, pc);
			w->base.failed = w->base.failed || w->base.steps > w->steps_most;
		}
	if (!w->base.failed)
		return;
	memset(w->pending, 0, words * sizeof(*w->pending));
	memset(w->newest, 0, w->program->count * sizeof(*w->newest));
}

static bool walk(struct argument_walk *w, size_t steps_most, const struct attempt *attempt)
{
	struct way start = {.held = NOTHING};

	start.known = knowledge_none();
	w->unused = 0;
	w->base.failed = false;
	w->attempt = *attempt;
	w->steps_most = w->base.steps + steps_most;
	w->ways.count = w->base.exclusions.count = 0;
	follow(w, &start, 0);
	follow_all(w);
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
	w->newest = ARENA_ARRAY(w->base.arena, uint32_t, program->count);
	w->pending = ARENA_ARRAY(w->base.arena, uint64_t, program->count / 64 + 1);
	return w->newest && w->pending ? w : NULL;
}

bool argument_walk(struct space *space, const struct region *region, bool is_long)
{
	const struct filter *rules = space->filters[0].filter,
	                    *made = space->filters[space->filter_count - 1].filter;
	const struct callgate_arch *arch;

	if (space->filter_count != 2 || !rules->policy || made->policy || made->program_count != 1 ||
	    !region_is_one_call(region))
		return false;
	const struct policy_syscall *call = policy_diagram_rules(&space->filters[0].policy, region, &arch);
	if (!call || !call->rule_count || (!space->arguments && !(space->arguments = prepare(space))))
		return false;
	struct argument_walk *w = space->arguments;
	w->call = call;
	w->region = *region;
	w->base.word = policy_word_mask(arch) & INPUT_WIDE_MAX;
	w->default_action = rules->policy->default_action;
	size_t most = STEPS_FIRST;
	for (uint32_t i = 0; i < call->rule_count; i++)
		most += STEPS_PER_CONDITION * (size_t)call->rules[i].condition_count;
	w->base.steps = 0;
	bool equal = false;
	for (size_t i = is_long ? SHORT_ATTEMPTS : 0; i < (is_long ? ATTEMPTS : SHORT_ATTEMPTS) && !equal;
	     i++) {
		const size_t pairs = is_long ? (size_t)call->rule_count * call->rule_count : 0;
		equal = walk(w, most + STEPS_PER_PAIR * pairs, &attempts[i]);
	}
	return diagram_spend(&space->diagram, w->base.steps) && equal;
}
