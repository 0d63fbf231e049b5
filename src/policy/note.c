#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "policy/rule_tree.h"
#include "policy/ruleset.h"

static void keep(struct note *note, struct note other)
{
	if (other.kind > note->kind)
		*note = other;
}

static enum note_kind kind_of_condition(const struct policy_condition *condition, uint64_t word)
{
	if (condition->op == POLICY_MASKED_EQ) {
		if (!(condition->mask & word))
			return NOTE_MASK_EMPTY;
		if (condition->mask & ~word)
			return NOTE_WORD_CUT;
		return condition->value & ~condition->mask ? NOTE_MASK_CUT : NOTE_NONE;
	}
	return condition->value & ~(word & condition->mask) ? NOTE_WORD_CUT : NOTE_NONE;
}

void note_conditions(struct note *note, uint32_t rule, const struct policy_condition *conditions,
                     size_t count, const struct callgate_arch *arch)
{
	for (size_t i = 0; note && i < count; i++)
		keep(note, (struct note){
		               .kind = (uint8_t)kind_of_condition(&conditions[i], policy_word_mask(arch)),
		               .arg = conditions[i].arg,
		               .rule = rule,
		               .value = conditions[i].op == POLICY_MASKED_EQ ? conditions[i].mask
		                                                             : conditions[i].value,
		               .arch = arch,
		           });
}

static enum note_kind kind_of_plan(const struct placement *placement, uint32_t action)
{
	const struct rule_plan *plan = &placement->plan;

	switch (plan->outcome) {
	case RULE_IGNORED:
		return plan->depth == placement->count &&
		               arch_rules_slot(placement->rules, plan->at)->action == action
		           ? NOTE_SAME
		           : NOTE_COVERED;
	case RULE_ABSORBING:
		return plan->replaces ? NOTE_REPLACES : NOTE_ABSORBS;
	default:
		return NOTE_NONE;
	}
}

void note_placement(struct note *note, const struct ruleset_request *request,
                    const struct placement *placement)
{
	const struct callgate_arch *arch = placement->rules->arch;
	struct note base = {.nr = placement->nr, .rule = request->id, .by = placement->plan.by, .arch = arch};

	if (!note)
		return;
	base.kind = (uint8_t)kind_of_plan(placement, request->action);
	keep(note, base);
	if (placement->nr < ARCH_NR_RESERVED_LAST)
		note_absent(note, request->id, request->nr, arch);
	base.kind = placement->is_multiplexed && request->condition_count ? NOTE_MULTIPLEXED : NOTE_NONE;
	keep(note, base);
}

void note_absent(struct note *note, uint32_t rule, int32_t nr, const struct callgate_arch *arch)
{
	if (note)
		keep(note, (struct note){.kind = NOTE_ABSENT, .nr = nr, .rule = rule, .arch = arch});
}

static void describe_condition(const struct note *note, struct diag *diag)
{
	const char *arch = note->arch->name;

	switch ((enum note_kind)note->kind) {
	case NOTE_MASK_EMPTY:
		diag_set(diag,
		         "note: rule %u: the mask for argument %u has no bits on %s: nothing is compared",
		         note->rule, note->arg, arch);
		break;
	case NOTE_MASK_CUT:
		diag_set(diag,
		         "note: rule %u: the value for argument %u has bits outside of its mask 0x%" PRIx64
		         ": they are not compared",
		         note->rule, note->arg, note->value);
		break;
	default:
		diag_set(diag,
		         "note: rule %u: argument %u is compared with the low 32 bits alone on %s, where "
		         "0x%" PRIx64 " is 0x%" PRIx32,
		         note->rule, note->arg, arch, note->value, (uint32_t)note->value);
	}
}

static void describe_absent(const struct note *note, struct diag *diag)
{
	const char *name = arch_syscall_name(arch_native(), note->nr);
	char number[32];

	snprintf(number, sizeof(number), "number %" PRId32, note->nr);
	if (note->rule)
		diag_set(diag, "note: rule %u has no effect on %s: there is no system call %s there",
		         note->rule, note->arch->name, name ? name : number);
	else
		diag_set(diag, "note: the priority has no effect on %s: there is no system call %s there",
		         note->arch->name, name ? name : number);
}

/* What the rule does, before and after the number of the other one. */
static void describe_rules(const struct note *note, struct diag *diag)
{
	static const char *const texts[][2] = {
	    [NOTE_ABSORBS] = {"makes", " needless: it has the same action"},
	    [NOTE_SAME] = {"changes nothing:", " is the same"},
	    [NOTE_REPLACES] = {"has no comparisons and takes the place of all rules that have, such as", ""},
	    [NOTE_COVERED] = {"can never match:", " already covers it"},
	};
	const char *name = arch_syscall_name(note->arch, note->nr);

	assert(note->kind <= NOTE_COVERED && texts[note->kind][0]);
	diag_set(diag, "note: rule %u for %s (%d) on %s %s rule %u%s", note->rule,
	         name ? name : "system call", note->nr, note->arch->name, texts[note->kind][0], note->by,
	         texts[note->kind][1]);
}

void note_describe(const struct note *note, struct diag *diag)
{
	switch ((enum note_kind)note->kind) {
	case NOTE_NONE:
		return;
	case NOTE_MASK_EMPTY:
	case NOTE_MASK_CUT:
	case NOTE_WORD_CUT:
		describe_condition(note, diag);
		return;
	case NOTE_ABSENT:
		describe_absent(note, diag);
		return;
	case NOTE_MULTIPLEXED:
		diag_set(diag,
		         "note: rule %u: through %s on %s a comparison of argument 0 is dropped and those of "
		         "others do not see the call's own arguments",
		         note->rule, arch_syscall_name(note->arch, note->nr), note->arch->name);
		return;
	default:
		describe_rules(note, diag);
	}
}
