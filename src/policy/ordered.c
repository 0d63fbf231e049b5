/*
 * Rules in an order: the first match decides, or the strictest. They are kept as they were added, newest last, and each
 * call has a chain of its own ones; nothing covers or replaces anything until the policy is frozen.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/rule_tree.h"
#include "policy/ruleset.h"

/* ---- one conjunction on one architecture ---- */

enum reduced { REDUCED_NEVER, REDUCED_ALWAYS, REDUCED_HOLDS_SOMETIMES };

/*
 * Where arguments have 32 bits, a comparison with a larger value is decided; a negative number that was extended to 64
 * bits is meant as the 32 bits that it has there.
 */
static enum reduced reduce(const struct policy_condition *condition, const struct callgate_arch *arch)
{
	uint64_t word = policy_word_mask(arch), value = condition->value & condition->mask;
	bool is_negative = (int64_t)value == (int32_t)value;

	if (!(value & ~word) || (is_negative && condition->mask == UINT64_MAX))
		return REDUCED_HOLDS_SOMETIMES;
	switch ((enum policy_op)condition->op) {
	case POLICY_NE:
	case POLICY_LT:
	case POLICY_LE:
		return REDUCED_ALWAYS;
	default:
		return REDUCED_NEVER;
	}
}

/*
 * Fills in a conjunction in canonical form, in the arena. False without memory; *ret_never: it holds for no call of the
 * architecture.
 */
static bool fill_conjunction(struct placement *placement, const struct policy_condition *conditions, uint32_t count,
                             struct arena *arena, bool *ret_never)
{
	const struct callgate_arch *arch = placement->rules->arch;
	struct policy_condition *kept = ARENA_ARRAY(arena, struct policy_condition, count);
	uint32_t kept_count = 0;

	*ret_never = false;
	for (uint32_t i = 0; kept && i < count && !*ret_never; i++) {
		enum reduced reduced = reduce(&conditions[i], arch);
		*ret_never = reduced == REDUCED_NEVER;
		if (reduced == REDUCED_HOLDS_SOMETIMES)
			kept[kept_count++] = conditions[i];
	}
	placement->conditions = kept;
	placement->count = kept ? rule_order_normalize(kept, kept_count, arch) : 0;
	return kept != NULL;
}

/* ---- adding ---- */

/* What is to be added, in order; conditions are in the arena too. */
struct plan {
	struct arena arena;
	ARENA_VEC(struct placement) list;
	const struct ruleset_request *request;
	struct diag *diag;
	struct note *note;
};

static bool is_unconditional(const struct ruleset_request *request)
{
	return request->conjunction_count == 1 && request->ends[0] == 0;
}

/*
 * Through socketcall(2) or ipc(2) the call's arguments are in memory, where no filter sees them. A rule that compares
 * some denies all such calls if it is at least as strict as the default action, and else lets none pass.
 */
static bool plan_multiplexed(struct plan *plan, const struct placement *placement)
{
	const struct ruleset_request *request = plan->request;
	uint32_t action = request->action, other = request->default_action;

	if (!is_unconditional(request)) {
		bool denies = callgate_action_strictest(action, other) == action;
		note_hidden(plan->note, request->id, placement->nr, placement->rules->arch, denies);
		if (!denies)
			return true;
	}
	return vec_push_in(&plan->list, &plan->arena, *placement);
}

static bool plan_direct(struct plan *plan, const struct placement *placement)
{
	const struct ruleset_request *request = plan->request;
	uint32_t first = 0;

	for (uint32_t i = 0; i < request->conjunction_count; first = request->ends[i++]) {
		struct placement one = *placement;
		bool never;
		if (!fill_conjunction(&one, request->conditions + first, request->ends[i] - first, &plan->arena,
		                      &never))
			return false;
		if (!never && !vec_push_in(&plan->list, &plan->arena, one))
			return false;
	}
	return true;
}

/* Everything for one architecture. */
static int plan_arch(struct plan *plan, struct arch_rules *rules)
{
	struct policy_condition *conditions = ARENA_ARRAY(&plan->arena, struct policy_condition, PLACEMENTS_PER_ARCH);
	struct placement placements[PLACEMENTS_PER_ARCH];
	struct ruleset_request bare = *plan->request;

	if (!conditions)
		return diag_fail(plan->diag, -ENOMEM, "out of memory for a rule");
	bare.condition_count = 0;
	for (int i = 0; i < PLACEMENTS_PER_ARCH; i++)
		placements[i].conditions = conditions + i;
	int made = placements_make(rules, &bare, placements, plan->diag);
	if (made == 0 || (made > 0 && placements[0].nr < ARCH_NR_RESERVED_LAST))
		note_absent(plan->note, bare.id, bare.nr, rules->arch);
	if (made > 0 && bare.exact && placements[0].is_multiplexed && !is_unconditional(plan->request))
		return diag_fail(plan->diag, -EINVAL,
		                 "an exact rule cannot compare arguments of a call that is multiplexed on %s",
		                 rules->arch->name);
	for (int i = 0; i < made; i++)
		if (!(placements[i].is_multiplexed ? plan_multiplexed(plan, &placements[i])
		                                   : plan_direct(plan, &placements[i])))
			return diag_fail(plan->diag, -ENOMEM, "out of memory for a rule");
	return made < 0 ? made : 0;
}

/* Room for all that is planned; false without memory. */
static bool reserve(struct ruleset *rules, const struct plan *plan)
{
	for (size_t i = 0; i < rules->archs.count; i++) {
		struct arch_rules *arch = rules->archs.items[i];
		size_t count = 0, conditions = 0;
		for (size_t j = 0; j < plan->list.count; j++)
			if (plan->list.items[j].rules == arch) {
				count++;
				conditions += plan->list.items[j].count;
			}
		if (arch->ordered.count + count >= ORDERED_NONE ||
		    arch->ordered_conditions.count + conditions >= UINT32_MAX || !arch_rules_reserve(arch, count, 0) ||
		    !vec_reserve(&arch->ordered, count) || !vec_reserve(&arch->ordered_conditions, conditions))
			return false;
	}
	return journal_reserve(&rules->journal, rules->archs.count);
}

static void append(const struct plan *plan, const struct placement *planned)
{
	struct arch_rules *arch = planned->rules;
	uint32_t at = arch_rules_find_call(arch, planned->nr);

	if (at == REFERENCE_NONE)
		at = arch_rules_add_call(arch, planned->nr);
	struct rule_call *call = &arch->calls.items[at & ~REFERENCE_CALL];
	assert(arch->ordered.count < arch->ordered.capacity);
	arch->ordered.items[arch->ordered.count] = (struct ordered_rule){
	    .call = at & ~REFERENCE_CALL,
	    .older = call->newest_ordered,
	    .action = plan->request->action,
	    .id = plan->request->id,
	    .first = (uint32_t)arch->ordered_conditions.count,
	    .count = planned->count,
	};
	call->newest_ordered = (uint32_t)arch->ordered.count++;
	for (uint32_t i = 0; i < planned->count; i++)
		arch->ordered_conditions.items[arch->ordered_conditions.count++] = planned->conditions[i];
}

int ruleset_add_ordered(struct ruleset *rules, const struct ruleset_request *request, struct diag *diag,
                        struct note *note)
{
	struct plan plan = {.request = request, .diag = diag, .note = note};
	int result = 0;

	for (size_t i = 0; i < rules->archs.count && result == 0; i++)
		if (!request->arch || request->arch == rules->archs.items[i]->arch)
			result = plan_arch(&plan, rules->archs.items[i]);
	if (result == 0 && !reserve(rules, &plan))
		result = diag_fail(diag, -ENOMEM, "out of memory for a rule");
	for (size_t i = 0; i < rules->archs.count && result == 0; i++)
		journal_note(&rules->journal,
		             (struct journal_entry){.kind = JOURNAL_ORDERED,
		                                    .at = (uint32_t)rules->archs.items[i]->ordered.count,
		                                    .rules = rules->archs.items[i]});
	for (size_t i = 0; i < plan.list.count && result == 0; i++)
		append(&plan, &plan.list.items[i]);
	arena_finish(&plan.arena);
	return result;
}

void ordered_drop(struct arch_rules *rules, size_t count)
{
	assert(count <= rules->ordered.count);
	while (rules->ordered.count > count) {
		const struct ordered_rule *rule = &rules->ordered.items[--rules->ordered.count];
		rules->calls.items[rule->call].newest_ordered = rule->older;
		rules->ordered_conditions.count = rule->first;
	}
}

bool ruleset_has_rules(const struct ruleset *rules)
{
	bool has = journal_is_open(&rules->journal);

	for (size_t i = 0; i < rules->archs.count; i++) {
		const struct arch_rules *arch = rules->archs.items[i];
		has = has || arch->ordered.count > 0;
		for (size_t j = 0; j < arch->calls.count; j++)
			has = has || arch->calls.items[j].slot.kind != SLOT_EMPTY;
	}
	return has;
}

/* ---- freezing ---- */

/* The strictest first, and of equally strict ones in the order in which they were added. */
static int by_strictness(const void *a, const void *b)
{
	const struct policy_rule *x = a, *y = b;
	int32_t strict_x = (int32_t)(x->action & SECCOMP_RET_ACTION_FULL),
	        strict_y = (int32_t)(y->action & SECCOMP_RET_ACTION_FULL);

	if (strict_x != strict_y)
		return strict_x < strict_y ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

bool ordered_freeze(const struct arch_rules *rules, const struct rule_call *call, enum policy_order order,
                    struct policy_syscall *syscall, struct arena *arena)
{
	uint32_t count = 0, at;

	for (at = call->newest_ordered; at != ORDERED_NONE; at = rules->ordered.items[at].older)
		count++;
	struct policy_rule *list = ARENA_ARRAY(arena, struct policy_rule, count);
	if (!list)
		return false;
	syscall->rules = list;
	syscall->rule_count = count;
	for (at = call->newest_ordered; at != ORDERED_NONE; at = rules->ordered.items[at].older) {
		const struct ordered_rule *rule = &rules->ordered.items[at];
		struct policy_condition *conditions = ARENA_ARRAY(arena, struct policy_condition, rule->count);
		if (!conditions)
			return false;
		if (rule->count)
			memcpy(conditions, &rules->ordered_conditions.items[rule->first],
			       rule->count * sizeof(*conditions));
		list[--count] = (struct policy_rule){rule->action, rule->id, rule->count, conditions};
	}
	if (order == POLICY_ORDER_STRICTEST)
		qsort(list, syscall->rule_count, sizeof(*list), by_strictness);
	return true;
}

const struct policy *ruleset_freeze_newest(const struct ruleset *rules, size_t arch, uint32_t id,
                                           const struct ruleset_attributes *attributes, struct arena *arena)
{
	const struct arch_rules *from = rules->archs.items[arch];
	struct policy *policy = ARENA_NEW(arena, struct policy);
	struct policy_arch *to = ARENA_NEW(arena, struct policy_arch);
	struct policy_syscall *calls = ARENA_ARRAY(arena, struct policy_syscall, PLACEMENTS_PER_ARCH);

	if (!policy || !to || !calls)
		return NULL;
	*to = (struct policy_arch){.arch = from->arch, .syscalls = calls};
	for (size_t at = from->ordered.count; at > 0 && from->ordered.items[at - 1].id == id; at--) {
		const struct rule_call *call = &from->calls.items[from->ordered.items[at - 1].call];
		/* Each call once, by its newest conjunction, which is one of this rule, as the rule is the newest. */
		if (call->newest_ordered != at - 1 || call->nr < ARCH_NR_SKIP)
			continue;
		assert(to->syscall_count < PLACEMENTS_PER_ARCH);
		struct policy_syscall *syscall = &calls[to->syscall_count++];
		*syscall = (struct policy_syscall){.nr = (uint32_t)call->nr};
		if (!ordered_freeze(from, call, attributes->order, syscall, arena))
			return NULL;
	}
	if (to->syscall_count == 2 && calls[0].nr > calls[1].nr) {
		struct policy_syscall first = calls[0];
		calls[0] = calls[1];
		calls[1] = first;
	}
	*policy = (struct policy){attributes->default_action, attributes->bad_arch_action, attributes->optimize, 1, to};
	return policy;
}
