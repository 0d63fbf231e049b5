/* Looks at a filter with every part of the room, and keeps what they find. */
#include <callgate/lint.h>

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/diagnosis.h>
#include <callgate/rule.h>
#include <callgate/syscall.h>

#include "lint/linting.h"

/* ---- what the parts ask ---- */

static void fail(struct linting *linting, int error)
{
	linting->error = linting->error ? linting->error : error;
}

static struct callgate_verdict ask_programs(struct linting *linting, const struct callgate_call *call)
{
	struct callgate_verdict all = {.action = SCMP_ACT_ALLOW, .from_bitmap = true}, one = all;

	for (size_t i = 0; i < linting->filter->program_count; i++) {
		const int result = callgate_simulate_program(linting->filter->programs[i], call, &one);
		if (result < 0) {
			fail(linting, result);
			return (struct callgate_verdict){.action = SCMP_ACT_KILL_PROCESS};
		}
		all.action = callgate_action_strictest(one.action, all.action);
		all.from_bitmap = all.from_bitmap && one.from_bitmap;
		all.executed += one.executed;
	}
	return all;
}

struct callgate_verdict lint_ask(struct linting *linting, const struct callgate_call *call)
{
	struct callgate_verdict verdict = {.action = SCMP_ACT_KILL_PROCESS};

	if (!linting->filter->ctx)
		return ask_programs(linting, call);
	const int result = callgate_simulate(linting->filter->ctx, call, &verdict);
	if (result < 0)
		fail(linting, result);
	return verdict;
}

enum passing lint_passing_number(const struct linting *linting, size_t arch, uint32_t nr)
{
	const struct callgate_numbers *numbers = linting->numbers[arch];
	size_t low = 0, high = numbers->count;

	while (low + 1 < high) {
		const size_t middle = low + (high - low) / 2;
		if (numbers->ranges[middle].first <= nr)
			low = middle;
		else
			high = middle;
	}
	const struct callgate_number_range *range = &numbers->ranges[low];
	return !range->ever_allowed ? DENIED : range->ever_denied ? CONDITIONAL : PASSES;
}

enum passing lint_passing(const struct linting *linting, size_t arch, const char *call)
{
	const int nr = callgate_syscall_number(linting->archs[arch]->token, call);

	return nr < 0 ? DENIED : lint_passing_number(linting, arch, (uint32_t)nr);
}

enum passing lint_passing_where(struct linting *linting, size_t arch, const char *call,
                                const struct scmp_arg_cmp *comparison)
{
	const uint32_t token = linting->archs[arch]->token;
	const int nr = callgate_syscall_number(token, call);
	struct callgate_answer answer = {.proved = false};

	if (nr < 0)
		return DENIED;
	const int result = callgate_ask(linting->filter, token, nr, 1, comparison, SCMP_ACT_ALLOW, &answer);
	if (result < 0 || !answer.proved)
		fail(linting, result < 0 ? result : -EDQUOT);
	return !answer.ever_allowed ? DENIED : answer.ever_denied ? CONDITIONAL : PASSES;
}

struct callgate_call lint_call(const struct linting *linting, size_t arch, const char *call)
{
	const uint32_t token = linting->archs[arch]->token;

	return (struct callgate_call){.arch = token, .nr = callgate_syscall_number(token, call)};
}

bool lint_is_explicit(struct linting *linting, size_t arch, const char *call)
{
	const struct callgate_call example = lint_call(linting, arch, call);

	if (lint_passing(linting, arch, call) == CONDITIONAL || linting->allows_by_default)
		return true;
	return linting->filter->ctx && lint_ask(linting, &example).reason == CALLGATE_REASON_RULE;
}

uint32_t lint_restricting_rule(struct linting *linting, size_t arch, const char *call)
{
	const struct callgate_call example = lint_call(linting, arch, call);
	const bool depends = lint_passing(linting, arch, call) == CONDITIONAL;
	struct callgate_rule rule;
	uint32_t first = 0;

	for (size_t i = 0; depends && linting->simulator && callgate_simulator_rule(linting->simulator, i, &rule) == 0;
	     i++) {
		const char *name = callgate_syscall_name(rule.arch, rule.nr);
		if (rule.arch != example.arch || !rule.condition_count || !name || strcmp(name, call) != 0)
			continue;
		if (!lint_action_passes(rule.action))
			return rule.id;
		first = first ? first : rule.id;
	}
	return first || !linting->filter->ctx ? first : lint_ask(linting, &example).rule;
}

/* ---- what the parts find ---- */

const char *lint_take(struct linting *linting, struct strbuf *text)
{
	const char *copy = strbuf_move(text, &linting->arena);

	if (!copy)
		fail(linting, -ENOMEM);
	return copy ? copy : "";
}

const char *lint_text(struct linting *linting, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	const int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	char *text = length < 0 ? NULL : arena_alloc(&linting->arena, (size_t)length + 1);
	if (text)
		vsnprintf(text, (size_t)length + 1, format, args);
	else
		fail(linting, -ENOMEM);
	va_end(args);
	return text ? text : "";
}

void lint_show(struct linting *linting, struct callgate_finding *finding, const struct callgate_call *call)
{
	const struct callgate_verdict verdict = lint_ask(linting, call);

	finding->has_witness = true;
	finding->witness = *call;
	finding->action = verdict.action;
	finding->rule = finding->rule ? finding->rule : verdict.rule;
}

/* FNV-1a */
static uint32_t hash_text(uint32_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x01000193u;
	return hash;
}

static bool is_same(const void *items, uint32_t index, const void *key)
{
	const struct callgate_finding *finding = key, *other = (const struct callgate_finding *)items + index;

	return strcmp(other->name, finding->name) == 0 && strcmp(other->subject, finding->subject) == 0;
}

void lint_add(struct linting *linting, const struct callgate_finding *finding)
{
	assert(finding->name && finding->text && finding->subject);
	const uint32_t hash = hash_text(hash_text(0x811c9dc5u, finding->name), finding->subject);
	if (table_find(&linting->table, hash, is_same, linting->found.items, finding) != TABLE_NONE)
		return;
	linting->table.arena = &linting->arena;
	if (!table_reserve(&linting->table, 1) || !vec_push_in(&linting->found, &linting->arena, *finding) ||
	    !table_add(&linting->table, hash, (uint32_t)linting->found.count - 1))
		fail(linting, -ENOMEM);
}

void lint_note_unasked(struct linting *linting, const char *name, const char *subject, const char *text)
{
	const struct callgate_finding finding = {
	    .name = name, .level = CALLGATE_FINDING_NOTE, .subject = subject, .text = text, .argument = -1};

	lint_add(linting, &finding);
}

/* ---- the filter ---- */

static void add_arch(struct linting *linting, const struct callgate_arch *arch)
{
	const size_t index = linting->arch_count;

	assert(index < LINTED_ARCHS_MAX);
	const int result = callgate_numbers_find(linting->filter, arch->token, &linting->numbers[index]);
	if (result < 0) {
		fail(linting, result);
		return;
	}
	linting->archs[linting->arch_count++] = arch;
}

/* How many of the context's architectures run on machines of this one. */
static size_t count_run(scmp_filter_ctx ctx, const struct callgate_arch *machine)
{
	const struct callgate_arch *arch;
	size_t count = 0;

	for (size_t i = 0; (arch = callgate_machine_arch_at(machine->token, i)); i++)
		count += seccomp_arch_exist(ctx, arch->token) == 0;
	return count;
}

/* The machine: the one that runs most of the others. */
static const struct callgate_arch *find_machine(scmp_filter_ctx ctx)
{
	const struct callgate_arch *machine = NULL, *arch;

	for (size_t i = 0; (arch = callgate_arch_at(i)); i++)
		if (seccomp_arch_exist(ctx, arch->token) == 0 &&
		    (!machine || count_run(ctx, arch) > count_run(ctx, machine)))
			machine = arch;
	return machine;
}

/*
 * Of a program: it is for the others, too, on whose calls it does not answer all the same; x32 has the audit value of
 * x86_64, and numbers of its own.
 */
static void add_others(struct linting *linting)
{
	const struct callgate_arch *first = linting->archs[0], *arch;

	for (size_t i = 1; !linting->error && (arch = callgate_machine_arch_at(first->token, i)); i++) {
		add_arch(linting, arch);
		if (!linting->error && linting->numbers[linting->arch_count - 1]->count == 1)
			callgate_numbers_free(linting->numbers[--linting->arch_count]);
	}
}

/* The machine's own first. Of one filter all have one byte order, so there are few. */
static void find_archs(struct linting *linting, uint32_t arch)
{
	const scmp_filter_ctx ctx = linting->filter->ctx;
	const struct callgate_arch *first = ctx ? find_machine(ctx) : callgate_arch_find(arch), *facts;

	if (!first) {
		fail(linting, -EINVAL);
		callgate_diagnosis_set("the filter is for no architecture that is known");
		return;
	}
	add_arch(linting, first);
	if (!ctx && !linting->error)
		add_others(linting);
	for (size_t i = 0;
	     ctx && !linting->error && linting->arch_count < LINTED_ARCHS_MAX && (facts = callgate_arch_at(i)); i++)
		if (facts != first && seccomp_arch_exist(ctx, facts->token) == 0)
			add_arch(linting, facts);
}

static void find_default(struct linting *linting)
{
	const struct callgate_arch *arch = linting->archs[0];
	const uint32_t unknown = (uint32_t)callgate_syscall_newest(arch->token) + 1000;

	linting->allows_by_default = lint_passing_number(linting, 0, unknown) == PASSES;
}

/* The memory of a result: findings and their texts. */
struct kept {
	struct callgate_findings findings;
	struct arena arena;
};

static void run_parts(struct linting *linting)
{
	static void (*const parts[])(struct linting * linting) = {lint_rules,    lint_dead,  lint_ways,
	                                                          lint_fallback, lint_start, lint_whole};

	find_default(linting);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !linting->error; i++)
		parts[i](linting);
}

static void finish(struct linting *linting)
{
	callgate_simulator_free(linting->simulator);
	for (size_t i = 0; i < linting->arch_count; i++)
		callgate_numbers_free(linting->numbers[i]);
}

int callgate_lint(const struct callgate_filter *filter, uint32_t arch, const char *const *capabilities,
                  struct callgate_findings **ret_findings)
{
	return callgate_lint_libc(filter, arch, capabilities, NULL, ret_findings);
}

int callgate_lint_libc(const struct callgate_filter *filter, uint32_t arch, const char *const *capabilities,
                       const char *libc, struct callgate_findings **ret_findings)
{
	struct linting linting = {.filter = filter, .capabilities = capabilities, .libc = libc};

	if (!filter || !ret_findings || !(filter->ctx || (filter->programs && filter->program_count))) {
		callgate_diagnosis_set("a filter and a place for the findings are needed");
		return -EINVAL;
	}
	if (libc && !lint_knows_libc(libc)) {
		callgate_diagnosis_set("there is no such C library or runtime");
		return -EINVAL;
	}
	if (filter->ctx)
		linting.error = callgate_simulator_new(filter->ctx, &linting.simulator);
	if (!linting.error)
		find_archs(&linting, arch);
	if (!linting.error)
		run_parts(&linting);
	finish(&linting);
	struct kept *kept = linting.error ? NULL : calloc(1, sizeof(*kept));
	if (!kept) {
		arena_finish(&linting.arena);
		return linting.error ? linting.error : -ENOMEM;
	}
	kept->arena = linting.arena;
	kept->findings = (struct callgate_findings){linting.found.count, linting.found.items};
	*ret_findings = &kept->findings;
	return 0;
}

void callgate_findings_free(struct callgate_findings *findings)
{
	struct kept *kept = (struct kept *)findings; /* its first member */

	if (kept)
		arena_finish(&kept->arena);
	free(kept);
}
