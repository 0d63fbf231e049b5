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

void side_expect(struct side *side, const struct policy *policy)
{
	if (side->machine_count == 1)
		side->machines[0].expected = policy;
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

void side_cuts_nr(const struct side *side, const struct cell *section, struct cuts *cuts)
{
	if (side->subject->policy)
		rules_cuts_nr(&side->rules, section, cuts);
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

uint32_t side_leaf_verdict(const struct prove_subject *subject, const struct diagram *diagram, node leaf,
                           const struct seccomp_data *call)
{
	return diagram_is_open(diagram, leaf) ? side_verdict(subject, call) : diagram_at(diagram, leaf)->low;
}
