/*
 * What is wrong with one rule: it compares what the kernel does not read, an address, or nothing. Of programs: their
 * cases.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/info.h>
#include <callgate/rule.h>
#include <callgate/syscall.h>

#include "info/tables.h"
#include "lint/linting.h"

/*
 * So many comparisons are looked at: more are generated, and nobody reads about them. And so many cases of a program's
 * call.
 */
enum { COMPARISONS_MAX = 20000, CASES_MAX = 200 };

/* One condition of a rule. */
struct comparison {
	struct linting *linting;
	const struct callgate_arch *arch;
	const struct callgate_rule *rule;
	const struct scmp_arg_cmp *compare;
	const char *call;
	uint64_t read; /* the bits of the argument that the kernel reads; 0: all */
};

/* ---- width ---- */

/* An argument for which the condition holds, if there is any. */
static uint64_t argument_for(const struct scmp_arg_cmp *compare)
{
	if (compare->op == SCMP_CMP_NE || compare->op == SCMP_CMP_GT)
		return compare->datum_a + 1;
	if (compare->op == SCMP_CMP_LT)
		return compare->datum_a - 1;
	return compare->op == SCMP_CMP_MASKED_EQ ? compare->datum_a & compare->datum_b : compare->datum_a;
}

/* Two arguments that are one to the kernel, and not to the filter. */
struct evasion {
	uint64_t evading, meant;
	uint32_t action_evading, action_meant; /* the first lets more pass */
};

static bool is_laxer(uint32_t action, uint32_t than)
{
	return action != than && callgate_action_strictest(action, than) == than;
}

static uint32_t action_of(struct linting *linting, struct callgate_call *call, unsigned int arg, uint64_t value)
{
	call->args[arg] = value;
	return lint_ask(linting, call).action;
}

/*
 * A rule that denies is evaded wherever one of the two passes; one that allows, where the upper bits make something
 * pass that does not pass without them, unless it names the very value.
 */
static bool is_evasion(struct evasion *evasion, bool denies, bool names_value)
{
	if (is_laxer(evasion->action_evading, evasion->action_meant))
		return denies || !names_value;
	if (!denies || !is_laxer(evasion->action_meant, evasion->action_evading))
		return false;
	*evasion = (struct evasion){evasion->meant, evasion->evading, evasion->action_meant, evasion->action_evading};
	return true;
}

/*
 * Tries the values next to the one that is compared with, and some upper bits. The call has the rule's other arguments.
 */
static bool find_evasion(struct linting *linting, struct callgate_call *call, unsigned int arg, uint64_t read,
                         uint64_t value, bool denies, bool names_value, struct evasion *ret_evasion)
{
	static const int steps[] = {0, 1, -1};
	const uint64_t uppers[] = {read + 1, ~read, value & ~read};

	for (size_t i = 0; i < 9; i++) {
		struct evasion evasion = {.meant = (value + (uint64_t)steps[i / 3]) & read};
		evasion.evading = evasion.meant | uppers[i % 3];
		evasion.action_meant = action_of(linting, call, arg, evasion.meant);
		evasion.action_evading = action_of(linting, call, arg, evasion.evading);
		if (is_evasion(&evasion, denies, names_value)) {
			*ret_evasion = evasion;
			return true;
		}
	}
	return false;
}

/* "socket(0x26)", with the arguments that are compared: those whose bit is set. */
static const char *call_text(struct linting *linting, const char *name, unsigned int compared, const uint64_t *args)
{
	struct strbuf out = {0};

	strbuf_printf(&out, "%s(", name);
	for (unsigned int i = 0; compared >> i; i++) {
		strbuf_append(&out, i ? ", " : "");
		if (compared >> i & 1)
			strbuf_printf(&out, "0x%" PRIx64, args[i]);
		else
			strbuf_append(&out, "*");
	}
	strbuf_append(&out, ")");
	return lint_take(linting, &out);
}

/*
 * The call has the rule's arguments; `compared` are those that are looked at. `is_list`: the rule is about many values,
 * which no mask expresses.
 */
static void report_evasion(struct linting *linting, struct callgate_call *call, const char *name, unsigned int compared,
                           unsigned int arg, uint64_t read, bool is_list, const struct evasion *evasion,
                           struct callgate_finding *finding)
{
	char action_evading[CALLGATE_ACTION_TEXT], action_meant[CALLGATE_ACTION_TEXT];

	call->args[arg] = evasion->meant;
	const char *meant = call_text(linting, name, compared, call->args);
	call->args[arg] = evasion->evading;
	const char *evading = call_text(linting, name, compared, call->args);
	callgate_action_text(evasion->action_evading, action_evading);
	callgate_action_text(evasion->action_meant, action_meant);
	finding->name = "width";
	finding->level = CALLGATE_FINDING_ERROR;
	finding->argument = (int)arg;
	finding->text =
	    lint_text(linting,
	              "the kernel reads only %d bits of argument %u: on %s %s gets %s, and does what %s does, "
	              "which gets %s",
	              __builtin_popcountll(read), arg, callgate_arch_find(call->arch)->name, evading, action_evading,
	              meant, action_meant);
	finding->fix = is_list
	                   ? "list the values that are meant, each with SCMP_CMP_MASKED_EQ and the mask of those bits"
	                   : "compare what the kernel reads: SCMP_CMP_MASKED_EQ with the mask of those bits";
	lint_show(linting, finding, call);
	lint_add(linting, finding);
}

/* A negative int comes in a register with its upper half empty or full, as the compiler of the caller likes. */
static void report_negative(const struct comparison *comparison, struct callgate_finding *finding)
{
	const struct scmp_arg_cmp *compare = comparison->compare;
	const uint64_t upper = compare->datum_a >> 32;
	const uint32_t lower = (uint32_t)compare->datum_a;

	if (comparison->read != UINT32_MAX || (compare->op != SCMP_CMP_EQ && compare->op != SCMP_CMP_NE) ||
	    !(lower & 0x80000000u) || (upper != 0 && upper != UINT32_MAX))
		return;
	finding->name = "width";
	finding->level = CALLGATE_FINDING_NOTE;
	finding->text =
	    lint_text(comparison->linting,
	              "argument %u of %s is an int: programs give %d as 0x%" PRIx32 " or as 0xffffffff%" PRIx32
	              ", and this is about one of them; SCMP_CMP_MASKED_EQ with "
	              "4294967295 compares what the kernel reads",
	              compare->arg, comparison->call, (int32_t)lower, lower, lower);
	lint_add(comparison->linting, finding);
}

static unsigned int compared_by(const struct callgate_rule *rule)
{
	unsigned int compared = 0;

	for (size_t i = 0; i < rule->condition_count; i++)
		compared |= 1u << (rule->conditions[i].arg & ~CALLGATE_LOW_HALF);
	return compared;
}

static void look_at_width(const struct comparison *comparison, struct callgate_finding *finding)
{
	const struct scmp_arg_cmp *compare = comparison->compare;
	const struct callgate_rule *rule = comparison->rule;
	struct linting *linting = comparison->linting;
	const bool is_masked = compare->op == SCMP_CMP_MASKED_EQ;
	const uint64_t compared = is_masked ? compare->datum_a : UINT64_MAX;
	const uint64_t value = is_masked ? compare->datum_a & compare->datum_b : compare->datum_a;
	struct callgate_call call = {.arch = rule->arch, .nr = rule->nr};
	struct evasion evasion;

	if (!comparison->read || compare->arg & CALLGATE_LOW_HALF || comparison->arch->register_bits != 64 ||
	    !(compared & ~comparison->read))
		return;
	for (size_t i = 0; i < rule->condition_count; i++)
		call.args[rule->conditions[i].arg & ~CALLGATE_LOW_HALF] = argument_for(&rule->conditions[i]);
	if (find_evasion(linting, &call, compare->arg, comparison->read, value, !lint_action_passes(rule->action),
	                 compare->op == SCMP_CMP_EQ || is_masked, &evasion))
		report_evasion(linting, &call, comparison->call, compared_by(rule), compare->arg, comparison->read,
		               compare->op != SCMP_CMP_EQ && !is_masked, &evasion, finding);
	else
		report_negative(comparison, finding);
}

/* ---- the other kinds ---- */

/* A new stack is declared as a number. On s390x it comes first, where others have the flags of clone(2). */
static bool is_address(const struct prototype *prototype, unsigned int arg)
{
	const struct argument *argument = &prototype->arguments[arg];

	return argument->shown == SHOWN_POINTER || argument->shown == SHOWN_PATH ||
	       (argument->name && strcmp(argument->name, "newsp") == 0);
}

static void look_at_pointer(const struct comparison *comparison, struct callgate_finding *finding)
{
	const unsigned int arg = comparison->compare->arg & ~CALLGATE_LOW_HALF;
	const struct prototype *prototype = prototype_find(comparison->arch, comparison->call);

	if (!prototype || !is_address(prototype, arg) || comparison->compare->datum_a == 0)
		return; /* comparing with NULL is common, and means something */
	finding->name = "pointer";
	finding->level = CALLGATE_FINDING_ERROR;
	finding->text =
	    lint_text(comparison->linting,
	              "argument %u of %s on %s (%s) is an address: what is there can be anything, and filters do "
	              "not see it",
	              arg, comparison->call, comparison->arch->name, prototype->arguments[arg].name);
	finding->fix = "decide by other arguments, or deny the call";
	lint_add(comparison->linting, finding);
}

/* Always 1, never -1, or 0: it depends. */
static int effect_of(const struct comparison *comparison)
{
	const struct scmp_arg_cmp *compare = comparison->compare;
	const bool is_low = compare->arg & CALLGATE_LOW_HALF || comparison->arch->register_bits == 32;
	const uint64_t most = is_low ? UINT32_MAX : UINT64_MAX, value = compare->datum_a;

	switch (compare->op) {
	case SCMP_CMP_LT:
		return value == 0 ? -1 : value > most;
	case SCMP_CMP_LE:
		return value >= most;
	case SCMP_CMP_GE:
		return value == 0 ? 1 : -(value > most);
	case SCMP_CMP_GT:
		return -(value >= most);
	case SCMP_CMP_EQ:
		return -(value > most);
	case SCMP_CMP_MASKED_EQ:
		return (value & most) == 0 ? (compare->datum_b & value) == 0 ? 1 : -1 : 0;
	default:
		return 0;
	}
}

static void look_at_effect(const struct comparison *comparison, struct callgate_finding *finding)
{
	const int effect = effect_of(comparison);

	if (!effect)
		return;
	finding->name = effect > 0 ? "always" : "never";
	finding->level = CALLGATE_FINDING_WARNING;
	finding->text =
	    lint_text(comparison->linting, "on %s a condition on argument %u of %s %s", comparison->arch->name,
	              comparison->compare->arg & ~CALLGATE_LOW_HALF, comparison->call,
	              effect > 0 ? "always holds" : "never holds: the rule decides nothing");
	finding->fix = effect > 0 ? "leave it out" : "leave the rule out, or compare with what the argument can be";
	lint_add(comparison->linting, finding);
}

static void look_at_condition(struct linting *linting, const struct callgate_rule *rule,
                              const struct scmp_arg_cmp *compare)
{
	static void (*const looks[])(const struct comparison *comparison, struct callgate_finding *finding) = {
	    look_at_width, look_at_pointer, look_at_effect};
	const struct callgate_arch *arch = callgate_arch_find(rule->arch);
	const char *call = callgate_syscall_name(rule->arch, rule->nr);
	const unsigned int arg = compare->arg & ~CALLGATE_LOW_HALF;

	if (!call || !arch || arg >= CALLGATE_ARGUMENTS)
		return;
	const unsigned int bits = callgate_argument_bits(rule->arch, call, arg);
	const struct comparison comparison = {linting, arch, rule,
	                                      compare, call, bits > 0 && bits < 64 ? (UINT64_C(1) << bits) - 1 : 0};
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		struct callgate_finding finding = {.rule = rule->id, .argument = (int)arg};
		finding.subject = lint_text(linting, "%s:%u:%d:%" PRIx64 ":%" PRIx64, call, arg, (int)compare->op,
		                            compare->datum_a, compare->datum_b);
		looks[i](&comparison, &finding);
	}
}

/* ---- rules ---- */

static void look_at_rules(struct linting *linting)
{
	struct callgate_rule rule;
	size_t count = 0;

	for (size_t i = 0; !linting->error && callgate_simulator_rule(linting->simulator, i, &rule) == 0; i++)
		for (size_t j = 0; j < rule.condition_count; j++)
			if (count++ < COMPARISONS_MAX)
				look_at_condition(linting, &rule, &rule.conditions[j]);
	if (count > COMPARISONS_MAX)
		lint_note_unasked(linting, "width", "unasked:comparisons",
		                  lint_text(linting,
		                            "of %zu comparisons the first %d were looked at for width, pointer, always "
		                            "and never",
		                            count, COMPARISONS_MAX));
}

/* ---- programs, whose cases the prover finds ---- */

static unsigned int compared_in(const struct callgate_case *found)
{
	unsigned int compared = 0;

	for (size_t i = 0; i < found->condition_count; i++)
		if (found->conditions[i].argument < CALLGATE_ARGUMENTS)
			compared |= 1u << found->conditions[i].argument;
	return compared;
}

static void report_instruction_pointer(struct linting *linting, const struct callgate_call *example)
{
	struct callgate_finding finding = {
	    .name = "pointer", .level = CALLGATE_FINDING_ERROR, .subject = "instruction-pointer", .argument = -1};

	finding.text = "the instruction pointer is compared: whoever controls the program jumps to where "
	               "calls are allowed";
	finding.fix = "decide by the number and the arguments";
	lint_show(linting, &finding, example);
	lint_add(linting, &finding);
}

static void look_at_case(struct linting *linting, const struct callgate_arch *arch, const char *call,
                         const struct callgate_case *found)
{
	for (size_t i = 0; i < found->condition_count; i++) {
		const struct callgate_condition *condition = &found->conditions[i];
		const unsigned int arg = condition->argument;
		const unsigned int bits =
		    arg < CALLGATE_ARGUMENTS ? callgate_argument_bits(arch->token, call, arg) : 64;
		const uint64_t read = bits > 0 && bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
		struct callgate_finding finding = {.argument = (int)arg};
		struct callgate_call example = found->example;
		struct evasion evasion;
		example.arch = arch->token;
		finding.subject = lint_text(linting, "%s:%u:%" PRIx64, call, arg, condition->value);
		if (condition->mask & ~read && arch->register_bits == 64 &&
		    find_evasion(linting, &example, arg, read, found->example.args[arg] & read, true, false,
		                 &evasion) &&
		    lint_action_passes(evasion.action_evading) && linting->allows_by_default)
			report_evasion(linting, &example, call, compared_in(found), arg, read,
			               condition->op != SCMP_CMP_EQ && condition->op != SCMP_CMP_MASKED_EQ, &evasion,
			               &finding);
		const struct scmp_arg_cmp compare = {arg, condition->op, condition->value, 0};
		const struct callgate_rule none = {.arch = arch->token, .nr = example.nr};
		const struct comparison comparison = {linting, arch, &none, &compare, call, 0};
		if (arg < CALLGATE_ARGUMENTS && condition->mask & UINT32_MAX)
			look_at_pointer(&comparison, &finding);
		if (arg == CALLGATE_ARGUMENTS)
			report_instruction_pointer(linting, &example);
	}
}

/* Of one architecture: what was not found of which calls is said. */
static void look_at_cases(struct linting *linting, size_t index)
{
	const struct callgate_arch *arch = linting->archs[index];
	struct strbuf unasked = {0};
	const char *call;

	for (size_t i = 0; (call = callgate_syscall_name_at(i)) && !linting->error; i++) {
		const int nr = callgate_syscall_number(arch->token, call);
		struct callgate_cases *cases = NULL;
		if (nr < 0 || lint_passing(linting, index, call) != CONDITIONAL)
			continue;
		const int result = callgate_cases_find(linting->filter, arch->token, nr, 0, NULL, CASES_MAX, &cases);
		if (result == -ENOMEM)
			linting->error = result;
		for (size_t j = 0; result == 0 && j < cases->count; j++)
			look_at_case(linting, arch, call, &cases->cases[j]);
		if (result < 0 || !cases->complete)
			strbuf_printf(&unasked, "%s%s", unasked.length ? ", " : "", call);
		callgate_cases_free(cases);
	}
	const char *list = lint_take(linting, &unasked);
	if (*list)
		lint_note_unasked(linting, "width", lint_text(linting, "unasked:%s", arch->name),
		                  lint_text(linting,
		                            "on %s only the first %d cases of these calls were looked at for width and "
		                            "pointer: %s",
		                            arch->name, CASES_MAX, list));
}

void lint_rules(struct linting *linting)
{
	if (linting->simulator)
		look_at_rules(linting);
	for (size_t i = 0; !linting->simulator && i < linting->arch_count && !linting->error; i++)
		look_at_cases(linting, i);
}
