#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "policy/rule_tree.h"
#include "policy/ruleset.h"

static void keep(struct note *note, const struct note *other)
{
	if (other->kind > note->kind)
		*note = *other;
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

void note_conditions(struct note *note, uint32_t rule, const struct policy_condition *conditions, size_t count,
                     const struct callgate_arch *arch)
{
	for (size_t i = 0; note && i < count; i++)
		keep(note, &(struct note){
		               .kind = (uint8_t)kind_of_condition(&conditions[i], policy_word_mask(arch)),
		               .arg = conditions[i].arg,
		               .rule = rule,
		               .value = conditions[i].op == POLICY_MASKED_EQ ? conditions[i].mask : conditions[i].value,
		               .arch = arch,
		           });
}

/* ---- what the comparisons of a rule come to, and what the kernel reads ---- */

/* Do all comparisons of the argument hold for this value of it? */
static bool holds(const struct placement *placement, uint8_t arg, uint64_t value)
{
	for (uint32_t i = 0; i < placement->count; i++)
		if (placement->conditions[i].arg == arg &&
		    !policy_condition_holds(&placement->conditions[i], placement->rules->arch, value))
			return false;
	return true;
}

/*
 * Does any value satisfy the comparisons of the argument? Where all are of the whole word, 0 does, or a datum, or the
 * number after one.
 */
static bool can_hold(const struct placement *placement, uint8_t arg)
{
	for (uint32_t i = 0; i < placement->count; i++) {
		const struct policy_condition *condition = &placement->conditions[i];
		if (condition->arg == arg &&
		    (condition->op == POLICY_MASKED_EQ || condition->mask != policy_word_mask(placement->rules->arch) ||
		     holds(placement, arg, condition->value) || holds(placement, arg, condition->value + 1)))
			return true;
	}
	return holds(placement, arg, 0);
}

static bool always_holds(const struct policy_condition *condition)
{
	return (condition->op == POLICY_GE && condition->value == 0) ||
	       (condition->op == POLICY_LE && condition->value == condition->mask);
}

/* A negative int: programs leave the upper half of the register empty, or fill it. */
static bool is_negative_int(const struct policy_condition *condition, uint64_t read)
{
	uint64_t upper = condition->value >> 32;

	return (condition->op == POLICY_EQ || condition->op == POLICY_NE) && read == UINT32_MAX &&
	       condition->value & 0x80000000u && (upper == 0 || upper == UINT32_MAX);
}

/*
 * Are there two values of the argument that are one to the kernel and not to the rule, so that the call evades a rule
 * that denies, or gets through one that allows? Or is a negative int matched in only one of its two spellings? The
 * first value is the last one of an equality or of "less", or the last one that "greater" leaves out; the other differs
 * in bits that are not read.
 */
static void note_width(struct note *note, struct note *base, const struct placement *placement,
                       const struct policy_condition *condition, bool denies)
{
	const struct callgate_arch *arch = placement->rules->arch;
	unsigned bits = arch_argument_bits(arch, arch_syscall_name(arch, placement->nr), base->arg);
	uint64_t read = bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX, unread = condition->mask & ~read;
	bool is_negative = is_negative_int(condition, read);

	if (bits == 0 || unread == 0)
		return;
	base->other = condition->value - (condition->op == POLICY_LT || condition->op == POLICY_GE);
	base->value = base->other ^ (is_negative || condition->value > read ? unread : unread & -unread);
	base->holds = holds(placement, base->arg, base->value);
	if (holds(placement, base->arg, base->other) == base->holds || (base->holds == denies && !is_negative))
		return;
	base->kind = NOTE_TOO_WIDE;
	base->bits = (uint8_t)bits;
	base->op = condition->op;
	keep(note, base);
}

static void note_effect(struct note *note, struct note *base, const struct placement *placement,
                        const struct ruleset_request *request)
{
	/* Which of two errors a call gets, say, is nothing that anybody gains by. */
	bool matters = (request->action ^ request->default_action) & SECCOMP_RET_ACTION_FULL;
	bool denies = callgate_action_strictest(request->default_action, request->action) == request->action;

	for (uint32_t i = 0; i < placement->count; i++) {
		const struct policy_condition *condition = &placement->conditions[i];
		base->arg = condition->arg;
		base->kind = always_holds(condition) ? NOTE_ALWAYS : NOTE_NONE;
		base->value = condition->value;
		keep(note, base);
		base->kind = can_hold(placement, condition->arg) ? NOTE_NONE : NOTE_NEVER;
		keep(note, base);
		if (matters && !placement->is_multiplexed)
			note_width(note, base, placement, condition, denies);
	}
}

static enum note_kind kind_of_plan(const struct placement *placement, uint32_t action)
{
	const struct rule_plan *plan = &placement->plan;

	switch (plan->outcome) {
	case RULE_IGNORED:
		return plan->depth == placement->count && arch_rules_slot(placement->rules, plan->at)->action == action
		           ? NOTE_SAME
		           : NOTE_COVERED;
	case RULE_ABSORBING:
		return plan->replaces ? NOTE_REPLACES : NOTE_ABSORBS;
	default:
		return NOTE_NONE;
	}
}

void note_placement(struct note *note, const struct ruleset_request *request, const struct placement *placement)
{
	const struct callgate_arch *arch = placement->rules->arch;
	struct note base = {.kind = (uint8_t)kind_of_plan(placement, request->action),
	                    .nr = placement->nr,
	                    .rule = request->id,
	                    .by = placement->plan.by,
	                    .arch = arch};
	keep(note, &base);
	note_effect(note, &base, placement, request);
	if (placement->nr < ARCH_NR_RESERVED_LAST)
		note_absent(note, request->id, request->nr, arch);
	base.kind = placement->is_multiplexed && request->condition_count ? NOTE_MULTIPLEXED : NOTE_NONE;
	keep(note, &base);
}

void note_hidden(struct note *note, uint32_t rule, int32_t nr, const struct callgate_arch *arch, bool all)
{
	if (note)
		keep(note, &(struct note){.kind = NOTE_HIDDEN, .nr = nr, .rule = rule, .value = all, .arch = arch});
}

void note_absent(struct note *note, uint32_t rule, int32_t nr, const struct callgate_arch *arch)
{
	if (note)
		keep(note, &(struct note){.kind = NOTE_ABSENT, .nr = nr, .rule = rule, .arch = arch});
}

static void describe_condition(const struct note *note, struct diag *diag)
{
	const char *arch = note->arch->name;

	switch ((enum note_kind)note->kind) {
	case NOTE_MASK_EMPTY:
		diag_set(diag, "note: rule %u: the mask for argument %u has no bits on %s: nothing is compared",
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

/* What stands before an argument in a call where those before it do not matter. */
static const char *before(unsigned arg)
{
	static const char any[] = "*, *, *, *, *, ";

	assert(arg < ARCH_ARGUMENTS);
	return any + sizeof(any) - 1 - 3 * (size_t)arg;
}

static void describe_width(const struct note *note, struct diag *diag)
{
	const char *name = arch_syscall_name(note->arch, note->nr), *any = before(note->arg);
	bool by_mask = note->op == POLICY_EQ || note->op == POLICY_MASKED_EQ || note->bits < 32;

	diag_set(diag,
	         "warning: rule %u: the kernel reads only %u bits of argument %u: on %s %s(%s0x%" PRIx64
	         ") does what %s(%s0x%" PRIx64 ") does, and is %smatched; %s what is read",
	         note->rule, note->bits, note->arg, note->arch->name, name, any, note->value, name, any, note->other,
	         note->holds ? "" : "not ",
	         !by_mask          ? "CALLGATE_LOW_HALF (callgate_rule_add()) compares"
	         : note->bits < 32 ? "SCMP_CMP_MASKED_EQ with 0xffff compares"
	                           : "SCMP_CMP_MASKED_EQ with 0xffffffff compares");
}

static void describe_absent(const struct note *note, struct diag *diag)
{
	const char *name = arch_syscall_name(arch_native(), note->nr);
	char number[32];

	snprintf(number, sizeof(number), "number %" PRId32, note->nr);
	if (note->rule)
		diag_set(diag, "note: rule %u has no effect on %s: there is no system call %s there", note->rule,
		         note->arch->name, name ? name : number);
	else
		diag_set(diag, "note: the priority has no effect on %s: there is no system call %s there",
		         note->arch->name, name ? name : number);
}

/* What the rule does, before and after the number of another one, or of an argument. */
static void describe_effect(const struct note *note, struct diag *diag)
{
	static const char *const texts[][2] = {
	    [NOTE_ABSORBS] = {" makes rule", " needless: it has the same action"},
	    [NOTE_SAME] = {" changes nothing: rule", " is the same"},
	    [NOTE_ALWAYS] = {": every value of argument", " satisfies the comparison"},
	    [NOTE_NEVER] = {": no value satisfies the comparisons of argument", ""},
	    [NOTE_REPLACES] = {" has no comparisons and takes the place of all rules that have, such as rule", ""},
	    [NOTE_COVERED] = {" can never match: rule", " already covers it"},
	};
	const char *name = arch_syscall_name(note->arch, note->nr);
	bool is_about_argument = note->kind == NOTE_ALWAYS || note->kind == NOTE_NEVER;

	assert(note->kind <= NOTE_COVERED && texts[note->kind][0]);
	diag_set(diag, "note: rule %u for %s (%d) on %s%s %u%s", note->rule, name ? name : "system call", note->nr,
	         note->arch->name, texts[note->kind][0], is_about_argument ? note->arg : note->by,
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
	case NOTE_TOO_WIDE:
		describe_width(note, diag);
		return;
	case NOTE_ABSENT:
		describe_absent(note, diag);
		return;
	case NOTE_HIDDEN:
		diag_set(diag, "note: rule %u: through %s on %s arguments can't be compared: %s calls get its action",
		         note->rule, arch_syscall_name(note->arch, note->nr), note->arch->name,
		         note->value ? "all such" : "no such");
		return;
	case NOTE_MULTIPLEXED:
		diag_set(diag,
		         "note: rule %u: through %s on %s a comparison of argument 0 is dropped and those of "
		         "others do not see the call's own arguments",
		         note->rule, arch_syscall_name(note->arch, note->nr), note->arch->name);
		return;
	default:
		describe_effect(note, diag);
	}
}
