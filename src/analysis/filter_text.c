/* Filters as text: pseudo filter code, which people diff; programs; and what a proof is about. */
#include "analysis/filter_text.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/seccomp.h>

#include <callgate/compile.h>
#include <callgate/program.h>

#include "api/context.h"
#include "base/raw.h"
#include "base/strbuf.h"

enum { LINE_LENGTH_MAX = 160 };

__attribute__((format(printf, 3, 4))) static void line(struct strbuf *text, int indent, const char *format, ...)
{
	char buffer[LINE_LENGTH_MAX];
	va_list list;

	va_start(list, format);
	vsnprintf(buffer, sizeof(buffer), format, list);
	va_end(list);
	for (int i = 0; i < indent; i++)
		strbuf_append(text, "  ");
	strbuf_append(text, buffer);
	strbuf_append(text, "\n");
}

/* As libseccomp 2.6 has it: names for all actions but NOTIFY. */
static void write_action(struct strbuf *text, int indent, uint32_t action)
{
	const struct callgate_action_kind *kind = callgate_action_kind(action);
	uint32_t data = action & SECCOMP_RET_DATA;

	if (!kind || kind->action == SECCOMP_RET_USER_NOTIF || (data && !kind->data_max))
		line(text, indent, "action 0x%" PRIx32 ";", action);
	else if (data || kind->action == SECCOMP_RET_ERRNO || kind->action == SECCOMP_RET_TRACE)
		line(text, indent, "action %s(%" PRIu32 ");", kind->name, data);
	else
		line(text, indent, "action %s;", kind->name);
}

/* The rest of a rule: what is printed where all comparisons so far hold. */
struct rest {
	const struct policy_rule *rule;
	const struct callgate_arch *arch;
	uint32_t next;
};

static void write_rest(struct strbuf *text, int indent, struct rest rest);

/* Half of an argument, and what it is compared with: "$a1.hi32", or "$a1" where an argument is one word. */
static void write_test(struct strbuf *text, int indent, const struct rest *rest, bool high, const char *op)
{
	assert(rest->next > 0);
	const struct policy_condition *condition = &rest->rule->conditions[rest->next - 1];
	const char *half = rest->arch->word_bits == 32 ? "" : high ? ".hi32" : ".lo32";
	uint32_t value = (uint32_t)(high ? condition->value >> 32 : condition->value);
	uint32_t mask = (uint32_t)(high ? condition->mask >> 32 : condition->mask);

	if (condition->op == POLICY_MASKED_EQ)
		line(text, indent, "if ($a%u%s & 0x%.8" PRIx32 " == %" PRIu32 ")", condition->arg, half, mask, value);
	else
		line(text, indent, "if ($a%u%s %s %" PRIu32 ")", condition->arg, half, op, value);
}

static bool is_ordered(const struct policy_condition *condition)
{
	return condition->op != POLICY_EQ && condition->op != POLICY_NE && condition->op != POLICY_MASKED_EQ;
}

/*
 * The upper half decides unless it is equal. There are tests for equal, greater, and greater or equal; the others are
 * their negations.
 */
static void write_condition(struct strbuf *text, int indent, struct rest rest)
{
	static const struct {
		const char *test;
		bool negated;
	} forms[] = {
	    [POLICY_NE] = {"==", true},         [POLICY_LT] = {">=", true},  [POLICY_LE] = {">", true},
	    [POLICY_EQ] = {"==", false},        [POLICY_GE] = {">=", false}, [POLICY_GT] = {">", false},
	    [POLICY_MASKED_EQ] = {"==", false},
	};
	const struct policy_condition *condition = &rest.rule->conditions[rest.next - 1];
	bool negated = forms[condition->op].negated;
	bool halves = rest.arch->word_bits == 64 && !policy_condition_is_low(condition, rest.arch);

	if (halves && is_ordered(condition)) {
		write_test(text, indent, &rest, true, ">");
		if (!negated)
			write_rest(text, indent + 1, rest);
		line(text, indent++, "else");
	}
	if (halves)
		write_test(text, indent++, &rest, true, "==");
	write_test(text, indent, &rest, false, forms[condition->op].test);
	if (negated)
		line(text, indent, "else");
	write_rest(text, indent + 1, rest);
	if (negated && halves) {
		line(text, indent - 1, "else");
		write_rest(text, indent, rest);
	}
}

static void write_rest(struct strbuf *text, int indent, struct rest rest)
{
	assert(rest.next <= rest.rule->condition_count);
	if (rest.next == rest.rule->condition_count) {
		write_action(text, indent, rest.rule->action);
		return;
	}
	rest.next++;
	write_condition(text, indent, rest);
}

static uint32_t condition_words(const struct policy_condition *condition, const struct callgate_arch *arch)
{
	if (arch->word_bits == 32 || policy_condition_is_low(condition, arch))
		return 1;
	return is_ordered(condition) ? 3 : 2;
}

/* How many conditions two rules have in common, from the left. */
static uint32_t shared_conditions(const struct policy_rule *a, const struct policy_rule *b)
{
	uint32_t n = 0;

	while (n < a->condition_count && n < b->condition_count &&
	       policy_condition_is_same(&a->conditions[n], &b->conditions[n]))
		n++;
	return n;
}

enum { COST_MAX = 0xffff, PRIORITY_SHIFT = 16 };

/* Word comparisons of a call's rules; what a rule shares with the one before it, from the left, is tested once. */
static uint32_t cost(const struct policy_syscall *syscall, const struct callgate_arch *arch)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < syscall->rule_count; i++) {
		uint32_t shared = i > 0 ? shared_conditions(&syscall->rules[i - 1], &syscall->rules[i]) : 0;
		for (uint32_t j = shared; j < syscall->rules[i].condition_count; j++)
			sum += condition_words(&syscall->rules[i].conditions[j], arch);
	}
	return sum < COST_MAX ? sum : COST_MAX;
}

struct entry {
	const struct policy_syscall *syscall;
	/* those with the largest `first` come first, and then those with the largest numbers */
	uint32_t priority, first;
};

static int descending(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? 1 : -1;
	return (x->syscall->nr < y->syscall->nr) - (x->syscall->nr > y->syscall->nr);
}

static void write_syscall(struct strbuf *text, const struct entry *entry, const struct callgate_arch *arch, int indent)
{
	const struct policy_syscall *syscall = entry->syscall;
	const char *name = arch_syscall_name(arch, (int32_t)syscall->nr);

	line(text, indent, "# filter for syscall \"%s\" (%" PRIu32 ") [priority: %" PRIu32 "]", name ? name : "UNKNOWN",
	     syscall->nr, entry->priority);
	line(text, indent, "if ($syscall == %" PRIu32 ")", syscall->nr);
	for (uint32_t i = 0; i < syscall->rule_count; i++)
		write_rest(text, indent + 1, (struct rest){&syscall->rules[i], arch, 0});
}

/* Leaves of the tree hold four calls; each level doubles that. */
static void write_tree(struct strbuf *text, const struct entry *entries, size_t count, const struct callgate_arch *arch)
{
	int levels = 1, indent = 1;

	while (((size_t)4 << (levels - 1)) < count)
		levels++;
	for (size_t i = 0; i < count; i++) {
		for (int level = levels - 1; level > 0; level--) {
			size_t width = (size_t)4 << level;
			if (i % width == 0 && i + width / 2 < count)
				line(text, indent++, "if ($syscall > %" PRIu32 ")", entries[i + width / 2].syscall->nr);
			else if (i % width == width / 2)
				line(text, indent - 1, "else # ($syscall <= %" PRIu32 ")", entries[i].syscall->nr);
		}
		write_syscall(text, &entries[i], arch, indent);
		for (int level = 0; level < levels; level++)
			if ((i + 1) % ((size_t)8 << level) == 0)
				indent--;
	}
}

static void write_arch(struct strbuf *text, const struct policy *policy, const struct policy_arch *arch)
{
	struct entry *entries = calloc(arch->syscall_count + 1, sizeof(*entries));
	size_t count = 0;

	if (!entries) {
		text->failed = true;
		return;
	}
	for (size_t i = 0; i < arch->syscall_count; i++) {
		const struct policy_syscall *syscall = &arch->syscalls[i];
		uint32_t priority =
		    (uint32_t)syscall->priority << PRIORITY_SHIFT | (COST_MAX - cost(syscall, arch->arch));
		if (syscall->rule_count)
			entries[count++] = (struct entry){syscall, priority, policy->optimize == 2 ? 0 : priority};
	}
	qsort(entries, count, sizeof(*entries), descending);
	line(text, 0, "# filter for arch %s (%" PRIu32 ")", arch->arch->name, arch->arch->audit);
	line(text, 0, "if ($arch == %" PRIu32 ")", arch->arch->audit);
	if (policy->optimize == 2)
		write_tree(text, entries, count, arch->arch);
	else
		for (size_t i = 0; i < count; i++)
			write_syscall(text, &entries[i], arch->arch, 1);
	line(text, 1, "# default action");
	write_action(text, 1, policy->default_action);
	free(entries);
}

/*
 * With one rule for each system call it is what libseccomp prints, byte for byte; with several, each is printed after
 * the other in matching order.
 */
static void write_policy(const struct policy *policy, struct strbuf *text)
{
	strbuf_append(text, "#\n# pseudo filter code start\n#\n");
	for (size_t i = 0; i < policy->arch_count; i++)
		write_arch(text, policy, &policy->archs[i]);
	line(text, 0, "# invalid architecture action");
	write_action(text, 0, policy->bad_arch_action);
	strbuf_append(text, "#\n# pseudo filter code end\n#\n");
}

int seccomp_export_pfc(const scmp_filter_ctx ctx, int fd)
{
	struct context *context = context_check(ctx);
	struct strbuf text = {0};
	struct arena arena = {0};

	if (!context)
		return -EINVAL;
	const struct policy *policy = context_policy(context, true, &arena);
	if (policy)
		write_policy(policy, &text);
	int result =
	    policy && !text.failed ? 0 : diag_fail(&context->diag, -ENOMEM, "out of memory for the pseudo code");
	if (result == 0) {
		raw_seek_end(fd);
		result = context_write(context, fd, text.text, text.length);
	}
	strbuf_finish(&text);
	arena_finish(&arena);
	return result;
}

/* ---- programs ---- */

char *callgate_program_disassemble(const struct callgate_program *program)
{
	struct strbuf text = {0};

	if (!program)
		return NULL;
	bpf_disassemble(program, &text);
	return strbuf_steal(&text);
}

/* ---- what a proof is about ---- */

static void add_proof_rule(const struct policy_rule *rule, struct strbuf *out)
{
	static const char operators[][10] = {/* ORDER policy_op */ "",
	                                     "NE",
	                                     "LT",
	                                     "LE",
	                                     "EQ",
	                                     "GE",
	                                     "GT",
	                                     "MASKED_EQ"};

	strbuf_printf(out, "rule 0x%x\n", rule->action);
	for (uint32_t i = 0; i < rule->condition_count; i++) {
		const struct policy_condition *condition = &rule->conditions[i];
		strbuf_printf(out, "condition %u %s 0x%" PRIx64 " 0x%" PRIx64 "\n", condition->arg,
		              operators[condition->op], condition->mask, condition->value);
	}
}

static void add_proof_arch(const struct policy_arch *arch, struct strbuf *out)
{
	const struct callgate_arch *facts = arch->arch;

	strbuf_printf(out, "architecture 0x%x 0x%x 0x%x %u\n", facts->audit, facts->nr_first, facts->nr_last,
	              facts->word_bits);
	if (arch->unknown_first)
		strbuf_printf(out, "unknown 0x%x 0x%x\n", arch->unknown_first, arch->unknown_action);
	for (size_t i = 0; i < arch->syscall_count; i++) {
		strbuf_printf(out, "call 0x%x\n", arch->syscalls[i].nr);
		for (uint32_t j = 0; j < arch->syscalls[i].rule_count; j++)
			add_proof_rule(&arch->syscalls[i].rules[j], out);
	}
}

void filter_text_add_policy(struct strbuf *out, const struct policy *policy)
{
	assert(policy->arch_count > 0);
	strbuf_printf(out, "callgate-proof 1\norder %s\ndefault 0x%x\nbad-architecture 0x%x\n",
	              policy->archs[0].arch->big_endian ? "big" : "little", policy->default_action,
	              policy->bad_arch_action);
	for (size_t i = 0; i < policy->arch_count; i++)
		add_proof_arch(&policy->archs[i], out);
}

void filter_text_add_program(struct strbuf *out, const struct callgate_program *program)
{
	const unsigned char *byte = (const unsigned char *)program->bytes;

	strbuf_append(out, "program\n");
	for (size_t i = 0; i < program->count; i++, byte += 8)
		strbuf_printf(out, "code %02x%02x%02x%02x%02x%02x%02x%02x\n", byte[0], byte[1], byte[2], byte[3],
		              byte[4], byte[5], byte[6], byte[7]);
}

int callgate_compile_text(const scmp_filter_ctx ctx, char **ret_text)
{
	struct context *context = context_check_with(ctx, ret_text, "place for the text");
	struct arena arena = {0};
	struct strbuf text = {0};
	int result = context ? context_compile(context, false) : -EINVAL;

	if (result < 0)
		return result;
	const struct policy *policy = context_policy(context, false, &arena);
	if (policy)
		filter_text_add_policy(&text, policy);
	for (size_t i = 0; policy && i < context->output.count; i++)
		filter_text_add_program(&text, context->output.programs[i]);
	arena_finish(&arena);
	char *stolen = policy ? strbuf_steal(&text) : NULL;
	if (!stolen)
		return diag_fail(&context->diag, -ENOMEM, "out of memory for the text");
	*ret_text = stolen;
	return 0;
}
