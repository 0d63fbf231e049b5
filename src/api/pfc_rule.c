#include "api/pfc_rule.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <linux/seccomp.h>

#include "arch/actions.h"

enum { LINE_MAX = 160 };

void pfc_line(struct strbuf *text, int indent, const char *format, ...)
{
	char line[LINE_MAX];
	va_list list;

	va_start(list, format);
	vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	for (int i = 0; i < indent; i++)
		strbuf_append(text, "  ");
	strbuf_append(text, line);
	strbuf_append(text, "\n");
}

/* As libseccomp 2.6 has it: names for all actions but NOTIFY. */
void pfc_write_action(struct strbuf *text, int indent, uint32_t action)
{
	const struct callgate_action_kind *kind = action_kind(action);
	uint32_t data = action & SECCOMP_RET_DATA;

	if (!kind || kind->action == SECCOMP_RET_USER_NOTIF || (data && !kind->data_max))
		pfc_line(text, indent, "action 0x%" PRIx32 ";", action);
	else if (data || kind->action == SECCOMP_RET_ERRNO || kind->action == SECCOMP_RET_TRACE)
		pfc_line(text, indent, "action %s(%" PRIu32 ");", kind->name, data);
	else
		pfc_line(text, indent, "action %s;", kind->name);
}

/* The rest of a rule: what is printed where all comparisons so far hold. */
struct rest {
	const struct policy_rule *rule;
	const struct arch *arch;
	uint32_t next;
};

static void write_rest(struct strbuf *text, int indent, struct rest rest);

/* Half of an argument, and what it is compared with: "$a1.hi32", or "$a1" where an argument is one word. */
static void write_test(struct strbuf *text, int indent, const struct rest *rest, bool high, const char *op)
{
	const struct policy_condition *condition = &rest->rule->conditions[rest->next - 1];
	const char *half = rest->arch->word_bits == 32 ? "" : high ? ".hi32" : ".lo32";
	uint32_t value = (uint32_t)(high ? condition->value >> 32 : condition->value);
	uint32_t mask = (uint32_t)(high ? condition->mask >> 32 : condition->mask);

	if (condition->op == POLICY_MASKED_EQ)
		pfc_line(text, indent, "if ($a%u%s & 0x%.8" PRIx32 " == %" PRIu32 ")", condition->arg, half,
		         mask, value);
	else
		pfc_line(text, indent, "if ($a%u%s %s %" PRIu32 ")", condition->arg, half, op, value);
}

static void write_else(struct strbuf *text, int indent, struct rest rest)
{
	pfc_line(text, indent, "else");
	write_rest(text, indent + 1, rest);
}

/* The test of the word that decides when the higher ones are equal. */
static void write_last(struct strbuf *text, int indent, struct rest rest)
{
	static const struct {
		const char *op;
		bool negated;
	} forms[] = {
	    [POLICY_NE] = {"==", true},         [POLICY_LT] = {">=", true},  [POLICY_LE] = {">", true},
	    [POLICY_EQ] = {"==", false},        [POLICY_GE] = {">=", false}, [POLICY_GT] = {">", false},
	    [POLICY_MASKED_EQ] = {"==", false},
	};
	unsigned op = rest.rule->conditions[rest.next - 1].op;

	write_test(text, indent, &rest, false, forms[op].op);
	if (forms[op].negated)
		write_else(text, indent, rest);
	else
		write_rest(text, indent + 1, rest);
}

static void write_condition(struct strbuf *text, int indent, struct rest rest)
{
	if (rest.arch->word_bits == 32) {
		write_last(text, indent, rest);
		return;
	}
	switch ((enum policy_op)rest.rule->conditions[rest.next - 1].op) {
	case POLICY_EQ:
	case POLICY_MASKED_EQ:
		write_test(text, indent, &rest, true, "==");
		write_last(text, indent + 1, rest);
		break;
	case POLICY_NE:
		write_test(text, indent, &rest, true, "==");
		write_last(text, indent + 1, rest);
		write_else(text, indent, rest);
		break;
	case POLICY_GT:
	case POLICY_GE:
		write_test(text, indent, &rest, true, ">");
		write_rest(text, indent + 1, rest);
		pfc_line(text, indent, "else");
		write_test(text, indent + 1, &rest, true, "==");
		write_last(text, indent + 2, rest);
		break;
	case POLICY_LT:
	case POLICY_LE:
		write_test(text, indent, &rest, true, ">");
		pfc_line(text, indent, "else");
		write_test(text, indent + 1, &rest, true, "==");
		write_last(text, indent + 2, rest);
		write_else(text, indent + 1, rest);
		break;
	}
}

static void write_rest(struct strbuf *text, int indent, struct rest rest)
{
	if (rest.next == rest.rule->condition_count) {
		pfc_write_action(text, indent, rest.rule->action);
		return;
	}
	rest.next++;
	write_condition(text, indent, rest);
}

void pfc_write_rule(struct strbuf *text, int indent, const struct policy_rule *rule, const struct arch *arch)
{
	write_rest(text, indent, (struct rest){rule, arch, 0});
}

uint32_t pfc_condition_words(const struct policy_condition *condition, const struct arch *arch)
{
	if (arch->word_bits == 32)
		return 1;
	switch ((enum policy_op)condition->op) {
	case POLICY_EQ:
	case POLICY_NE:
	case POLICY_MASKED_EQ:
		return 2;
	default:
		return 3;
	}
}

static bool is_same(const struct policy_condition *a, const struct policy_condition *b)
{
	return a->arg == b->arg && a->op == b->op && a->mask == b->mask && a->value == b->value;
}

uint32_t pfc_shared_conditions(const struct policy_rule *a, const struct policy_rule *b)
{
	uint32_t n = 0;

	while (n < a->condition_count && n < b->condition_count &&
	       is_same(&a->conditions[n], &b->conditions[n]))
		n++;
	return n;
}
