/* What never decides: rules of a context, and branches of programs. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include <callgate/diagnosis.h>
#include <callgate/syscall.h>

#include "lint/linting.h"

/* ---- rules ---- */

/* An alternative of a rule on one architecture. One is enough for the rule to decide a call, as far as that is known.
 */
struct alternative {
	uint32_t id, arch, nr;
	bool decides;
};

static int by_rule(const void *a, const void *b)
{
	const struct alternative *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static void report_dead(struct linting *linting, const struct alternative *rule)
{
	const char *call = callgate_syscall_name(rule->arch, (int)rule->nr);
	struct callgate_finding finding = {
	    .name = "dead", .level = CALLGATE_FINDING_WARNING, .rule = rule->id, .argument = -1};

	if (!call)
		return;
	finding.subject = lint_text(linting, "%s:%" PRIu32, call, rule->id);
	finding.text = lint_text(linting, "the rule for %s never decides: others always do before it", call);
	finding.fix = "leave it out, or move it before the others where rules have an order";
	lint_add(linting, &finding);
}

/* Makes calls that hit every rule that any call hits. False: it is not known of this architecture, which is said. */
static bool hit_rules(struct linting *linting, const struct callgate_arch *arch)
{
	const int result = callgate_simulator_cover(linting->simulator, arch->token, 0, UINT32_MAX, 0, NULL);

	if (result == -ENOMEM)
		linting->error = result;
	else if (result < 0)
		lint_note_unasked(linting, "dead", lint_text(linting, "unasked:%s", arch->name),
		                  lint_text(linting, "which rules never decide on %s is not known: %s", arch->name,
		                            callgate_diagnosis(NULL)));
	return result == 0;
}

/* Rules of which no call comes to any alternative. */
static void look_at_hits(struct linting *linting)
{
	ARENA_VEC(struct alternative) all = {0};
	struct callgate_rule rule;
	bool is_known[LINTED_ARCHS_MAX];

	for (size_t i = 0; i < linting->arch_count; i++)
		is_known[i] = hit_rules(linting, linting->archs[i]);
	for (size_t i = 0; !linting->error && callgate_simulator_rule(linting->simulator, i, &rule) == 0; i++) {
		size_t arch = 0;
		while (arch < linting->arch_count && linting->archs[arch]->token != rule.arch)
			arch++;
		const struct alternative own = {rule.id, rule.arch, (uint32_t)rule.nr, rule.hits != 0};
		if (rule.id && arch < linting->arch_count && is_known[arch] && !vec_push_in(&all, &linting->arena, own))
			linting->error = -ENOMEM;
	}
	if (all.count)
		qsort(all.items, all.count, sizeof(all.items[0]), by_rule);
	for (size_t i = 0, end; !linting->error && i < all.count; i = end) {
		bool decides = false;
		for (end = i; end < all.count && by_rule(&all.items[end], &all.items[i]) == 0; end++)
			decides = decides || all.items[end].decides;
		if (!decides)
			report_dead(linting, &all.items[i]);
	}
}

/* ---- programs ---- */

/* Jumps of a program that always go one way. */
static void look_at_jumps(struct linting *linting, size_t program)
{
	struct callgate_simulator *simulator = NULL;
	struct callgate_edge edge;
	size_t count = 0, first = 0;

	const int result = callgate_simulator_new_program(linting->filter->programs[program], &simulator);
	if (result < 0) {
		linting->error = result;
		return;
	}
	for (size_t i = 0; callgate_simulator_edge(simulator, i, &edge) == 0; i++)
		if (edge.reach == CALLGATE_REACH_NEVER) {
			first = count++ ? first : edge.instruction;
		}
	callgate_simulator_free(simulator);
	if (!count)
		return;
	struct callgate_finding finding = {.name = "dead", .level = CALLGATE_FINDING_NOTE, .argument = -1};
	finding.subject = program ? lint_text(linting, "program:%zu", program) : "program";
	finding.text = lint_text(linting, "%zu branches of the program are never taken, the first at instruction %zu",
	                         count, first);
	finding.fix = "`callgate disasm` shows them; a program of callgate has none";
	lint_add(linting, &finding);
}

void lint_dead(struct linting *linting)
{
	if (linting->simulator)
		look_at_hits(linting);
	for (size_t i = 0; !linting->simulator && i < linting->filter->program_count && !linting->error; i++)
		look_at_jumps(linting, i);
}
