/* What adding a rule does: everything that can fail first, then every change. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/rule_tree.h"
#include "policy/ruleset.h"

/* On the stack for the contexts that there are; more architectures than this are allocated. */
enum { USUAL_PLACEMENTS = 4 * PLACEMENTS_PER_ARCH };

static int contradiction(const struct placement *placement, const struct ruleset_request *request,
                         uint32_t by, struct diag *diag)
{
	const char *name = arch_syscall_name(placement->rules->arch, placement->nr);
	char action[CALLGATE_ACTION_TEXT];

	callgate_action_text(request->action, action);
	return diag_fail(diag, -EEXIST,
	                 "rule %u (%s) for %s (%d) on %s contradicts rule %u: the same calls, another action",
	                 request->id, action, name ? name : "system call", placement->nr,
	                 placement->rules->arch->name, by);
}

/* Decides what the placement does and makes room for it: all that can fail. */
static int prepare(const struct ruleset_request *request, struct placement *placement, struct diag *diag)
{
	int result = arch_rules_plan(placement->rules, placement->nr, placement->conditions, placement->count,
	                             request->action, &placement->plan);

	if (result < 0)
		return contradiction(placement, request, placement->plan.by, diag);
	if (placement->plan.outcome == RULE_IGNORED)
		return 0;
	/* Twice, as a multiplexed call may be a direct one too; each slot on the way and the number of nodes may have to be noted. */
	if (!arch_rules_reserve(placement->rules, PLACEMENTS_PER_ARCH,
	                        placement->count ? PLACEMENTS_PER_ARCH * (size_t)placement->count : 0))
		return diag_fail(diag, -ENOMEM, "out of memory for a rule");
	return 0;
}

static void note_slot(struct ruleset *rules, struct arch_rules *arch, uint32_t at)
{
	journal_note(&rules->journal,
	             (struct journal_entry){JOURNAL_SLOT, at, arch, *arch_rules_slot(arch, at)});
}

/* The place itself and everything above it has a rule of this action below now. */
static void mix_in(struct ruleset *rules, struct arch_rules *arch, uint32_t at, uint32_t action)
{
	for (;;) {
		struct rule_slot *slot = arch_rules_slot(arch, at);
		if (slot->kind == SLOT_EMPTY || (slot->kind == SLOT_UNIFORM && slot->action != action)) {
			note_slot(rules, arch, at);
			slot->kind = slot->kind == SLOT_EMPTY ? SLOT_UNIFORM : SLOT_MIXED;
			slot->action = action;
		}
		if (at & REFERENCE_CALL)
			return;
		at = arch->nodes.items[at].parent;
	}
}

/* Nothing here can fail. */
static void carry_out(struct ruleset *rules, const struct ruleset_request *request,
                      const struct placement *placement)
{
	struct arch_rules *arch = placement->rules;
	uint32_t at = placement->plan.at, depth = placement->plan.depth;

	if (placement->plan.outcome == RULE_IGNORED)
		return;
	assert(depth <= placement->count && (at != REFERENCE_NONE || depth == 0));
	if (at == REFERENCE_NONE)
		at = arch_rules_add_call(arch, placement->nr);
	note_slot(rules, arch, at);
	if (depth < placement->count) {
		mix_in(rules, arch, at, request->action);
		journal_note(&rules->journal, (struct journal_entry){.kind = JOURNAL_NODES,
		                                                     .at = (uint32_t)arch->nodes.count,
		                                                     .rules = arch});
	}
	while (depth < placement->count) {
		at = arch_rules_add_node(arch, at, &placement->conditions[depth++]);
		*arch_rules_slot(arch, at) =
		    (struct rule_slot){SLOT_UNIFORM, request->action, 0, REFERENCE_NONE};
	}
	assert(arch_rules_find_call(arch, placement->nr) != REFERENCE_NONE);
	*arch_rules_slot(arch, at) =
	    (struct rule_slot){SLOT_RULE, request->action, request->id, REFERENCE_NONE};
}

/* All or nothing: everything is decided and every allocation made before the first change. */
static int add_all(struct ruleset *rules, const struct ruleset_request *request, struct placement *placements,
                   struct diag *diag, struct note *note)
{
	size_t count = 0, steps = 0;

	for (size_t i = 0; i < rules->archs.count; i++) {
		const struct callgate_arch *arch = rules->archs.items[i]->arch;
		int made = placement_make(rules->archs.items[i], request, &placements[count], diag);
		if (made < 0)
			return made;
		if (made == 0)
			note_absent(note, request->id, request->nr, arch);
		else
			note_conditions(note, request->id, request->conditions, request->condition_count,
			                arch);
		for (; made > 0; made--, count++) {
			int result = prepare(request, &placements[count], diag);
			if (result < 0)
				return result;
			note_placement(note, request, &placements[count]);
			steps += placements[count].count + 4;
		}
	}
	assert(count <= rules->archs.count * PLACEMENTS_PER_ARCH);
	if (!journal_reserve(&rules->journal, steps))
		return diag_fail(diag, -ENOMEM, "out of memory for noting a rule");
	for (size_t i = 0; i < count; i++)
		carry_out(rules, request, &placements[i]);
	return 0;
}

int ruleset_add(struct ruleset *rules, const struct ruleset_request *request, struct diag *diag,
                struct note *note)
{
	struct placement usual[USUAL_PLACEMENTS], *placements = usual;
	size_t needed = rules->archs.count * PLACEMENTS_PER_ARCH;

	if (needed > USUAL_PLACEMENTS && !(placements = malloc(needed * sizeof(*placements))))
		return diag_fail(diag, -ENOMEM, "out of memory for a rule");
	int result = add_all(rules, request, placements, diag, note);
	if (placements != usual)
		free(placements);
	return result;
}

int ruleset_add_direct(struct ruleset *rules, const struct callgate_arch *arch,
                       const struct ruleset_direct *direct, struct diag *diag, struct note *note)
{
	struct ruleset_request request = {.id = direct->id, .action = direct->action};
	struct placement placement = {.nr = direct->nr};
	struct policy_condition *conditions = calloc(direct->condition_count + 1, sizeof(*conditions));

	if (!conditions || direct->condition_count > RULESET_DIRECT_CONDITIONS_MAX) {
		free(conditions);
		return diag_fail(diag, conditions ? -E2BIG : -ENOMEM, "too many conditions in one rule");
	}
	for (size_t i = 0; i < rules->archs.count; i++)
		if (rules->archs.items[i]->arch == arch)
			placement.rules = rules->archs.items[i];
	memcpy(conditions, direct->conditions, direct->condition_count * sizeof(*conditions));
	placement.conditions = conditions;
	placement.count = rule_order_normalize(conditions, (uint32_t)direct->condition_count, arch);
	int result = placement.rules
	                 ? prepare(&request, &placement, diag)
	                 : diag_fail(diag, -EINVAL, "architecture %s is not in the context", arch->name);
	if (result == 0 && !journal_reserve(&rules->journal, placement.count + 4))
		result = diag_fail(diag, -ENOMEM, "out of memory for noting a rule");
	if (result == 0) {
		note_conditions(note, direct->id, direct->conditions, direct->condition_count, arch);
		note_placement(note, &request, &placement);
		carry_out(rules, &request, &placement);
	}
	free(conditions);
	return result;
}

static int prioritize(struct arch_rules *rules, int32_t native_nr, uint8_t priority, struct note *note)
{
	int32_t nr;

	if (arch_syscall_translate(rules->arch, native_nr, &nr) < 0)
		return -EFAULT;
	nr = arch_syscall_rewrite(rules->arch, nr);
	if (nr < ARCH_NR_SKIP) {
		note_absent(note, 0, native_nr, rules->arch);
		return 0;
	}
	uint32_t at = arch_rules_find_call(rules, nr);
	if (at == REFERENCE_NONE) {
		if (!arch_rules_reserve(rules, 1, 0))
			return -ENOMEM;
		at = arch_rules_add_call(rules, nr);
	}
	struct rule_call *call = &rules->calls.items[at & ~REFERENCE_CALL];
	if (call->priority < priority)
		call->priority = priority;
	return 0;
}

int ruleset_prioritize(struct ruleset *rules, int32_t nr, uint8_t priority, struct diag *diag,
                       struct note *note)
{
	int first = 0;

	for (size_t i = 0; i < rules->archs.count; i++) {
		int result = prioritize(rules->archs.items[i], nr, priority, note);
		if (result == -ENOMEM && first == 0)
			first = diag_fail(diag, result, "out of memory for a priority");
		else if (result < 0 && first == 0)
			first = diag_fail(diag, result,
			                  "system call number %d has no name by which to find it on %s", nr,
			                  rules->archs.items[i]->arch->name);
	}
	return first;
}
