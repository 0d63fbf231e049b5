/* A plain chain of rules: the first compiler, to be replaced by the decision graph. */
#include "compile/compile.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"

struct chain {
	VEC(struct sock_filter) insns;
	bool big_endian, failed;
};

/* A label: the JA instructions that jump to it, linked through their k. */
typedef size_t label; /* index + 1 of the last JA, 0 for none */

static size_t emit(struct chain *c, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (!vec_push(&c->insns, ((struct sock_filter){code, jt, jf, k})))
		c->failed = true;
	return c->insns.count;
}

static void emit_goto(struct chain *c, label *to)
{
	*to = emit(c, BPF_JMP | BPF_JA, 0, 0, (uint32_t)*to);
}

static void place(struct chain *c, label *here)
{
	for (size_t at = *here; at && !c->failed;) {
		size_t next = c->insns.items[at - 1].k;
		c->insns.items[at - 1].k = (uint32_t)(c->insns.count - at);
		at = next;
	}
	*here = 0;
}

/* Goes on if (A op k) == holds, else to `otherwise`. */
static void require(struct chain *c, uint16_t op, uint32_t k, bool holds, label *otherwise)
{
	emit(c, (uint16_t)(BPF_JMP | op | BPF_K), holds ? 1 : 0, holds ? 0 : 1, k);
	emit_goto(c, otherwise);
}

static void load(struct chain *c, unsigned arg, bool high)
{
	emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, bpf_arg_offset(c->big_endian, arg, high));
}

static void equal(struct chain *c, const struct policy_condition *cond, bool wide, label *fail)
{
	if (wide) {
		load(c, cond->arg, true);
		if (~cond->mask >> 32)
			emit(c, BPF_ALU | BPF_AND | BPF_K, 0, 0, (uint32_t)(cond->mask >> 32));
		require(c, BPF_JEQ, (uint32_t)(cond->value >> 32), true, fail);
	}
	load(c, cond->arg, false);
	emit(c, BPF_ALU | BPF_AND | BPF_K, 0, 0, (uint32_t)cond->mask);
	require(c, BPF_JEQ, (uint32_t)cond->value, true, fail);
}

/* argument > value, or >= value, if holds; the opposite if not. */
static void ordered(struct chain *c, const struct policy_condition *cond, bool wide, uint16_t op, bool holds,
                    label *fail)
{
	label yes = 0, no = 0, *above = holds ? &yes : fail, *below = holds ? fail : &no;

	if (wide) {
		load(c, cond->arg, true);
		require(c, BPF_JGT, (uint32_t)(cond->value >> 32), false, above);
		require(c, BPF_JEQ, (uint32_t)(cond->value >> 32), true, below);
	}
	load(c, cond->arg, false);
	require(c, op, (uint32_t)cond->value, holds, fail);
	place(c, &yes);
	place(c, &no);
}

static void condition(struct chain *c, const struct policy_condition *cond, bool wide, label *fail)
{
	label differs = 0;

	switch ((enum policy_op)cond->op) {
	case POLICY_EQ:
	case POLICY_MASKED_EQ:
		equal(c, cond, wide, fail);
		break;
	case POLICY_NE:
		equal(c, cond, wide, &differs);
		emit_goto(c, fail);
		place(c, &differs);
		break;
	case POLICY_GT:
	case POLICY_LE:
		ordered(c, cond, wide, BPF_JGT, cond->op == POLICY_GT, fail);
		break;
	case POLICY_GE:
	case POLICY_LT:
		ordered(c, cond, wide, BPF_JGE, cond->op == POLICY_GE, fail);
		break;
	}
}

static void syscalls(struct chain *c, const struct policy_arch *arch)
{
	for (size_t i = 0; i < arch->syscall_count; i++) {
		label next_syscall = 0;
		const struct policy_syscall *syscall = &arch->syscalls[i];
		emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, 0);
		require(c, BPF_JEQ, syscall->nr, true, &next_syscall);
		for (uint32_t j = 0; j < syscall->rule_count; j++) {
			label next_rule = 0;
			for (uint32_t n = 0; n < syscall->rules[j].condition_count; n++)
				condition(c, &syscall->rules[j].conditions[n], arch->arch->word_bits == 64,
				          &next_rule);
			emit(c, BPF_RET | BPF_K, 0, 0, syscall->rules[j].action);
			place(c, &next_rule);
		}
		place(c, &next_syscall);
	}
}

/* Numbers that have rules keep the default action; the rest of the range is newer calls. */
static void newer(struct chain *c, const struct policy *policy, const struct policy_arch *arch)
{
	label has_rules = 0;

	if (!arch->newer_first)
		return;
	emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, 0);
	require(c, BPF_JEQ, UINT32_MAX, false, &has_rules);
	require(c, BPF_JGE, arch->newer_first, true, &has_rules);
	require(c, BPF_JGT, arch->arch->nr_last, false, &has_rules);
	for (size_t i = 0; i < policy->arch_count; i++)
		for (size_t j = 0; j < policy->archs[i].syscall_count; j++)
			if (policy->archs[i].arch->audit == arch->arch->audit &&
			    policy->archs[i].syscalls[j].rule_count)
				require(c, BPF_JEQ, policy->archs[i].syscalls[j].nr, false, &has_rules);
	emit(c, BPF_RET | BPF_K, 0, 0, arch->newer_action);
	place(c, &has_rules);
}

/* Everything for one audit value; the architectures that share it come one after the other. */
static void section(struct chain *c, const struct policy *policy, size_t first, label *bad)
{
	uint32_t audit = policy->archs[first].arch->audit;
	label other = 0, covered = 0;

	emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, 4);
	require(c, BPF_JEQ, audit, true, &other);
	emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, 0);
	require(c, BPF_JEQ, UINT32_MAX, false, &covered);
	for (size_t i = first; i < policy->arch_count; i++) {
		const struct arch *arch = policy->archs[i].arch;
		label outside = 0;
		if (arch->audit != audit)
			continue;
		require(c, BPF_JGE, arch->nr_first, true, &outside);
		require(c, BPF_JGT, arch->nr_last, false, &outside);
		emit_goto(c, &covered);
		place(c, &outside);
	}
	emit_goto(c, bad);
	place(c, &covered);
	for (size_t i = first; i < policy->arch_count; i++)
		if (policy->archs[i].arch->audit == audit)
			syscalls(c, &policy->archs[i]);
	for (size_t i = first; i < policy->arch_count; i++)
		if (policy->archs[i].arch->audit == audit)
			newer(c, policy, &policy->archs[i]);
	emit(c, BPF_RET | BPF_K, 0, 0, policy->default_action);
	place(c, &other);
}

static bool is_first_of_audit(const struct policy *policy, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (policy->archs[j].arch->audit == policy->archs[i].arch->audit)
			return false;
	return true;
}

int compile_policy(const struct policy *policy, bool single, const struct compile_dump *dump,
                   struct diag *diag, struct compile_output *ret_output)
{
	struct chain c = {.big_endian = policy->arch_count && policy->archs[0].arch->big_endian};
	struct compile_output output = {.programs = calloc(1, sizeof(void *))};
	label bad = 0;
	int result = -ENOMEM;

	(void)single, (void)dump;
	for (size_t i = 0; i < policy->arch_count; i++)
		if (is_first_of_audit(policy, i))
			section(&c, policy, i, &bad);
	place(&c, &bad);
	emit(&c, BPF_RET | BPF_K, 0, 0, policy->bad_arch_action);
	if (!c.failed && output.programs)
		result =
		    bpf_program_new(c.insns.items, c.insns.count, c.big_endian, diag, &output.programs[0]);
	vec_finish(&c.insns);
	if (result < 0) {
		free(output.programs);
		return result;
	}
	output.count = 1;
	*ret_output = output;
	return 0;
}

void compile_output_finish(struct compile_output *output)
{
	for (size_t i = 0; i < output->count; i++)
		bpf_program_free(output->programs[i]);
	free(output->programs);
	*output = (struct compile_output){0};
}

const char *const *compile_pass_names(void)
{
	static const char *const none[] = {NULL};

	return none;
}
