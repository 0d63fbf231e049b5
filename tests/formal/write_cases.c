/*
 * Writes random filters in the language of docs/verified-checker.md: usage: write-cases KIND COUNT. CALLGATE_SEED is
 * the seed. A line "# expect VALUE" after an input says what the library makes of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/arch.h>
#include <callgate/compile.h>

#include "analysis/filter_text.h"
#include "bpf/program.h"
#include "bpf/simulate.h"
#include "compile/compile.h"
#include "policy/policy.h"
#include "property/rule_model.h"
#include "support/random.h"
#include "support/random_policy.h"
#include "support/random_program.h"
#include "support/unrelated_rules.h"

enum { LONGEST = 60, SHORTEST = 16, INPUTS = 8, STACK = 3 };

static void fail(const char *what)
{
	fprintf(stderr, "write-cases: %s\n", what);
	exit(EXIT_FAILURE);
}

/* The text, which is freed. */
static void print_text(struct strbuf *text)
{
	if (text->failed)
		fail("out of memory");
	fwrite(text->text, 1, text->length, stdout);
	strbuf_finish(text);
}

/* ---- random policies, and what the compiler makes of them ---- */

/* A comparison of <seccomp.h> as the policy has it. */
static struct policy_condition condition_of(const struct scmp_arg_cmp *comparison, uint64_t word)
{
	bool masked = comparison->op == SCMP_CMP_MASKED_EQ;
	uint64_t mask = masked ? comparison->datum_a & word : word;

	return (struct policy_condition){(uint8_t)comparison->arg, (uint8_t)comparison->op, mask,
	                                 (masked ? comparison->datum_b : comparison->datum_a) & mask};
}

/* `count` rules that share nothing. */
static const struct policy_rule *unrelated_rules(struct random *random, struct arena *arena, uint64_t word,
                                                 uint32_t count)
{
	enum { CONDITIONS = 3 };
	struct policy_rule *rules = ARENA_ARRAY(arena, struct policy_rule, count);
	enum unrelated_kind kind = (enum unrelated_kind)random_below(random, UNRELATED_KINDS);

	for (uint32_t i = 0; rules && i < count; i++) {
		struct scmp_arg_cmp comparisons[CONDITIONS];
		struct policy_condition *conditions = ARENA_ARRAY(arena, struct policy_condition, CONDITIONS);
		if (!conditions)
			return NULL;
		uint32_t many = unrelated_rule(random, kind, comparisons);
		for (uint32_t j = 0; j < many; j++)
			conditions[j] = condition_of(&comparisons[j], word);
		rules[i] = (struct policy_rule){SECCOMP_RET_ERRNO | random_below(random, 3), i + 1, many, conditions};
	}
	return rules;
}

/* One architecture with `calls` calls that have so many rules each. */
static const struct policy *unrelated_policy(struct random *random, struct arena *arena, uint32_t calls, uint32_t count)
{
	static const char *const names[] = {"x86_64", "x86", "s390x", "ppc"};
	struct policy *policy = ARENA_NEW(arena, struct policy);
	struct policy_arch *arch = ARENA_NEW(arena, struct policy_arch);
	struct policy_syscall *list = ARENA_ARRAY(arena, struct policy_syscall, calls);

	if (!policy || !arch || !list)
		return NULL;
	const struct callgate_arch *facts = callgate_arch_find_name(names[random_below(random, 4)]);
	for (uint32_t i = 0; i < calls; i++) {
		list[i] =
		    (struct policy_syscall){.nr = 7 + i,
		                            .rule_count = count,
		                            .rules = unrelated_rules(random, arena, policy_word_mask(facts), count)};
		if (!list[i].rules)
			return NULL;
	}
	*arch = (struct policy_arch){.arch = facts, .syscall_count = calls, .syscalls = list};
	*policy = (struct policy){SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_THREAD, 1, 1, arch};
	return policy;
}

static const struct policy *policies(struct random *random, struct arena *arena)
{
	return random_policy(random, arena, 6, 4);
}

static const struct policy *long_policies(struct random *random, struct arena *arena)
{
	return random_long_policy(random, arena, 1 + random_below(random, 16));
}

static const struct policy *unrelated_policies(struct random *random, struct arena *arena)
{
	return unrelated_policy(random, arena, 1, 16);
}

/* Too many instructions for one program. */
static const struct policy *stack_policies(struct random *random, struct arena *arena)
{
	return unrelated_policy(random, arena, 1100, 1);
}

static const struct policy *small_policies(struct random *random, struct arena *arena)
{
	return random_policy(random, arena, 2, 2);
}

static void write_programs(const struct policy *policy, struct strbuf *text)
{
	struct compile_output programs = {0};

	if (compile_policy(policy, false, NULL, &programs) < 0)
		fail("a policy does not compile");
	for (size_t i = 0; i < programs.count; i++)
		filter_text_add_program(text, programs.programs[i]);
	compile_output_finish(&programs);
}

/* ---- inputs ---- */

static void write_word(struct strbuf *text, uint64_t value, unsigned bytes, bool big_endian)
{
	for (unsigned i = 0; i < bytes; i++)
		strbuf_printf(text, "%02x", (unsigned)(value >> 8 * (big_endian ? bytes - 1 - i : i)) & 0xff);
}

static void write_input(struct strbuf *text, const struct seccomp_data *call, bool big_endian, uint32_t expected)
{
	strbuf_append(text, "input ");
	write_word(text, (uint32_t)call->nr, 4, big_endian);
	write_word(text, call->arch, 4, big_endian);
	write_word(text, call->instruction_pointer, 8, big_endian);
	for (int i = 0; i < 6; i++)
		write_word(text, call->args[i], 8, big_endian);
	strbuf_printf(text, "\n# expect 0x%x\n", expected);
}

/* policy_eval() on calls that are near the policy's edges. */
static void write_evaluations(struct random *random, const struct policy *policy, struct strbuf *text)
{
	for (int i = 0; i < INPUTS; i++) {
		struct seccomp_data call = random_call(random, policy);
		write_input(text, &call, policy->archs[0].arch->big_endian, policy_eval(policy, &call, NULL));
	}
}

/* ---- programs alone ---- */

static void write_head(struct strbuf *text, bool big_endian)
{
	strbuf_printf(text, "callgate-proof 1\norder %s\n", big_endian ? "big" : "little");
}

static struct seccomp_data any_call(struct random *random, const struct sock_filter *insns, size_t count)
{
	struct seccomp_data call = {.nr = (int)random_word(random), .arch = random_word(random)};
	uint64_t near = insns[random_below(random, (uint32_t)count)].k;

	call.instruction_pointer = random_next(random);
	for (int i = 0; i < 6; i++)
		call.args[i] = random_below(random, 2) ? near + random_below(random, 3) - 1
		                                       : (uint64_t)random_word(random) << 32 | random_word(random);
	return call;
}

/* Up to three programs, the simulator's verdict on each call, and the strictest of them as the kernel takes it. */
static void write_runs(struct random *random, struct strbuf *text)
{
	bool big_endian = random_below(random, 2);
	struct sock_filter insns[STACK][LONGEST];
	struct callgate_program *programs[STACK];
	size_t lengths[STACK], count = 1 + random_below(random, 6) / 4 * random_below(random, STACK);

	write_head(text, big_endian);
	for (size_t i = 0; i < count; i++) {
		lengths[i] = random_accepted(random, insns[i], SHORTEST + random_below(random, LONGEST - SHORTEST));
		if (bpf_program_new(insns[i], lengths[i], big_endian, NULL, &programs[i]) < 0)
			fail("out of memory");
		filter_text_add_program(text, programs[i]);
	}
	for (int i = 0; i < INPUTS; i++) {
		struct seccomp_data call = any_call(random, insns[0], lengths[0]);
		uint32_t strictest = SECCOMP_RET_ALLOW;
		for (size_t j = count; j-- > 0;) {
			uint32_t verdict = bpf_simulate(programs[j], &call, NULL);
			if ((int32_t)(verdict & SECCOMP_RET_ACTION_FULL) <
			    (int32_t)(strictest & SECCOMP_RET_ACTION_FULL))
				strictest = verdict;
		}
		write_input(text, &call, big_endian, strictest);
	}
	for (size_t i = 0; i < count; i++)
		bpf_program_free(programs[i]);
}

/* Any instructions: does the kernel take them? */
static void write_streams(struct random *random, struct strbuf *text)
{
	bool big_endian = random_below(random, 2);
	struct sock_filter insns[SHORTEST];
	struct callgate_program *program;
	size_t count = 1 + random_below(random, 12);
	struct seccomp_data call = {.nr = 0};

	random_stream(random, insns, count);
	if (bpf_program_new(insns, count, big_endian, NULL, &program) < 0)
		fail("out of memory");
	write_head(text, big_endian);
	filter_text_add_program(text, program);
	bool accepted = bpf_accept(program, NULL) == 0;
	uint32_t verdict = accepted ? bpf_simulate(program, &call, NULL) : 0;
	bool stricter = (int32_t)(verdict & SECCOMP_RET_ACTION_FULL) < (int32_t)SECCOMP_RET_ALLOW;
	write_input(text, &call, big_endian, stricter ? verdict : SECCOMP_RET_ALLOW);
	if (!accepted)
		strbuf_append(text, "# refused\n");
	bpf_program_free(program);
}

/* ---- calls of the interface, of which the naive model says what they mean ---- */

/* One rule, to both; they agree whether it can be added, which property-rules tests. */
static void add_rule(struct random *random, struct model *model, scmp_filter_ctx ctx)
{
	static const char *const names[] = {"read",   "open",       "socket", "accept4", "shmat",
	                                    "msgctl", "socketcall", "ipc",    "send"};
	struct scmp_arg_cmp args[6];
	unsigned count = random_below(random, 4);
	int nr = random_below(random, 8) ? seccomp_syscall_resolve_name(names[random_below(random, 9)]) : 1000;
	uint32_t action = random_below(random, 2) ? SCMP_ACT_ERRNO(1 + random_below(random, 3)) : SCMP_ACT_TRAP;

	for (unsigned i = 0; i < count; i++)
		args[i] =
		    (struct scmp_arg_cmp){random_below(random, 4), (enum scmp_compare)(1 + random_below(random, 7)),
		                          random_below(random, 6), random_below(random, 6)};
	if (random_below(random, 3) == 0)
		for (unsigned i = 0; i < count; i++)
			args[i].datum_a |= (uint64_t)random_below(random, 3) << 32;
	if (model_rule_add(model, false, action, nr, count, args) !=
	    seccomp_rule_add_array(ctx, action, nr, count, args))
		fail("the model and the library do not agree");
}

/* The model's policy with the library's programs; nothing where the contract leaves open which rule wins. */
static bool write_calls(struct random *random, struct strbuf *text)
{
	static const uint32_t tokens[] = {SCMP_ARCH_X86,     SCMP_ARCH_X32,   SCMP_ARCH_AARCH64,
	                                  SCMP_ARCH_PPC64LE, SCMP_ARCH_S390X, SCMP_ARCH_MIPS64N32};
	struct model *model = calloc(1, sizeof(*model));
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	char *compiled = NULL;

	if (!model || !ctx)
		fail("out of memory");
	model_init(model, SCMP_ACT_ALLOW);
	for (int i = 0; i < 3; i++) {
		uint32_t token = tokens[random_below(random, 6)];
		if (model_arch_add(model, token) != seccomp_arch_add(ctx, token))
			fail("the model and the library do not agree about an architecture");
	}
	for (uint32_t i = random_below(random, 12); i > 0; i--)
		add_rule(random, model, ctx);
	char *rules = NULL;
	size_t size;
	FILE *out = open_memstream(&rules, &size);
	bool written = out && model_write(model, out);
	if (!out || fclose(out))
		fail("out of memory");
	strbuf_append(text, rules);
	free(rules);
	if (callgate_compile_text(ctx, &compiled) < 0)
		fail("a context does not compile");
	strbuf_append(text, strstr(compiled, "\nprogram\n") + 1);
	free(compiled);
	seccomp_release(ctx);
	free(model);
	return written;
}

/* ---- */

static const struct {
	const char *name;
	const struct policy *(*make)(struct random *random, struct arena *arena);
	bool evaluated; /* inputs in place of programs */
} policy_kinds[] = {
    {"policies", policies, false},     {"long", long_policies, false},   {"unrelated", unrelated_policies, false},
    {"stacks", stack_policies, false}, {"small", small_policies, false}, {"evaluations", policies, true},
};

static bool write_policy(const char *kind, struct random *random, struct strbuf *text)
{
	for (size_t i = 0; i < sizeof(policy_kinds) / sizeof(policy_kinds[0]); i++) {
		struct arena arena = {0};
		if (strcmp(kind, policy_kinds[i].name) != 0)
			continue;
		const struct policy *policy = policy_kinds[i].make(random, &arena);
		if (!policy)
			fail("out of memory");
		filter_text_add_policy(text, policy);
		if (policy_kinds[i].evaluated)
			write_evaluations(random, policy, text);
		else
			write_programs(policy, text);
		arena_finish(&arena);
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		fail("usage: write-cases KIND COUNT");
	const char *kind = argv[1], *seed = getenv("CALLGATE_SEED");
	struct random random = {.state = seed ? strtoull(seed, NULL, 0) : 1};
	for (unsigned long i = strtoul(argv[2], NULL, 0); i > 0; i--) {
		struct strbuf text = {0};
		bool written = true;
		if (strcmp(kind, "runs") == 0)
			write_runs(&random, &text);
		else if (strcmp(kind, "streams") == 0)
			write_streams(&random, &text);
		else if (strcmp(kind, "calls") == 0)
			written = write_calls(&random, &text);
		else if (!write_policy(kind, &random, &text))
			fail("no such kind");
		if (written)
			print_text(&text);
		strbuf_finish(&text);
	}
	return ferror(stdout) || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
