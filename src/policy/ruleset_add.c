/* What adding a rule does: everything that can fail first, then every change. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/rule_tree.h"
#include "policy/ruleset.h"

/* On the stack for the contexts that there are; more is allocated. */
enum { USUAL_PLACEMENTS = 4 * PLACEMENTS_PER_ARCH };

/* ---- where one rule_add call goes: the numbers of each architecture ---- */

static int reject(struct diag *diag, int result, const struct callgate_arch *arch, int32_t nr, const char *why)
{
	const char *name = arch_syscall_name(arch_native(), nr);

	if (name)
		return diag_fail(diag, result, "system call %s: %s %s", name, why, arch->name);
	return diag_fail(diag, result, "system call number %d: %s %s", nr, why, arch->name);
}

/* The conditions of a placement have room for those of the request, and one more. */
static void fill(struct placement *placement, struct arch_rules *rules, int32_t nr,
                 const struct policy_condition *conditions, uint32_t count)
{
	placement->rules = rules;
	placement->is_multiplexed = false;
	placement->nr = nr;
	placement->count = 0;
	if (!count)
		return;
	memcpy(placement->conditions, conditions, count * sizeof(*conditions));
	placement->count = rule_order_normalize(placement->conditions, count, rules->arch);
}

/*
 * The call number that socketcall(2) or ipc(2) takes as its first argument, as wide as the kernel reads it: socketcall
 * declares an int, and ipc cuts off the upper half of an unsigned int, which holds a version. What the kernel ignores
 * is not compared.
 */
static struct policy_condition call_number(const struct callgate_arch *arch, int32_t pseudo)
{
	bool is_socket = arch_nr_is_socket_pseudo(pseudo);
	uint64_t read_by_kernel = is_socket ? UINT32_MAX : UINT16_MAX;
	bool is_whole_word = read_by_kernel == policy_word_mask(arch);

	return (struct policy_condition){0, is_whole_word ? POLICY_EQ : POLICY_MASKED_EQ, read_by_kernel,
	                                 (uint64_t)(-pseudo % (is_socket ? 100 : 200))};
}

/* The call number takes the place of a comparison of argument 0, which is the call's own and not socketcall's. */
static void fill_multiplexed(struct placement *placement, struct arch_rules *rules, int32_t pseudo,
                             const struct ruleset_request *request)
{
	struct policy_condition inner[RULESET_CONDITIONS_MAX + 1] = {call_number(rules->arch, pseudo)};
	bool is_socket = arch_nr_is_socket_pseudo(pseudo);
	uint32_t count = 1;

	for (uint32_t i = 0; i < request->condition_count; i++)
		if (request->conditions[i].arg != 0)
			inner[count++] = request->conditions[i];
	fill(placement, rules, is_socket ? rules->arch->socketcall_nr : rules->arch->ipc_nr, inner, count);
	placement->is_multiplexed = true;
}

static int make_multiplexed(struct arch_rules *rules, int32_t pseudo, const struct ruleset_request *request,
                            struct placement placements[PLACEMENTS_PER_ARCH], struct diag *diag)
{
	const char *name = arch_syscall_name(rules->arch, pseudo);
	assert(rules->arch->multiplexed);
	int32_t direct = arch_syscall_direct_number(rules->arch, name);

	if (request->exact && request->condition_count)
		return reject(diag, -EINVAL, rules->arch, request->nr,
		              "an exact rule cannot compare arguments of a call that is multiplexed on");
	fill_multiplexed(&placements[0], rules, pseudo, request);
	if (direct < 0)
		return 1;
	fill(&placements[1], rules, direct, request->conditions, request->condition_count);
	return 2;
}

static bool is_multiplexed(const struct callgate_arch *arch, int32_t nr)
{
	return arch->multiplexed && (arch_nr_is_socket_pseudo(nr) || arch_nr_is_ipc_pseudo(nr));
}

/*
 * The direct number of a multiplexed call stands for the call, direct or multiplexed. Only the native one, which is not
 * translated by name, can be direct.
 */
static int32_t call_of(const struct callgate_arch *arch, int32_t nr)
{
	if (!arch->multiplexed || nr < 0 || arch != arch_native())
		return nr;
	const char *name = arch_syscall_name(arch, nr);
	int32_t number = name ? arch_syscall_number(arch, name) : nr;
	return is_multiplexed(arch, number) ? number : nr;
}

int placements_make(struct arch_rules *rules, const struct ruleset_request *request,
                    struct placement placements[PLACEMENTS_PER_ARCH], struct diag *diag)
{
	int32_t nr = request->nr;

	if (request->arch) {
		fill(&placements[0], rules, nr, request->conditions, request->condition_count);
		return 1;
	}
	if (arch_syscall_translate(rules->arch, request->nr, &nr) < 0)
		return reject(diag, -EFAULT, rules->arch, request->nr,
		              "the native architecture has no name for it by which to find it on");
	nr = call_of(rules->arch, nr);
	if (is_multiplexed(rules->arch, nr))
		return make_multiplexed(rules, nr, request, placements, diag);
	if (nr < ARCH_NR_RESERVED_LAST && request->exact)
		return reject(diag, -EDOM, rules->arch, request->nr, "there is no such call on");
	if (nr < ARCH_NR_RESERVED_LAST && rules->arch->multiplexed)
		return 0;
	fill(&placements[0], rules, nr, request->conditions, request->condition_count);
	return 1;
}

/* ---- what it does there ---- */

static int contradiction(const struct placement *placement, const struct ruleset_request *request, uint32_t by,
                         struct diag *diag)
{
	const char *name = arch_syscall_name(placement->rules->arch, placement->nr);
	char action[CALLGATE_ACTION_TEXT];

	callgate_action_text(request->action, action);
	return diag_fail(
	    diag, -EEXIST, "rule %u (%s) for %s (%d) on %s contradicts rule %u: the same calls, another action",
	    request->id, action, name ? name : "system call", placement->nr, placement->rules->arch->name, by);
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
	/*
	 * Twice, as a multiplexed call may be a direct one too; each slot on the way and the number of nodes may have
	 * to be noted.
	 */
	if (!arch_rules_reserve(placement->rules, PLACEMENTS_PER_ARCH,
	                        placement->count ? PLACEMENTS_PER_ARCH * (size_t)placement->count : 0))
		return diag_fail(diag, -ENOMEM, "out of memory for a rule");
	return 0;
}

static void note_slot(struct ruleset *rules, struct arch_rules *arch, uint32_t at)
{
	journal_note(&rules->journal, (struct journal_entry){JOURNAL_SLOT, at, arch, *arch_rules_slot(arch, at)});
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
static void carry_out(struct ruleset *rules, const struct ruleset_request *request, const struct placement *placement)
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
		journal_note(
		    &rules->journal,
		    (struct journal_entry){.kind = JOURNAL_NODES, .at = (uint32_t)arch->nodes.count, .rules = arch});
	}
	while (depth < placement->count) {
		at = arch_rules_add_node(arch, at, &placement->conditions[depth++]);
		*arch_rules_slot(arch, at) = (struct rule_slot){SLOT_UNIFORM, request->action, 0, REFERENCE_NONE};
	}
	assert(arch_rules_find_call(arch, placement->nr) != REFERENCE_NONE);
	*arch_rules_slot(arch, at) = (struct rule_slot){SLOT_RULE, request->action, request->id, REFERENCE_NONE};
}

/* There is nothing to say about most rules. */
static bool is_notable(const struct placement *placement)
{
	return placement->count > 0 || placement->plan.outcome != RULE_INSERTED ||
	       placement->nr < ARCH_NR_RESERVED_LAST;
}

/* All or nothing: everything is decided and every allocation made before the first change. */
static int add_all(struct ruleset *rules, const struct ruleset_request *request, struct placement *placements,
                   struct diag *diag, struct note *note)
{
	size_t count = 0, steps = 0;

	for (size_t i = 0; i < rules->archs.count; i++) {
		const struct callgate_arch *arch = rules->archs.items[i]->arch;
		if (request->arch && request->arch != arch)
			continue;
		int made = placements_make(rules->archs.items[i], request, &placements[count], diag);
		if (made < 0)
			return made;
		if (made == 0)
			note_absent(note, request->id, request->nr, arch);
		else if (request->condition_count)
			note_conditions(note, request->id, request->conditions, request->condition_count, arch);
		for (; made > 0; made--, count++) {
			int result = prepare(request, &placements[count], diag);
			if (result < 0)
				return result;
			if (note && is_notable(&placements[count]))
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

int ruleset_add(struct ruleset *rules, const struct ruleset_request *request, struct diag *diag, struct note *note)
{
	struct placement usual[USUAL_PLACEMENTS], *placements = usual;
	struct policy_condition usual_conditions[USUAL_PLACEMENTS * (RULESET_CONDITIONS_MAX + 1)];
	struct policy_condition *conditions = usual_conditions;
	size_t count = rules->archs.count * PLACEMENTS_PER_ARCH, each = (size_t)request->condition_count + 1;
	void *allocated = NULL;

	assert(!request->arch || ruleset_has_arch(rules, request->arch));
	assert(request->condition_count <= (request->arch ? RULESET_DIRECT_CONDITIONS_MAX : RULESET_CONDITIONS_MAX));
	if (count > USUAL_PLACEMENTS || each > RULESET_CONDITIONS_MAX + 1) {
		count = request->arch ? 1 : count;
		allocated = malloc(count * (sizeof(*placements) + each * sizeof(*conditions)));
		if (!allocated)
			return diag_fail(diag, -ENOMEM, "out of memory for a rule");
		placements = allocated;
		conditions = (struct policy_condition *)(void *)(placements + count);
	}
	for (size_t i = 0; i < count; i++)
		placements[i].conditions = conditions + i * each;
	int result = add_all(rules, request, placements, diag, note);
	free(allocated);
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

int ruleset_prioritize(struct ruleset *rules, int32_t nr, uint8_t priority, struct diag *diag, struct note *note)
{
	int first = 0;

	for (size_t i = 0; i < rules->archs.count; i++) {
		int result = prioritize(rules->archs.items[i], nr, priority, note);
		if (result == -ENOMEM && first == 0)
			first = diag_fail(diag, result, "out of memory for a priority");
		else if (result < 0 && first == 0)
			first = diag_fail(diag, result, "system call number %d has no name by which to find it on %s",
			                  nr, rules->archs.items[i]->arch->name);
	}
	return first;
}
