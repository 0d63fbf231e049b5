/* Jumps across every distance around what eight bits can say, to returns and to shared checks. */
#include <check.h>
#include <stdlib.h>

#include <seccomp.h>

#include "bpf/program.h"
#include "bpf/simulate.h"
#include "compile/pass.h"
#include "support/run.h"

enum { SHORTEST = 245, LONGEST = 265, FAR = 1100 };

static uint32_t action_of(uint32_t i)
{
	return SECCOMP_RET_ERRNO | i;
}

/* nr == 0, 1, 2...: each leads to one check of an argument, which is far from the first of them. */
static struct graph_id chain(struct graph *graph, uint32_t length)
{
	struct graph_id check =
	    graph_range(graph, GRAPH_LOW(1), 7, 7, graph_leaf(graph, action_of(1)), graph_leaf(graph, action_of(2)));
	struct graph_id id = graph_leaf(graph, action_of(3));

	for (uint32_t i = length; i-- > 0;)
		id = graph_range(graph, GRAPH_NR, i, i, i % 3 ? check : graph_leaf(graph, action_of(4)), id);
	return id;
}

static uint32_t expected(uint32_t nr, uint32_t length, bool seven)
{
	if (nr >= length)
		return action_of(3);
	return nr % 3 == 0 ? action_of(4) : action_of(seven ? 1 : 2);
}

/* Brings the graph into order and emits it. */
static void emit(struct compilation *c)
{
	struct diag diag = {""};

	c->state = PASS_GRAPH | PASS_BRANCHES;
	ck_assert_msg(graph_verify(&c->graph, false, &diag) == 0, "%s", diag.text);
	ck_assert(pass_layout(c));
	ck_assert(pass_emit(c));
}

static struct policy policy_of(bool big_endian)
{
	static struct policy_arch arch;

	arch.arch = callgate_arch_find(big_endian ? SCMP_ARCH_S390X : SCMP_ARCH_X86_64);
	ck_assert_ptr_nonnull(arch.arch);
	return (struct policy){.arch_count = 1, .archs = &arch};
}

/* Returns the longest conditional jump. */
static uint32_t check_chain(uint32_t length, bool big_endian)
{
	uint32_t longest = 0;

	struct callgate_program *program = NULL;
	struct arena arena = {0};
	struct policy policy = policy_of(big_endian);
	struct compilation c = {.policy = &policy, .arena = &arena};
	struct diag diag = {""};

	graph_init(&c.graph, &arena, 0);
	c.root = chain(&c.graph, length);
	emit(&c);
	ck_assert_int_eq(bpf_program_new(c.insns.items, c.insns.count, big_endian, &diag, &program), 0);
	ck_assert_msg(bpf_accept(program, &diag) == 0, "%s", diag.text);
	for (uint32_t nr = 0; nr <= length; nr++)
		for (int seven = 0; seven < 2; seven++) {
			struct seccomp_data call = {.nr = (int)nr, .args = {0, seven ? 7 : 6}};
			ck_assert_uint_eq(bpf_simulate(program, &call, NULL), expected(nr, length, seven));
		}
	/* Trampolines and returns are repeated only where they have to be. */
	ck_assert_uint_le(program->count, length + 6 + (length / 200) * 4);
	for (size_t i = 0; i < program->count; i++) {
		longest = program->insns[i].jt > longest ? program->insns[i].jt : longest;
		longest = program->insns[i].jf > longest ? program->insns[i].jf : longest;
	}
	bpf_program_free(program);
	arena_finish(&arena);
	return longest;
}

/* As far as they can: a jump by another instruction comes only where eight bits do not suffice. */
START_TEST(jumps_reach)
{
	uint32_t longest = 0;

	for (uint32_t length = SHORTEST; length <= LONGEST; length++) {
		uint32_t here = check_chain(length, _i);
		longest = here > longest ? here : longest;
	}
	ck_assert_uint_eq(longest, UINT8_MAX);
	check_chain(FAR, _i);
	check_chain(1, _i);
}
END_TEST

START_TEST(a_word_that_is_held_is_not_loaded_again)
{
	struct arena arena = {0};
	struct policy policy = policy_of(false);
	struct compilation c = {.policy = &policy, .arena = &arena};

	graph_init(&c.graph, &arena, 0);
	c.root = chain(&c.graph, 50);
	emit(&c);
	unsigned loads = 0;
	for (size_t i = 0; i < c.insns.count; i++)
		loads += BPF_CLASS(c.insns.items[i].code) == BPF_LD;
	ck_assert_uint_eq(loads, 2);
	arena_finish(&arena);
}
END_TEST

START_TEST(an_empty_graph_kills)
{
	struct arena arena = {0};
	struct policy policy = policy_of(false);
	struct compilation c = {.policy = &policy, .arena = &arena};

	graph_init(&c.graph, &arena, 0);
	emit(&c);
	ck_assert_uint_eq(c.insns.count, 1);
	ck_assert_uint_eq(c.insns.items[0].k, SECCOMP_RET_KILL_PROCESS);
	arena_finish(&arena);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("emit");

	tcase_add_loop_test(tcase, jumps_reach, 0, 2);
	tcase_add_test(tcase, a_word_that_is_held_is_not_loaded_again);
	tcase_add_test(tcase, an_empty_graph_kills);
	return test_run(tcase);
}
