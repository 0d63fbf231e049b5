/* Edges of programs as text. */
#include <stdlib.h>

#include "testing/explore_private.h"
#include "testing/words.h"

/* A call that comes to the edge's instruction, on either side. */
static bool find_call(const struct callgate_simulator *simulator, const struct callgate_edge *edge,
                      uint32_t *ret_arch, int32_t *ret_nr)
{
	struct callgate_edge other;

	for (size_t i = 0; callgate_simulator_edge(simulator, i, &other) == 0; i++) {
		if (other.program != edge->program || other.instruction != edge->instruction ||
		    !other.example.arch)
			continue;
		*ret_arch = other.example.arch;
		*ret_nr = other.example.nr;
		return true;
	}
	return false;
}

static const char *symbol_of(uint16_t op, bool taken)
{
	switch (op) {
	case BPF_JEQ:
		return taken ? "==" : "!=";
	case BPF_JGT:
		return taken ? ">" : "<=";
	default:
		return taken ? ">=" : "<";
	}
}

static void print_number(const struct explorer *explorer, const struct sock_filter *insn, bool is_nr,
                         bool taken, struct strbuf *text)
{
	const char *arch = is_nr ? NULL : words_arch_name(insn->k);
	char *name = is_nr && !explorer->is_open
	                 ? seccomp_syscall_resolve_num_arch(explorer->arch, (int)insn->k)
	                 : NULL;

	strbuf_printf(text, "%s %s ", is_nr ? "nr" : "arch", symbol_of(BPF_OP(insn->code), taken));
	if (arch)
		strbuf_append(text, arch);
	else
		strbuf_printf(text, is_nr && insn->k < 0x40000000 ? "%u" : "0x%x", insn->k);
	if (name)
		strbuf_printf(text, " (%s)", name);
	free(name);
}

static void print_input(const struct sock_filter *insn, const struct explore_value *a, bool taken,
                        struct strbuf *text)
{
	uint32_t mask = (uint32_t)(a->mask >> a->shift);

	if (a->input == CANDIDATE_POINTER)
		strbuf_append(text, a->shift ? "upper half of ip" : "ip");
	else
		strbuf_printf(text, a->shift ? "upper half of argument %u" : "argument %u", a->input);
	if (BPF_OP(insn->code) == BPF_JSET)
		strbuf_printf(text, " & 0x%x %s 0", mask & insn->k, taken ? "!=" : "==");
	else if (mask != UINT32_MAX)
		strbuf_printf(text, " & 0x%x %s 0x%x", mask, symbol_of(BPF_OP(insn->code), taken), insn->k);
	else
		strbuf_printf(text, " %s 0x%x", symbol_of(BPF_OP(insn->code), taken), insn->k);
}

static void print_unknown(const struct sock_filter *insn, bool taken, struct strbuf *text)
{
	bool is_x = BPF_SRC(insn->code) != BPF_K;

	if (BPF_OP(insn->code) == BPF_JSET)
		strbuf_append(text, "A &");
	else
		strbuf_printf(text, "A %s", symbol_of(BPF_OP(insn->code), taken));
	if (is_x)
		strbuf_append(text, " X");
	else
		strbuf_printf(text, " 0x%x", insn->k);
	if (BPF_OP(insn->code) == BPF_JSET)
		strbuf_append(text, taken ? " != 0" : " == 0");
}

/* For one call that is known to come there; else for all calls. */
static int find_value(struct explorer *explorer, const struct callgate_edge *edge,
                      const struct callgate_program *program, struct explore_value *ret_value)
{
	explorer->arch = seccomp_arch_native();
	explorer->is_open = !find_call(explorer->simulator, edge, &explorer->arch, &explorer->nr);
	return explore_accumulator(explorer, program, edge->instruction, ret_value);
}

static void print(const struct explorer *explorer, const struct callgate_edge *edge,
                  const struct sock_filter *insn, const struct explore_value *a, struct strbuf *text)
{
	bool is_simple = BPF_SRC(insn->code) == BPF_K;

	if (is_simple && a->origin != EXPLORE_ELSEWHERE && BPF_OP(insn->code) != BPF_JSET)
		print_number(explorer, insn, a->origin == EXPLORE_NR, edge->taken, text);
	else if (is_simple && a->kind == EXPLORE_INPUT)
		print_input(insn, a, edge->taken, text);
	else
		print_unknown(insn, edge->taken, text);
}

/* The explorer, with what the edge's comparison is about; NULL: there is no such edge, or no memory. */
static struct explorer *explore_edge(const struct callgate_simulator *simulator,
                                     const struct callgate_edge *edge,
                                     const struct callgate_program **ret_program,
                                     struct explore_value *ret_value)
{
	const struct callgate_program *program =
	    edge ? callgate_simulator_program(simulator, edge->program) : NULL;

	if (!program || edge->instruction >= callgate_program_length(program))
		return NULL;
	struct explorer *explorer = calloc(1, sizeof(*explorer));
	if (!explorer)
		return NULL;
	explorer->simulator = (struct callgate_simulator *)(uintptr_t)simulator; /* it is only read */
	if (find_value(explorer, edge, program, ret_value) == 0) {
		*ret_program = program;
		return explorer;
	}
	free(explorer);
	return NULL;
}

char *callgate_explain_edge(const struct callgate_simulator *simulator, const struct callgate_edge *edge)
{
	const struct callgate_program *program;
	struct strbuf text = {0};
	struct explore_value a;
	struct explorer *explorer = explore_edge(simulator, edge, &program, &a);

	if (!explorer)
		return NULL;
	struct sock_filter insn = explore_instruction(program, edge->instruction);
	print(explorer, edge, &insn, &a, &text);
	free(explorer);
	return strbuf_steal(&text);
}

bool words_edge_is_of_arguments(const struct callgate_simulator *simulator, const struct callgate_edge *edge)
{
	const struct callgate_program *program;
	struct explore_value a;
	struct explorer *explorer = explore_edge(simulator, edge, &program, &a);
	bool is_of_call = explorer && (a.origin != EXPLORE_ELSEWHERE || a.kind == EXPLORE_NUMBER);

	free(explorer);
	return !is_of_call;
}
