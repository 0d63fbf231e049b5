/* What the values and arguments of a line are on one architecture. */
#include "grammar/statement.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <callgate/arch.h>

/* ---- values ---- */

int cases_evaluate(const struct file_value *value, uint32_t arch, struct evaluated *ret_value, const char **ret_missing)
{
	uint64_t bits = 0;
	bool may_be_negative = value->complement;

	for (size_t i = 0; i < value->count; i++) {
		const struct file_term *term = &value->terms[i];
		uint64_t number = term->number;
		if (term->constant) {
			int64_t constant;
			int result = callgate_constant(arch, term->constant, &constant);
			if (result < 0) {
				*ret_missing = term->constant;
				return result == -ENOENT ? -EOPNOTSUPP : result;
			}
			number = (uint64_t)constant;
			may_be_negative = may_be_negative || constant < 0;
		}
		if (term->minus)
			number = -number;
		if (term->complement)
			number = ~number;
		may_be_negative = may_be_negative || term->minus || term->complement;
		bits |= number;
	}
	if (value->complement)
		bits = ~bits;
	int64_t number = (int64_t)bits;
	ret_value->bits = bits;
	ret_value->is_negative_int = may_be_negative && number < 0 && number >= INT32_MIN;
	return 0;
}

/* ---- one argument ---- */

/* One argument on one architecture while it is made into cases. */
struct maker {
	const struct file_argument *argument;
	unsigned index;
	uint32_t arch;
	uint64_t most; /* the largest value that is compared */
	bool is_part;  /* not all bits of the argument are compared */
	bool is_full;  /* there are more cases than fit */
	struct cases *cases;
};

static _Thread_local char mistake[160];
static const char never[] = "no argument can be like this";

/* Arguments of 32-bit tasks have zeros in the upper halves. */
static bool is_narrow(uint32_t arch)
{
	const struct callgate_arch *facts = callgate_arch_find(arch);

	return facts && facts->register_bits == 32;
}

/* NULL, or a mistake. */
static const char *evaluate(const struct maker *maker, const struct file_value *value, struct evaluated *ret_value)
{
	const struct callgate_arch *arch = callgate_arch_find(maker->arch);
	const char *missing = "";
	int result = cases_evaluate(value, maker->arch, ret_value, &missing);

	if (result == 0)
		return NULL;
	snprintf(mistake, sizeof(mistake), "%s does not have the constant %s",
	         arch ? arch->name : "an unknown architecture", missing);
	return mistake;
}

static void add_case(struct maker *maker)
{
	maker->is_full = maker->is_full || maker->cases->count == CASES_MAX;
	if (!maker->is_full)
		maker->cases->items[maker->cases->count++].count = 0;
}

static void add(struct maker *maker, enum scmp_compare op, uint64_t a, uint64_t b)
{
	struct case_alternative *item = &maker->cases->items[maker->cases->count - 1];

	if (maker->is_full)
		return;
	assert(item->count < CASES_COMPARISONS);
	item->comparisons[item->count++] = (struct scmp_arg_cmp){maker->index, op, a, b};
}

/* Values from first to last; of the low bits, as aligned blocks, each of which is one comparison with a mask. */
static void add_values(struct maker *maker, uint64_t first, uint64_t last)
{
	assert(first <= last && last <= maker->most);
	if (!maker->is_part) {
		add_case(maker);
		if (first == last) {
			add(maker, SCMP_CMP_EQ, first, 0);
			return;
		}
		if (first > 0)
			add(maker, SCMP_CMP_GE, first, 0);
		if (last < maker->most)
			add(maker, SCMP_CMP_LE, last, 0);
		return;
	}
	while (first <= last && !maker->is_full) {
		uint64_t size = first ? first & -first : maker->most + 1;
		while (size > last - first + 1)
			size /= 2;
		add_case(maker);
		if (size <= maker->most)
			add(maker, SCMP_CMP_MASKED_EQ, maker->most & ~(size - 1), first);
		first += size;
	}
}

static int compare_numbers(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * The numbers that the values stand for: both ways of passing a negative int, which are one where 32 bits are compared.
 */
struct numbers {
	size_t count;
	uint64_t items[2 * FILE_VALUES_MAX];
};

static const char *add_numbers(const struct maker *maker, struct evaluated value, struct numbers *numbers)
{
	uint64_t forms[2] = {value.bits, (uint32_t)value.bits};
	size_t count = value.is_negative_int && maker->most > UINT32_MAX ? 2 : 1;

	if (value.is_negative_int && count == 1)
		forms[0] = forms[1];
	if (forms[0] > maker->most)
		return maker->argument->bits
		           ? "the value does not fit 32 bits"
		           : "the value does not fit the 32 bits that arguments have on this architecture";
	for (size_t i = 0; i < count; i++)
		numbers->items[numbers->count++] = forms[i];
	return NULL;
}

/* The numbers, or all but them. */
static const char *make_equal(struct maker *maker, struct evaluated value)
{
	const struct file_argument *argument = maker->argument;
	struct numbers numbers = {0};
	const char *wrong = add_numbers(maker, value, &numbers);
	uint64_t first = 0;

	assert(argument->other_count < FILE_VALUES_MAX);
	for (size_t i = 0; i < argument->other_count && !wrong; i++)
		if (!(wrong = evaluate(maker, &argument->others[i], &value)))
			wrong = add_numbers(maker, value, &numbers);
	if (wrong)
		return wrong;
	qsort(numbers.items, numbers.count, sizeof(numbers.items[0]), compare_numbers);
	for (size_t i = 0; i < numbers.count; i++) {
		uint64_t number = numbers.items[i];
		if (i > 0 && number == numbers.items[i - 1])
			continue;
		if (argument->op == FILE_EQUAL)
			add_values(maker, number, number);
		else if (number > first)
			add_values(maker, first, number - 1);
		first = number + 1;
	}
	if (argument->op == FILE_NOT_EQUAL && numbers.items[numbers.count - 1] < maker->most)
		add_values(maker, first, maker->most);
	return maker->cases->count ? NULL : never;
}

static const char *make_order(struct maker *maker, struct evaluated value, struct evaluated second)
{
	uint64_t bits = value.bits, first = 0, last = maker->most;

	if (value.is_negative_int || second.is_negative_int)
		return "arguments are compared as unsigned numbers, and this one is negative";
	switch (maker->argument->op) {
	case FILE_LESS:
		if (bits == 0)
			return never;
		last = bits - 1;
		break;
	case FILE_LESS_EQUAL:
		last = bits;
		break;
	case FILE_GREATER:
		if (bits == UINT64_MAX)
			return never;
		first = bits + 1;
		break;
	default: /* FILE_GREATER_EQUAL, FILE_RANGE */
		first = bits;
		last = maker->argument->op == FILE_RANGE ? second.bits : last;
		break;
	}
	last = last < maker->most ? last : maker->most;
	if (first > last)
		return never;
	add_values(maker, first, last);
	return NULL;
}

/* The bits under the mask are the value's. */
static const char *make_bits(struct maker *maker, struct evaluated value)
{
	struct evaluated mask;
	const char *wrong = evaluate(maker, &maker->argument->mask, &mask);

	if (wrong)
		return wrong;
	mask.bits &= maker->most;
	if ((value.bits & ~mask.bits) && !value.is_negative_int)
		return "the value has bits that the mask does not have";
	value.bits &= mask.bits;
	if (maker->argument->op == FILE_BITS) {
		add_case(maker);
		add(maker, SCMP_CMP_MASKED_EQ, mask.bits, value.bits);
		return NULL;
	}
	for (uint64_t bit = 1; bit; bit <<= 1) { /* one of the bits differs */
		if (!(mask.bits & bit))
			continue;
		add_case(maker);
		add(maker, SCMP_CMP_MASKED_EQ, bit, ~value.bits & bit);
	}
	return maker->cases->count ? NULL : never;
}

static const char *make_all_bits(struct maker *maker, struct evaluated value)
{
	const struct file_argument *argument = maker->argument;
	const char *wrong = make_bits(maker, value);

	assert(argument->op == FILE_BITS || !argument->other_count);
	for (size_t i = 0; i < argument->other_count && !wrong; i++)
		if (!(wrong = evaluate(maker, &argument->others[i], &value)))
			wrong = make_bits(maker, value);
	return wrong;
}

const char *cases_of_argument(const struct file_argument *argument, unsigned index, uint32_t arch,
                              struct cases *ret_cases)
{
	unsigned all = is_narrow(arch) ? 32 : 64, bits = argument->bits && argument->bits < all ? argument->bits : all;
	struct maker maker = {.argument = argument,
	                      .index = index,
	                      .arch = arch,
	                      .most = UINT64_MAX >> (64 - bits),
	                      .is_part = bits < all,
	                      .cases = ret_cases};
	struct evaluated value, second = {0};
	const char *wrong;

	ret_cases->count = 0;
	if (argument->op == FILE_ANY || argument->op == FILE_STRING) {
		add_case(&maker);
		return NULL;
	}
	if ((wrong = evaluate(&maker, &argument->value, &value)) ||
	    (wrong = evaluate(&maker, &argument->second, &second)))
		return wrong;
	if (argument->op == FILE_EQUAL || argument->op == FILE_NOT_EQUAL)
		wrong = make_equal(&maker, value);
	else if (argument->op == FILE_BITS || argument->op == FILE_BITS_NOT)
		wrong = make_all_bits(&maker, value);
	else
		wrong = make_order(&maker, value, second);
	return maker.is_full ? "the values make too many cases; take several lines" : wrong;
}

/* Does the architecture have all constants of the argument? */
static bool has_constants(const struct file_argument *argument, uint32_t arch)
{
	const char *missing;
	struct evaluated value;

	for (size_t i = 0; i < argument->other_count; i++)
		if (cases_evaluate(&argument->others[i], arch, &value, &missing) < 0)
			return false;
	return cases_evaluate(&argument->value, arch, &value, &missing) == 0 &&
	       cases_evaluate(&argument->second, arch, &value, &missing) == 0 &&
	       cases_evaluate(&argument->mask, arch, &value, &missing) == 0;
}

const char *cases_mistake(const struct file_argument *argument)
{
	const struct callgate_arch *arch;
	const char *first = NULL;
	struct cases ignored;

	for (size_t i = 0; (arch = callgate_arch_at(i)); i++) {
		if (!has_constants(argument, arch->token))
			continue;
		const char *wrong = cases_of_argument(argument, 0, arch->token, &ignored);
		if (!wrong)
			return NULL;
		first = first ? first : wrong;
	}
	return first;
}

/* ---- all arguments ---- */

uint64_t cases_combinations(const struct cases *cases)
{
	uint64_t combinations = 1;

	for (unsigned i = 0; i < FILE_ARGUMENTS; i++)
		combinations *= cases[i].count;
	return combinations;
}

/* The next choice of an alternative for each argument. */
static bool advance(struct cases_walk *walk)
{
	if (!walk->has_started)
		return walk->has_started = true;
	for (unsigned i = 0; i < FILE_ARGUMENTS; i++) {
		if (++walk->chosen[i] < walk->cases[i].count)
			return true;
		walk->chosen[i] = 0;
	}
	return false;
}

bool cases_next(struct cases_walk *walk)
{
	bool narrow = is_narrow(walk->arch);

	if (!advance(walk))
		return false;
	walk->count = 0;
	for (unsigned i = 0; i < FILE_ARGUMENTS; i++) {
		const struct case_alternative *item = &walk->cases[i].items[walk->chosen[i]];
		assert(walk->chosen[i] < walk->cases[i].count && item->count <= CASES_COMPARISONS);
		for (unsigned j = 0; j < item->count; j++)
			walk->comparisons[walk->count++] = item->comparisons[j];
		if (narrow)
			walk->comparisons[walk->count++] =
			    (struct scmp_arg_cmp){i, SCMP_CMP_MASKED_EQ, 0xffffffff00000000u, 0};
	}
	return true;
}
