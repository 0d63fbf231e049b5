/* The search: all ways through the rules of a call, and all ways of a call through the programs. */
#include "testing/explore.h"
#include "testing/explore_private.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"

typedef VEC(struct callgate_rule) rule_vec;

static const struct callgate_argument any[6];

void explore_run(struct explorer *explorer, const struct candidate_sets *sets)
{
	struct callgate_call call = {.arch = explorer->arch, .nr = explorer->nr};
	uint64_t values[CANDIDATE_INPUTS] = {0};

	candidate_sets_pick(sets, explorer->pools, values);
	for (int i = 0; i < 6; i++)
		call.args[i] = values[i];
	call.instruction_pointer = values[CANDIDATE_POINTER];
	(void)callgate_simulator_run(explorer->simulator, &call, NULL);
	explorer->paths--;
}

/* ---- the rules ---- */

static uint64_t condition_mask(const struct scmp_arg_cmp *c)
{
	return c->op == SCMP_CMP_MASKED_EQ ? c->datum_a : UINT64_MAX;
}

static uint64_t condition_datum(const struct scmp_arg_cmp *c)
{
	return c->op == SCMP_CMP_MASKED_EQ ? c->datum_b : c->datum_a;
}

static bool keep(const struct explorer *explorer, struct candidate_sets *sets, const struct scmp_arg_cmp *c,
                 bool holds)
{
	return candidate_sets_keep(sets, explorer->pools, c->arg, condition_mask(c), c->op,
	                           condition_datum(c), holds);
}

/* Calls in `sets` that come to rule `index`: one that it decides, and those that go on. */
static void take_rules(struct explorer *explorer, const rule_vec *rules, size_t index,
                       struct candidate_sets sets)
{
	if (explorer->paths == 0)
		return;
	if (index == rules->count) {
		explore_run(explorer, &sets);
		return;
	}
	const struct callgate_rule *rule = &rules->items[index];
	for (size_t i = 0; i < rule->condition_count; i++) {
		struct candidate_sets others = sets;
		if (keep(explorer, &others, &rule->conditions[i], false))
			take_rules(explorer, rules, index + 1, others);
		if (!keep(explorer, &sets, &rule->conditions[i], true))
			return;
	}
	if (explorer->paths)
		explore_run(explorer, &sets);
}

static bool list_rules(struct explorer *explorer, rule_vec *rules)
{
	struct callgate_rule rule;

	for (size_t i = 0; callgate_simulator_rule(explorer->simulator, i, &rule) == 0; i++) {
		if (rule.arch != explorer->arch || rule.nr != explorer->nr)
			continue;
		if (!vec_push(rules, rule))
			return false;
		for (size_t j = 0; j < rule.condition_count; j++) {
			const struct scmp_arg_cmp *c = &rule.conditions[j];
			candidate_pool_add(&explorer->pools[c->arg], condition_mask(c), c->op,
			                   condition_datum(c));
		}
	}
	return true;
}

/* ---- the programs ---- */

static void take_ways(struct explorer *explorer, const struct callgate_program *program, size_t pc,
                      struct explore_registers registers, struct candidate_sets sets);

static void take_branch(struct explorer *explorer, const struct callgate_program *program, size_t pc,
                        const struct sock_filter *insn, const struct explore_registers *registers,
                        const struct candidate_sets *sets)
{
	struct explore_comparison c;
	bool holds;
	enum explore_kind kind = explore_compare(insn, registers, &c, &holds);

	for (int side = 0; side < 2; side++) {
		struct candidate_sets rest = *sets;
		bool open = kind == EXPLORE_UNKNOWN || (kind == EXPLORE_NUMBER && holds == (side == 1));
		if (kind == EXPLORE_INPUT)
			open = candidate_sets_keep(&rest, explorer->pools, c.input, c.mask, c.op, c.datum,
			                           side == 1);
		if (open)
			take_ways(explorer, program, pc + 1 + (side ? insn->jt : insn->jf), *registers, rest);
	}
}

static void take_ways(struct explorer *explorer, const struct callgate_program *program, size_t pc,
                      struct explore_registers registers, struct candidate_sets sets)
{
	for (; explorer->paths; pc++) {
		struct sock_filter insn = explore_instruction(program, pc);
		if (BPF_CLASS(insn.code) == BPF_RET) {
			explore_run(explorer, &sets);
			return;
		}
		if (explore_is_branch(&insn)) {
			take_branch(explorer, program, pc, &insn, &registers, &sets);
			return;
		}
		if (BPF_CLASS(insn.code) == BPF_JMP)
			pc += insn.k;
		else
			explore_step(explorer, &insn, &registers);
	}
}

/* ---- together ---- */

/* All values of the pools that are within the limits; false: of some input there is none. */
static bool limit_sets(const struct explorer *explorer, struct candidate_sets *sets)
{
	bool has_calls = true;

	candidate_sets_fill(sets, explorer->pools);
	for (size_t i = 0; i < explorer->limit_count && has_calls; i++)
		has_calls = keep(explorer, sets, &explorer->limits[i], true);
	return has_calls;
}

static int search(struct explorer *explorer)
{
	struct explore_registers registers = {{.kind = EXPLORE_NUMBER}, {.kind = EXPLORE_NUMBER}};
	const struct callgate_program *program;
	struct candidate_sets sets;
	rule_vec rules = {0};
	int result = list_rules(explorer, &rules) ? 0 : -ENOMEM;

	for (size_t i = 0; result == 0 && (program = callgate_simulator_program(explorer->simulator, i)); i++)
		result = explore_collect(explorer, program);
	bool has_calls = result == 0 && limit_sets(explorer, &sets);
	if (has_calls) {
		explorer->paths = EXPLORE_PATHS;
		take_rules(explorer, &rules, 0, sets);
	}
	for (size_t i = 0; has_calls && (program = callgate_simulator_program(explorer->simulator, i)); i++) {
		explorer->paths = EXPLORE_PATHS;
		take_ways(explorer, program, 0, registers, sets);
	}
	vec_finish(&rules);
	return result;
}

/* 32-bit tasks have zeros in the upper halves; x32 ones are 64-bit tasks in this. */
static bool is_narrow(uint32_t arch)
{
	return !(arch & 0x80000000u) && arch != SCMP_ARCH_X32;
}

/* Bit i of `zeros` extends the negative int that argument i is with zeros. */
static void start_pools(struct explorer *explorer, const struct callgate_argument *arguments, unsigned zeros)
{
	const uint64_t upper = (uint64_t)UINT32_MAX << 32;

	for (unsigned i = 0; i < 6; i++) {
		uint64_t mask = arguments[i].mask, value = arguments[i].value;
		if (is_narrow(explorer->arch) || (zeros >> i & 1)) {
			mask |= upper;
			value &= ~upper;
		}
		candidate_pool_start(&explorer->pools[i], mask, value);
	}
	candidate_pool_start(&explorer->pools[CANDIDATE_POINTER], is_narrow(explorer->arch) ? upper : 0, 0);
}

int explore_calls(struct callgate_simulator *simulator, uint32_t arch, int32_t nr,
                  const struct callgate_argument arguments[6])
{
	if (!simulator || !arguments)
		return -EINVAL;
	struct explorer *explorer = calloc(1, sizeof(*explorer));
	unsigned negative = 0, zeros = 0;
	int result = 0;

	if (!explorer)
		return -ENOMEM;
	explorer->simulator = simulator;
	explorer->arch = arch ? arch : seccomp_arch_native();
	explorer->nr = nr;
	for (unsigned i = 0; i < 6; i++)
		negative |= (unsigned)arguments[i].is_negative_int << i;
	do {
		start_pools(explorer, arguments, zeros);
		result = search(explorer);
		zeros = (zeros - negative) & negative; /* the next subset */
	} while (zeros && result == 0);
	free(explorer);
	return result;
}

/* Equalities make the pools; what else is compared is both a limit and a reason for values. */
static void start_compared_pools(struct explorer *explorer)
{
	uint64_t masks[CANDIDATE_INPUTS] = {0}, values[CANDIDATE_INPUTS] = {0};

	if (is_narrow(explorer->arch))
		masks[CANDIDATE_POINTER] = (uint64_t)UINT32_MAX << 32;
	for (size_t i = 0; i < explorer->limit_count; i++) {
		const struct scmp_arg_cmp *c = &explorer->limits[i];
		if (c->op != SCMP_CMP_EQ && c->op != SCMP_CMP_MASKED_EQ)
			continue;
		masks[c->arg] |= condition_mask(c);
		values[c->arg] |= condition_datum(c) & condition_mask(c);
	}
	for (unsigned i = 0; i < CANDIDATE_INPUTS; i++)
		candidate_pool_start(&explorer->pools[i], masks[i], values[i]);
	for (size_t i = 0; i < explorer->limit_count; i++) {
		const struct scmp_arg_cmp *c = &explorer->limits[i];
		candidate_pool_add(&explorer->pools[c->arg], condition_mask(c), c->op, condition_datum(c));
	}
}

int explore_compared(struct callgate_simulator *simulator, uint32_t arch, int32_t nr, size_t count,
                     const struct scmp_arg_cmp *comparisons)
{
	if (!simulator || (count && !comparisons))
		return -EINVAL;
	struct explorer *explorer = calloc(1, sizeof(*explorer));
	if (!explorer)
		return -ENOMEM;
	explorer->simulator = simulator;
	explorer->arch = arch ? arch : seccomp_arch_native();
	explorer->nr = nr;
	explorer->limit_count = count;
	explorer->limits = comparisons;
	start_compared_pools(explorer);
	int result = search(explorer);
	free(explorer);
	return result;
}

/* ---- all numbers but some ---- */

typedef VEC(int32_t) number_vec;

static int by_value(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* A constant may be a number, or the first or last one of a range. */
static bool add_constants(const struct callgate_program *program, number_vec *numbers)
{
	for (size_t pc = 0; pc < callgate_program_length(program); pc++) {
		struct sock_filter insn = explore_instruction(program, pc);
		for (uint32_t i = 0; explore_is_branch(&insn) && i < 3; i++)
			if (!vec_push(numbers, (int32_t)(insn.k + i - 1)))
				return false;
	}
	return true;
}

static bool list_numbers(const struct callgate_simulator *simulator, uint32_t arch, number_vec *numbers)
{
	const struct callgate_program *program;
	struct callgate_rule rule;

	if (!vec_push(numbers, 0))
		return false;
	for (size_t i = 0; callgate_simulator_rule(simulator, i, &rule) == 0; i++)
		if (rule.arch == arch && !vec_push(numbers, rule.nr))
			return false;
	for (size_t i = 0; (program = callgate_simulator_program(simulator, i)); i++)
		if (!add_constants(program, numbers))
			return false;
	qsort(numbers->items, numbers->count, sizeof(numbers->items[0]), by_value);
	return true;
}

static bool contains(const int32_t *numbers, size_t count, int32_t nr)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] == nr)
			return true;
	return false;
}

/* x86_64 and x32 share their audit value, and have half of the numbers each. */
static bool is_of(uint32_t arch, int32_t nr)
{
	bool is_x32 = nr >= 0x40000000;

	return arch == SCMP_ARCH_X32 ? is_x32 : arch != SCMP_ARCH_X86_64 || (nr >= 0 && !is_x32);
}

int explore_wanted(struct callgate_simulator *simulator, uint32_t arch, explore_wants *wants,
                   const void *data)
{
	number_vec all = {0};

	if (!simulator || !wants)
		return -EINVAL;
	if (arch == SCMP_ARCH_NATIVE)
		arch = seccomp_arch_native();
	int result = list_numbers(simulator, arch, &all) ? 0 : -ENOMEM;
	for (size_t i = 0; i < all.count && result == 0; i++)
		if ((i == 0 || all.items[i] != all.items[i - 1]) && is_of(arch, all.items[i]) &&
		    wants(data, all.items[i]))
			result = explore_calls(simulator, arch, all.items[i], any);
	vec_finish(&all);
	return result;
}

struct number_list {
	const int32_t *numbers;
	size_t count;
};

static bool is_not_listed(const void *data, int32_t nr)
{
	const struct number_list *list = data;

	return !contains(list->numbers, list->count, nr);
}

int explore_others(struct callgate_simulator *simulator, uint32_t arch, const int32_t *numbers, size_t count)
{
	const struct number_list list = {numbers, count};

	if (!numbers && count)
		return -EINVAL;
	return explore_wanted(simulator, arch, is_not_listed, &list);
}
