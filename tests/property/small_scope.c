/*
 * Everything that is small enough, one after the other: programs of three instructions, rules of two comparisons, and
 * decision graphs of three checks. What is wrong with large ones mostly is with small ones.
 *
 * emit.c is compiled for this test with a UINT8_MAX of 2: a conditional jump then reaches as far as that, and small
 * graphs have far jumps.
 */
#include <check.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/program.h"
#include "bpf/simulate.h"
#include "compile/pass.h"
#include "policy/rule_tree.h"
#include "property/interpret.h"
#include "support/random.h"
#include "support/run.h"

enum { REACH = 2 };

/* libcheck's own assertions write each time, which is too slow for millions of them. */
static void expect(bool holds, const char *what, unsigned long number)
{
	if (!holds)
		ck_abort_msg("%s: %lu", what, number);
}

/* ---- the simulator stays within an accepted program, its data, and its scratch memory ---- */

enum { PROGRAM = 3 };

static VEC(struct sock_filter) alphabet;

static void put(uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	struct sock_filter insn = {code, jt, jf, k};

	ck_assert(vec_push(&alphabet, insn));
}

/* Every code, with operands around each limit; the kernel's checker says which of them can stand in a program. */
static void fill_alphabet(void)
{
	static const uint32_t operands[] = {0, 1, 2, 4, 15, 16, 31, 32, 60, 61, 64, INT32_MAX, UINT32_MAX};
	enum { OPERANDS = sizeof(operands) / sizeof(operands[0]) };

	vec_finish(&alphabet);
	for (uint16_t code = 0; code < 256; code++) {
		bool branches = bpf_codes[code].kind == BPF_KIND_BRANCH;
		if (bpf_codes[code].kind == BPF_KIND_NONE)
			continue;
		for (int i = 0; i < OPERANDS; i++)
			for (uint8_t jump = 0; jump < (branches ? 9 : 1); jump++)
				put(code, jump / 3, jump % 3, operands[i]);
	}
}

static uint32_t load_word(void *closure, uint32_t offset)
{
	uint32_t word;

	expect(offset <= sizeof(struct seccomp_data) - sizeof(word), "a load", offset);
	memcpy(&word, (char *)closure + offset, sizeof(word));
	return word;
}

/* Does an instruction name only words, and instructions after it, that there are? From the kernel's description of BPF.
 */
static bool names_what_is_there(const struct sock_filter *insn, size_t after)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
	case BPF_LDX:
		if (BPF_MODE(insn->code) == BPF_ABS)
			return insn->k % 4 == 0 && insn->k < sizeof(struct seccomp_data);
		return BPF_MODE(insn->code) != BPF_MEM || insn->k < BPF_MEMWORDS;
	case BPF_ST:
	case BPF_STX:
		return insn->k < BPF_MEMWORDS;
	case BPF_JMP:
		return BPF_OP(insn->code) == BPF_JA ? insn->k < after : insn->jt < after && insn->jf < after;
	case BPF_RET:
		return true;
	default:
		return after > 0;
	}
}

/* A place of `size` bytes whose end is the end of what is mapped. */
static void *before_the_end(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *start = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert(start != MAP_FAILED && size <= page);
	ck_assert_int_eq(mprotect(start + page, page, PROT_NONE), 0);
	return start + page - size;
}

START_TEST(accepted_programs_stay_in_bounds)
{
	struct sock_filter *insns = before_the_end(PROGRAM * sizeof(*insns));
	struct seccomp_data *data = before_the_end(sizeof(*data));
	struct callgate_program program = {bpf_host_is_big_endian(), PROGRAM, insns, insns};
	struct interpret_program plain = {PROGRAM, insns};
	/* The last instruction of an accepted program is a return. */
	const uint16_t returns[] = {BPF_RET | BPF_A, BPF_RET | BPF_K};
	unsigned long accepted = 0, refused = 0;

	fill_alphabet();
	for (size_t i = 0; i < alphabet.count; i++)
		for (size_t j = 0; j < alphabet.count; j++)
			for (int end = 0; end < 2; end++) {
				struct diag diag = {""};
				insns[0] = alphabet.items[i];
				insns[1] = alphabet.items[j];
				insns[2] = (struct sock_filter){returns[end], 0, 0, SECCOMP_RET_ALLOW};
				if (bpf_accept(&program, &diag) < 0) {
					refused++;
					continue;
				}
				accepted++;
				for (size_t pc = 0; pc < PROGRAM; pc++)
					expect(names_what_is_there(&insns[pc], PROGRAM - 1 - pc), "an instruction", pc);
				memset(data, end ? 0xff : 0x21, sizeof(*data));
				expect(bpf_simulate(&program, data, NULL) == interpret_run(&plain, load_word, data),
				       "a program", i * alphabet.count + j);
			}
	ck_assert_uint_gt(accepted, 100000);
	ck_assert_uint_gt(refused, 100000);
	vec_finish(&alphabet);
}
END_TEST

/* ---- the normal form of comparisons means what they mean ---- */

static const uint64_t numbers[] = {0, 1, 2, 3, UINT32_MAX, UINT64_C(1) << 32, (UINT64_C(1) << 32) + 1, UINT64_MAX};
enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]), ARGUMENTS = 2 };

static bool compare(uint64_t a, unsigned op, uint64_t b)
{
	switch (op) {
	case POLICY_NE:
		return a != b;
	case POLICY_LT:
		return a < b;
	case POLICY_LE:
		return a <= b;
	case POLICY_GE:
		return a >= b;
	case POLICY_GT:
		return a > b;
	default:
		return a == b;
	}
}

static bool all_hold(const struct policy_condition *conditions, uint32_t count, const uint64_t *args, uint64_t word)
{
	bool hold = true;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t mask = conditions[i].mask & word;
		hold = hold && compare(args[conditions[i].arg] & mask, conditions[i].op, conditions[i].value & mask);
	}
	return hold;
}

/* The index-th comparison of an architecture; false if the interface lets nobody make it. */
static bool comparison(unsigned index, uint64_t word, struct policy_condition *ret_condition)
{
	uint64_t mask = numbers[index / NUMBERS % NUMBERS];
	unsigned op = POLICY_NE + index / NUMBERS / NUMBERS % POLICY_MASKED_EQ;

	if (op != POLICY_MASKED_EQ && mask != UINT64_MAX && mask != UINT32_MAX)
		return false;
	*ret_condition = (struct policy_condition){.arg = (uint8_t)(index / NUMBERS / NUMBERS / POLICY_MASKED_EQ),
	                                           .op = (uint8_t)op,
	                                           .mask = mask == UINT64_MAX ? word : mask,
	                                           .value = numbers[index % NUMBERS]};
	return true;
}

static void check_normal_form(const struct policy_condition *given, uint32_t count, const struct callgate_arch *arch)
{
	uint64_t word = policy_word_mask(arch);
	struct policy_condition normal[2], other[2] = {given[count - 1], given[0]};

	memcpy(normal, given, count * sizeof(*given));
	uint32_t kept = rule_order_normalize(normal, count, arch);
	expect(kept <= count, "a length", kept);
	for (unsigned input = 0; input < NUMBERS * NUMBERS; input++) {
		const uint64_t args[] = {numbers[input / NUMBERS] & word, numbers[input % NUMBERS] & word};
		expect(all_hold(normal, kept, args, word) == all_hold(given, count, args, word), "an input", input);
	}
	/* It is the same whatever order they were given in, and is its own normal form. */
	expect(rule_order_normalize(other, count, arch) == kept, "a length", kept);
	for (uint32_t i = 0; i < kept; i++)
		expect(policy_condition_is_same(&normal[i], &other[i]), "a comparison", i);
	expect(rule_order_normalize(other, kept, arch) == kept, "a length", kept);
	for (uint32_t i = 0; i < kept; i++)
		expect(policy_condition_is_same(&normal[i], &other[i]), "a comparison", i);
}

START_TEST(normal_forms_keep_the_meaning)
{
	enum { COMPARISONS = ARGUMENTS * POLICY_MASKED_EQ * NUMBERS * NUMBERS };
	const struct callgate_arch *arch = callgate_arch_find(_i ? SCMP_ARCH_X86 : SCMP_ARCH_X86_64);
	uint64_t word = policy_word_mask(arch);

	for (unsigned i = 0; i < COMPARISONS; i++)
		for (unsigned j = 0; j <= i; j++) {
			struct policy_condition given[2];
			if (comparison(i, word, &given[0]) && comparison(j, word, &given[1]))
				check_normal_form(given, i == j ? 1 : 2, arch);
		}
}
END_TEST

/* ---- each jump lands where the graph says ---- */

enum { CHECKS = 3, LEAVES = 2, KINDS = 3, WORDS = 2, VALUES = 3 };

/* A check of one of two words, of one of three kinds; the two children are different. */
static struct graph_id make_check(struct graph *graph, unsigned index, struct graph_id then, struct graph_id otherwise)
{
	uint8_t word = index % WORDS ? GRAPH_LOW(1) : GRAPH_NR;

	switch (index / WORDS) {
	case 0:
		return graph_range(graph, word, 1, 1, then, otherwise);
	case 1:
		return graph_range(graph, word, 2, UINT32_MAX, then, otherwise);
	default:
		return graph_bits(graph, word, 3, 1, then, otherwise);
	}
}

/*
 * The number of a graph says, for each check in turn, which it is and which earlier checks or leaves come after it.
 * False if it asks for a check with equal children.
 */
static bool make_graph(struct graph *graph, unsigned long number, unsigned checks, struct graph_id *ret_root)
{
	struct graph_id ids[LEAVES + CHECKS + 1];

	for (unsigned i = 0; i < LEAVES; i++)
		ids[i] = graph_leaf(graph, SECCOMP_RET_ERRNO | i);
	for (unsigned i = 0; i < checks; i++) {
		unsigned known = LEAVES + i;
		unsigned kind = (unsigned)(number % (KINDS * WORDS));
		number /= KINDS * WORDS;
		unsigned then = (unsigned)(number % known), otherwise = (unsigned)(number / known % known);
		number /= (unsigned long)known * known;
		if (then == otherwise)
			return false;
		ids[known] = make_check(graph, kind, ids[then], ids[otherwise]);
	}
	*ret_root = ids[LEAVES + checks - 1];
	return true;
}

static uint32_t follow(const struct graph *graph, struct graph_id id, const struct seccomp_data *call)
{
	while (graph_at(graph, id)->kind != GRAPH_LEAF)
		id = graph_step(graph, id,
		                graph_at(graph, id)->word == GRAPH_NR ? (uint32_t)call->nr : (uint32_t)call->args[1]);
	return graph_at(graph, id)->value;
}

/* Emits the graph and follows every way through it; returns whether a jump was too far for a branch. */
static bool check_graph(unsigned long number, unsigned checks)
{
	struct policy_arch arch = {.arch = callgate_arch_find(SCMP_ARCH_X86_64)};
	struct policy policy = {.arch_count = 1, .archs = &arch};
	struct arena arena = {0};
	struct compilation c = {.policy = &policy, .arena = &arena, .state = PASS_GRAPH | PASS_BRANCHES};
	struct diag diag = {""};
	bool is_far = false;

	graph_init(&c.graph, &arena, 0);
	if (make_graph(&c.graph, number, checks, &c.root)) {
		expect(pass_layout(&c) && pass_emit(&c), "a graph", number);
		struct callgate_program program = {false, c.insns.count, c.insns.items, c.insns.items};
		expect(bpf_accept(&program, &diag) == 0, "a graph", number);
		for (size_t i = 0; i < c.insns.count; i++) {
			bool is_branch = bpf_kind_of(&c.insns.items[i]) == BPF_KIND_BRANCH;
			expect(!is_branch || (c.insns.items[i].jt <= REACH && c.insns.items[i].jf <= REACH), "a graph",
			       number);
			is_far = is_far || bpf_kind_of(&c.insns.items[i]) == BPF_KIND_JUMP;
		}
		for (int input = 0; input < VALUES * VALUES; input++) {
			struct seccomp_data call = {.nr = input % VALUES, .args = {0, (unsigned)input / VALUES}};
			expect(bpf_simulate(&program, &call, NULL) == follow(&c.graph, c.root, &call), "a graph",
			       number);
		}
	}
	arena_finish(&arena);
	return is_far;
}

/* All with up to three checks, and as many of four as the time allows. */
START_TEST(jumps_land_where_the_graph_says)
{
	struct random random = random_start("jumps_land_where_the_graph_says");
	unsigned long graphs = 1, far = 0;

	for (unsigned checks = 1; checks <= CHECKS + 1; checks++) {
		graphs *= (unsigned long)KINDS * WORDS * (LEAVES + checks - 1) * (LEAVES + checks - 1);
		if (checks <= CHECKS)
			for (unsigned long number = 0; number < graphs; number++)
				far += check_graph(number, checks);
		else
			for (unsigned long i = random_runs(50000); i > 0; i--)
				far += check_graph(random_below(&random, (uint32_t)graphs), checks);
	}
	ck_assert_uint_gt(far, 1000);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("small scope");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, accepted_programs_stay_in_bounds);
	tcase_add_loop_test(tcase, normal_forms_keep_the_meaning, 0, 2);
	tcase_add_test(tcase, jumps_land_where_the_graph_says);
	return test_run(tcase);
}
