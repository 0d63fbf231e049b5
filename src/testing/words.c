#include "testing/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/similar.h"

static const char *const arch_names[] = {
    "x86",    "x86_64",    "x32",     "arm",      "aarch64",     "loongarch64", "m68k",     "mips",
    "mips64", "mips64n32", "mipsel",  "mipsel64", "mipsel64n32", "parisc",      "parisc64", "ppc",
    "ppc64",  "ppc64le",   "riscv64", "s390",     "s390x",       "sh",          "sheb"};
enum { ARCH_NAMES = sizeof(arch_names) / sizeof(arch_names[0]) };

const char *words_arch_name(uint32_t token)
{
	for (size_t i = 0; i < ARCH_NAMES; i++)
		if (seccomp_arch_resolve_name(arch_names[i]) == token)
			return arch_names[i];
	return NULL;
}

uint32_t words_arch_at(size_t index)
{
	return index < ARCH_NAMES ? seccomp_arch_resolve_name(arch_names[index]) : 0;
}

uint32_t words_arch_token(const char *name)
{
	return seccomp_arch_resolve_name(name);
}

const char *words_closest_arch(const char *name)
{
	struct similar similar = similar_start(name);

	for (size_t i = 0; i < ARCH_NAMES; i++)
		similar_offer(&similar, arch_names[i]);
	return similar.best;
}

size_t words_archs_of(const scmp_filter_ctx ctx, uint32_t *ret_archs)
{
	size_t count = 0;

	for (size_t i = 0; i < ARCH_NAMES; i++) {
		uint32_t token = seccomp_arch_resolve_name(arch_names[i]);
		if (seccomp_arch_exist(ctx, token) == 0)
			ret_archs[count++] = token;
	}
	return count;
}

/* x32 calls carry x86_64's value. */
static uint32_t token_of(const struct callgate_call *call)
{
	if (call->arch == SCMP_ARCH_X86_64 && call->nr >= 0x40000000)
		return SCMP_ARCH_X32;
	return call->arch ? call->arch : seccomp_arch_native();
}

void words_print_call(const struct callgate_call *call, struct strbuf *text)
{
	uint32_t arch = token_of(call);
	const char *arch_name = words_arch_name(arch);
	char *name = seccomp_syscall_resolve_num_arch(arch, call->nr);

	if (name)
		strbuf_append(text, name);
	else
		strbuf_printf(text, "call %d", call->nr);
	for (int i = 0; i < 6; i++)
		strbuf_printf(text, "%s0x%llx", i ? ", " : "(", (unsigned long long)call->args[i]);
	if (arch_name)
		strbuf_printf(text, ") on %s", arch_name);
	else
		strbuf_printf(text, ") on architecture 0x%08x", arch);
	free(name);
}

void words_print_condition(const struct scmp_arg_cmp *c, struct strbuf *text)
{
	static const char *const symbols[] = {"?", "!=", "<", "<=", "==", ">=", ">", "=="};

	strbuf_printf(text, "argument %u", c->arg);
	if (c->op == SCMP_CMP_MASKED_EQ)
		strbuf_printf(text, " & 0x%llx == 0x%llx", (unsigned long long)c->datum_a,
		              (unsigned long long)c->datum_b);
	else
		strbuf_printf(text, " %s 0x%llx", symbols[c->op], (unsigned long long)c->datum_a);
}

static void print_rule(const struct callgate_simulator *simulator, const struct callgate_call *call,
                       uint32_t id, struct strbuf *text)
{
	struct callgate_rule rule;

	strbuf_printf(text, ", rule %u", id);
	for (size_t i = 0; callgate_simulator_rule(simulator, i, &rule) == 0; i++) {
		if (rule.id != id || rule.arch != token_of(call) || rule.nr != call->nr)
			continue;
		for (size_t j = 0; j < rule.condition_count; j++) {
			strbuf_append(text, j ? " and " : " (if ");
			words_print_condition(&rule.conditions[j], text);
		}
		strbuf_append(text, rule.condition_count ? ")" : " (whatever the arguments)");
		return;
	}
}

/* A program has no rules: what its instructions ask about the arguments of this call. */
static void print_path(const struct callgate_simulator *simulator, const unsigned long *hits,
                       struct strbuf *text)
{
	struct callgate_edge edge;
	size_t count = 0;

	for (size_t i = 0; callgate_simulator_edge(simulator, i, &edge) == 0; i++) {
		if (edge.hits == hits[i] || !words_edge_is_of_arguments(simulator, &edge))
			continue;
		char *condition = callgate_explain_edge(simulator, &edge);
		strbuf_append(text, count++ ? " and " : " (if ");
		strbuf_append(text, condition ? condition : "?");
		free(condition);
	}
	strbuf_append(text, count ? ")" : " (whatever the arguments)");
}

/* How often each edge was taken; NULL without memory. */
static unsigned long *edge_hits(const struct callgate_simulator *simulator)
{
	struct callgate_edge edge;
	size_t count = 0;

	while (callgate_simulator_edge(simulator, count, &edge) == 0)
		count++;
	unsigned long *hits = calloc(count + 1, sizeof(*hits));
	for (size_t i = 0; hits && i < count; i++)
		if (callgate_simulator_edge(simulator, i, &edge) == 0)
			hits[i] = edge.hits;
	return hits;
}

char *callgate_explain(struct callgate_simulator *simulator, const struct callgate_call *call)
{
	static const char *const reasons[] = {
	    [CALLGATE_REASON_PROGRAM] = "",
	    [CALLGATE_REASON_RULE] = "",
	    [CALLGATE_REASON_DEFAULT] = ", the default: no rule matches",
	    [CALLGATE_REASON_NEWER] = ", because it is newer than the rules",
	    [CALLGATE_REASON_BAD_ARCH] = ", because the filter is not for this architecture",
	};
	struct callgate_verdict verdict;
	struct strbuf text = {0};
	char action[CALLGATE_ACTION_TEXT];

	unsigned long *hits = edge_hits(simulator);
	if (!hits || callgate_simulator_run(simulator, call, &verdict) < 0) {
		free(hits);
		return NULL;
	}
	callgate_action_text(verdict.action, action);
	words_print_call(call, &text);
	strbuf_printf(&text, ": %s%s", action, reasons[verdict.reason]);
	if (verdict.reason == CALLGATE_REASON_RULE)
		print_rule(simulator, call, verdict.rule, &text);
	if (verdict.reason == CALLGATE_REASON_PROGRAM)
		print_path(simulator, hits, &text);
	free(hits);
	return strbuf_steal(&text);
}
