#include "prove/side.h"

#include "arch/actions.h"
#include "bpf/simulate.h"
#include "prove/scan.h"

bool side_init(struct side *side, const struct prove_subject *subject, struct arena *arena)
{
	size_t longest = 0;

	*side = (struct side){.subject = subject};
	if (subject->policy)
		return rules_init(&side->rules, subject->policy, arena);
	for (size_t i = 0; i < subject->program_count; i++)
		if (subject->programs[i]->count > longest)
			longest = subject->programs[i]->count;
	side->kinds = ARENA_ARRAY(arena, uint8_t, longest);
	return side->kinds != NULL;
}

bool side_prepare(struct side *side, struct diagram *diagram, struct arena *arena)
{
	const struct prove_subject *subject = side->subject;

	side->diagram = diagram;
	if (subject->policy)
		return rules_prepare(&side->rules, diagram, arena);
	side->machines = ARENA_ARRAY(arena, struct machine, subject->program_count);
	for (size_t i = 0; side->machines && i < subject->program_count; i++)
		if (!machine_init(&side->machines[i], subject->programs[i], diagram, arena))
			return false;
	return side->machines != NULL;
}

void side_forget(struct side *side)
{
	if (side->subject->policy)
		rules_forget(&side->rules);
	for (size_t i = 0; !side->subject->policy && i < side->subject->program_count; i++)
		machine_forget(&side->machines[i]);
}

void side_cuts_arch(const struct side *side, struct cuts *cuts)
{
	const struct prove_subject *subject = side->subject;

	if (subject->policy)
		rules_cuts_arch(&side->rules, cuts);
	for (size_t i = 0; !subject->policy && i < subject->program_count; i++)
		scan_cuts(subject->programs[i], NULL, side->kinds, cuts);
}

void side_cuts_nr(const struct side *side, const struct cell *section, bool each_call, struct cuts *cuts)
{
	const struct prove_subject *subject = side->subject;

	if (subject->policy)
		rules_cuts_nr(&side->rules, section, each_call, cuts);
	for (size_t i = 0; !subject->policy && i < subject->program_count; i++)
		scan_cuts(subject->programs[i], section, side->kinds, cuts);
}

bool side_plain(struct side *side, const struct cell *cell, uint32_t *ret_verdict, size_t *steps)
{
	const struct prove_subject *subject = side->subject;
	uint32_t older;

	if (subject->policy)
		return rules_verdict(&side->rules, cell, ret_verdict);
	size_t i = subject->program_count - 1;
	if (!scan_verdict(subject->programs[i], cell, ret_verdict, steps))
		return false;
	while (i-- > 0) {
		if (!scan_verdict(subject->programs[i], cell, &older, steps))
			return false;
		*ret_verdict = action_strictest(*ret_verdict, older);
	}
	return true;
}

node side_node(struct side *side, const struct cell *cell)
{
	if (side->subject->policy)
		return rules_node(&side->rules, cell);
	size_t i = side->subject->program_count - 1;
	node result = machine_run(&side->machines[i], cell);
	while (i-- > 0)
		result = diagram_strictest(side->diagram, result, machine_run(&side->machines[i], cell));
	return result;
}

static struct side_bits program_bits(struct machine *machine, const struct cell *cell)
{
	struct side_bits result = {0};

	for (unsigned i = 0; i < VERDICT_BITS && !machine->diagram->failed; i++)
		result.bit[i] = machine_run_bit(machine, cell, i);
	machine_forget(machine);
	return result;
}

/* action_strictest() on bits: the lower action as a signed number, or else the newest. */
static struct side_bits strictest_bits(struct diagram *d, const struct side_bits *newest,
                                       const struct side_bits *older)
{
	enum { ACTION_LOWEST = 16, SIGN = VERDICT_BITS - 1 };
	struct side_bits result;
	node lower = d->zero;

	for (unsigned i = ACTION_LOWEST; i < VERDICT_BITS; i++) {
		node differ = diagram_xor(d, newest->bit[i], older->bit[i]);
		lower = diagram_if(d, differ, i == SIGN ? older->bit[i] : newest->bit[i], lower);
	}
	for (unsigned i = 0; i < VERDICT_BITS; i++)
		result.bit[i] = diagram_if(d, lower, older->bit[i], newest->bit[i]);
	return result;
}

struct side_bits side_bits(struct side *side, const struct cell *cell)
{
	struct side_bits result;

	if (side->subject->policy) {
		node whole = rules_node(&side->rules, cell);
		for (unsigned i = 0; i < VERDICT_BITS; i++)
			result.bit[i] = diagram_leaf_bit(side->diagram, whole, i);
		return result;
	}
	size_t i = side->subject->program_count - 1;
	result = program_bits(&side->machines[i], cell);
	while (i-- > 0) {
		struct side_bits older = program_bits(&side->machines[i], cell);
		result = strictest_bits(side->diagram, &result, &older);
	}
	return result;
}

const struct policy_syscall *side_rules(struct side *side, const struct cell *cell)
{
	return side->subject->policy ? rules_first(&side->rules, cell) : NULL;
}

bool side_paths(struct side *side, const struct cell *cell, node calls, side_visitor visitor, void *closure)
{
	if (side->subject->policy)
		rules_paths(&side->rules, cell, calls, visitor, closure);
	for (size_t i = 0; !side->subject->policy && i < side->subject->program_count; i++) {
		if (!machine_paths(&side->machines[i], cell, calls, visitor, closure))
			return false;
		machine_forget(&side->machines[i]);
	}
	return true;
}

uint32_t side_verdict(const struct prove_subject *subject, const struct seccomp_data *call)
{
	if (subject->policy)
		return policy_eval(subject->policy, call, NULL);
	size_t i = subject->program_count - 1;
	uint32_t verdict = bpf_simulate(subject->programs[i], call, NULL);
	while (i-- > 0)
		verdict = action_strictest(verdict, bpf_simulate(subject->programs[i], call, NULL));
	return verdict;
}
