#include "prove/side.h"

#include "bpf/simulate.h"

bool side_init(struct side *side, const struct prove_subject *subject, struct diagram *diagram,
               struct arena *arena)
{
	*side = (struct side){.subject = subject, .diagram = diagram};
	if (subject->policy)
		return rules_init(&side->rules, subject->policy, diagram, arena);
	side->machines = ARENA_ARRAY(arena, struct machine, subject->program_count);
	for (size_t i = 0; side->machines && i < subject->program_count; i++) {
		side->machine_count++;
		if (!machine_init(&side->machines[i], subject->programs[i], diagram, arena))
			return false;
	}
	return side->machines != NULL;
}

void side_finish(struct side *side)
{
	for (size_t i = 0; i < side->machine_count; i++)
		machine_finish(&side->machines[i]);
	side->machine_count = 0;
}

void side_forget(struct side *side)
{
	if (side->subject->policy)
		rules_forget(&side->rules);
	for (size_t i = 0; i < side->machine_count; i++)
		machine_forget(&side->machines[i]);
}

void side_cuts_arch(const struct side *side, struct cuts *cuts)
{
	if (side->subject->policy)
		rules_cuts_arch(&side->rules, cuts);
	for (size_t i = 0; i < side->machine_count; i++)
		machine_cuts_arch(&side->machines[i], cuts);
}

void side_cuts_nr(const struct side *side, const struct cell *section, bool each_call, struct cuts *cuts)
{
	if (side->subject->policy)
		rules_cuts_nr(&side->rules, section, each_call, cuts);
	for (size_t i = 0; i < side->machine_count; i++)
		machine_cuts_nr(&side->machines[i], section, cuts);
}

node side_node(struct side *side, const struct cell *cell)
{
	if (side->subject->policy)
		return rules_node(&side->rules, cell);
	size_t i = side->machine_count - 1;
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

/* bpf_strictest() on bits: the lower action as a signed number, or else the newest. */
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
	size_t i = side->machine_count - 1;
	result = program_bits(&side->machines[i], cell);
	while (i-- > 0) {
		struct side_bits older = program_bits(&side->machines[i], cell);
		result = strictest_bits(side->diagram, &result, &older);
	}
	return result;
}

uint32_t side_verdict(const struct prove_subject *subject, const struct seccomp_data *call)
{
	if (subject->policy)
		return policy_eval(subject->policy, call, NULL);
	size_t i = subject->program_count - 1;
	uint32_t verdict = bpf_simulate(subject->programs[i], call, NULL);
	while (i-- > 0)
		verdict = bpf_strictest(verdict, bpf_simulate(subject->programs[i], call, NULL));
	return verdict;
}
