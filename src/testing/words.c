#include "testing/words.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/filter.h>

#include <callgate/action.h>
#include <callgate/rule.h>
#include <callgate/syscall.h>

/* ---- failures ---- */

static _Thread_local char failure[1024];

void failure_clear(void)
{
	failure[0] = '\0';
}

bool failure_set(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(failure, sizeof(failure), format, list);
	va_end(list);
	return false;
}

const char *callgate_failure(void)
{
	return failure;
}

const char *callgate_failure_of(const char *assertion)
{
	char text[sizeof(failure)];

	if (assertion && snprintf(text, sizeof(text), "%s: %s", assertion, failure) > 0)
		memcpy(failure, text, sizeof(text));
	return failure;
}

/* ---- calls ---- */

const char *words_arch_name(uint32_t token)
{
	const struct callgate_arch *arch = callgate_arch_find(token);

	return arch ? arch->name : "an unknown architecture";
}

uint32_t words_arch_of_call(const struct callgate_call *call)
{
	const struct callgate_arch *arch = callgate_arch_of_call(call->arch, call->nr);

	return arch ? arch->token : call->arch;
}

/* As callgate_compare() has it. */
static void print_number(int32_t nr, struct strbuf *text)
{
	strbuf_printf(text, nr >= -1 && nr < 10000 ? "call number %d" : "call number 0x%x", (unsigned)nr);
}

void words_print_call(const struct callgate_call *call, const struct file_argument *arguments, struct strbuf *text)
{
	const struct callgate_arch *arch = callgate_arch_of_call(call->arch, call->nr);
	const char *name = arch ? callgate_syscall_name(arch->token, call->nr) : NULL;

	if (name)
		strbuf_append(text, name);
	else
		print_number(call->nr, text);
	for (int i = 0; i < FILE_ARGUMENTS; i++) {
		const char *words = arguments ? arguments[i].words : NULL;
		strbuf_append(text, i ? ", " : "(");
		strbuf_printf(text, words ? "%s (0x%llx)" : "%s0x%llx", words ? words : "",
		              (unsigned long long)call->args[i]);
	}
	if (arch)
		strbuf_printf(text, ") on %s", arch->name);
	else
		strbuf_printf(text, ") on architecture 0x%08x", call->arch);
	if (call->nr < -1)
		strbuf_append(text, ", which is no system call");
}

/* ---- rules ---- */

void words_print_condition(const struct scmp_arg_cmp *c, struct strbuf *text)
{
	static const char *const symbols[] = {"?", "!=", "<", "<=", "==", ">=", ">", "=="};

	assert((c->arg & ~CALLGATE_LOW_HALF) < 6 && c->op > _SCMP_CMP_MIN && c->op < _SCMP_CMP_MAX);
	strbuf_printf(text, "argument %u%s", c->arg & ~CALLGATE_LOW_HALF,
	              c->arg & CALLGATE_LOW_HALF && c->op != SCMP_CMP_MASKED_EQ ? " & 0xffffffff" : "");
	if (c->op == SCMP_CMP_MASKED_EQ)
		strbuf_printf(text, " & 0x%llx == 0x%llx", (unsigned long long)c->datum_a,
		              (unsigned long long)c->datum_b);
	else
		strbuf_printf(text, " %s 0x%llx", symbols[c->op], (unsigned long long)c->datum_a);
}

static void print_rule(const struct callgate_simulator *simulator, const struct callgate_call *call, uint32_t id,
                       struct strbuf *text)
{
	struct callgate_rule rule;

	strbuf_printf(text, ", rule %u", id);
	for (size_t i = 0; callgate_simulator_rule(simulator, i, &rule) == 0; i++) {
		if (rule.id != id || rule.arch != words_arch_of_call(call) || rule.nr != call->nr)
			continue;
		for (size_t j = 0; j < rule.condition_count; j++) {
			strbuf_append(text, j ? " and " : " (if ");
			words_print_condition(&rule.conditions[j], text);
		}
		strbuf_append(text, rule.condition_count ? ")" : " (whatever the arguments)");
		return;
	}
}

/* ---- edges ---- */

static const char *symbol_of(uint16_t op, bool taken)
{
	switch (op) {
	case BPF_JEQ:
		return taken ? "==" : "!=";
	case BPF_JGT:
		return taken ? ">" : "<=";
	case BPF_JGE:
		return taken ? ">=" : "<";
	default:
		return taken ? "!= 0" : "== 0"; /* BPF_JSET: after the mask */
	}
}

/* What is compared, without a mask. */
static void print_operand(const struct callgate_edge *edge, struct strbuf *text)
{
	const char *half = edge->upper ? "upper half of " : "";

	switch (edge->operand) {
	case CALLGATE_OPERAND_NR:
		strbuf_append(text, "nr");
		break;
	case CALLGATE_OPERAND_ARCH:
		strbuf_append(text, "arch");
		break;
	case CALLGATE_OPERAND_POINTER:
		strbuf_printf(text, "%sip", half);
		break;
	case CALLGATE_OPERAND_ARGUMENT:
		strbuf_printf(text, "%sargument %u", half, edge->argument);
		break;
	default:
		strbuf_append(text, "A");
		break;
	}
}

/* The constant of a comparison, with the name that it has as an architecture or as a call. */
static void print_constant(const struct callgate_edge *edge, struct strbuf *text)
{
	bool is_nr = edge->operand == CALLGATE_OPERAND_NR;
	const struct callgate_arch *arch = edge->operand == CALLGATE_OPERAND_ARCH ? callgate_arch_find(edge->k) : NULL;
	char *name = is_nr && edge->reach == CALLGATE_REACH_SOME
	                 ? seccomp_syscall_resolve_num_arch(words_arch_of_call(&edge->example), (int)edge->k)
	                 : NULL;

	if (arch && edge->k)
		strbuf_append(text, arch->name);
	else
		strbuf_printf(text, is_nr && edge->k < 0x40000000 ? "%u" : "0x%x", edge->k);
	if (name)
		strbuf_printf(text, " (%s)", name);
	free(name);
}

char *callgate_explain_edge(const struct callgate_edge *edge)
{
	struct strbuf text = {0};

	if (!edge)
		return NULL;
	uint16_t op = BPF_OP(edge->code);
	bool is_computed = edge->operand == CALLGATE_OPERAND_COMPUTED, is_x = BPF_SRC(edge->code) != BPF_K;
	print_operand(edge, &text);
	if (op == BPF_JSET && is_x)
		strbuf_append(&text, " & X");
	else if (op == BPF_JSET)
		strbuf_printf(&text, " & 0x%x", is_computed ? edge->k : edge->mask & edge->k);
	else if (!is_computed && edge->mask != UINT32_MAX)
		strbuf_printf(&text, " & 0x%x", edge->mask);
	strbuf_printf(&text, " %s", symbol_of(op, edge->taken));
	if (op != BPF_JSET) {
		strbuf_append(&text, is_x ? " X" : " ");
		if (!is_x)
			print_constant(edge, &text);
	}
	return strbuf_steal(&text);
}

/* A program has no rules: what its instructions ask about the arguments of this call. */
static void print_path(const struct callgate_simulator *simulator, const unsigned long *hits, struct strbuf *text)
{
	struct callgate_edge edge;
	size_t count = 0;

	for (size_t i = 0; callgate_simulator_edge(simulator, i, &edge) == 0; i++) {
		if (edge.hits == hits[i] || edge.operand == CALLGATE_OPERAND_NR ||
		    edge.operand == CALLGATE_OPERAND_ARCH)
			continue;
		char *condition = callgate_explain_edge(&edge);
		strbuf_append(text, count++ ? " and " : " (if ");
		strbuf_append(text, condition ? condition : "?");
		free(condition);
	}
	strbuf_append(text, count ? ")" : " (whatever the arguments)");
}

/* ---- verdicts ---- */

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

char *words_explain(struct callgate_simulator *simulator, const struct callgate_call *call,
                    const struct file_argument *arguments, struct callgate_verdict *ret_verdict)
{
	static const char *const reasons[] = {
	    [CALLGATE_REASON_PROGRAM] = "",
	    [CALLGATE_REASON_RULE] = "",
	    [CALLGATE_REASON_DEFAULT] = ", the default: no rule matches",
	    [CALLGATE_REASON_UNKNOWN] = ", because it is an unknown call, newer than the rules",
	    [CALLGATE_REASON_BAD_ARCH] = ", because the filter is not for this architecture",
	};
	struct strbuf text = {0};
	char action[CALLGATE_ACTION_TEXT];

	unsigned long *hits = edge_hits(simulator);
	if (!hits || callgate_simulator_run(simulator, call, ret_verdict) < 0) {
		free(hits);
		return NULL;
	}
	callgate_action_text(ret_verdict->action, action);
	words_print_call(call, arguments, &text);
	strbuf_printf(&text, ": %s%s", action, reasons[ret_verdict->reason]);
	if (ret_verdict->reason == CALLGATE_REASON_RULE)
		print_rule(simulator, call, ret_verdict->rule, &text);
	if (ret_verdict->reason == CALLGATE_REASON_PROGRAM)
		print_path(simulator, hits, &text);
	free(hits);
	return strbuf_steal(&text);
}

char *callgate_explain(struct callgate_simulator *simulator, const struct callgate_call *call)
{
	struct callgate_verdict verdict;

	return words_explain(simulator, call, NULL, &verdict);
}
