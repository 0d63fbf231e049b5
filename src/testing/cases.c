#include "testing/cases.h"

#include <errno.h>
#include <stdio.h>

#include "testing/value.h"
#include "testing/words.h"

/* One argument on one architecture while it is made into cases. */
struct maker {
	const struct file_argument *argument;
	unsigned index;
	uint32_t arch;
	uint64_t most; /* the largest value */
	struct cases *cases;
};

static _Thread_local char mistake[160];
static const char never[] = "no argument can be like this";

bool cases_arch_is_narrow(uint32_t arch)
{
	if (arch == SCMP_ARCH_NATIVE)
		arch = seccomp_arch_native();
	return !(arch & 0x80000000u) && arch != SCMP_ARCH_X32;
}

/* NULL, or a mistake. */
static const char *evaluate(const struct maker *maker, const struct file_value *value,
                            struct value *ret_value)
{
	const char *missing = "";
	int result = value_evaluate(value, maker->arch, ret_value, &missing);
	const char *name = words_arch_name(maker->arch);

	if (result == 0)
		return NULL;
	snprintf(mistake, sizeof(mistake), "%s does not have the constant %s",
	         name ? name : "this architecture", missing);
	return mistake;
}

static void add_case(struct maker *maker)
{
	maker->cases->items[maker->cases->count++].count = 0;
}

static void add(struct maker *maker, enum scmp_compare op, uint64_t a, uint64_t b)
{
	struct case_alternative *item = &maker->cases->items[maker->cases->count - 1];

	item->comparisons[item->count++] = (struct scmp_arg_cmp){maker->index, op, a, b};
}

/* Both ways of passing a negative int; on a 32-bit architecture they are one. */
static size_t forms_of(const struct maker *maker, struct value value, uint64_t forms[2])
{
	forms[0] = value.bits;
	if (!value.is_negative_int)
		return 1;
	forms[1] = (uint32_t)value.bits;
	if (maker->most > UINT32_MAX)
		return 2;
	forms[0] = forms[1];
	return 1;
}

static const char *make_equal(struct maker *maker, struct value value)
{
	uint64_t forms[2];
	size_t count = forms_of(maker, value, forms);

	if (forms[0] > maker->most)
		return "the value does not fit the 32 bits that arguments have on this architecture";
	if (maker->argument->op == FILE_NOT_EQUAL)
		add_case(maker); /* neither of them */
	for (size_t i = 0; i < count; i++) {
		if (maker->argument->op == FILE_EQUAL)
			add_case(maker);
		add(maker, maker->argument->op == FILE_EQUAL ? SCMP_CMP_EQ : SCMP_CMP_NE, forms[i], 0);
	}
	return NULL;
}

static const char *make_order(struct maker *maker, struct value value, struct value second)
{
	enum file_operator op = maker->argument->op;
	uint64_t bits = value.bits;

	if (value.is_negative_int || second.is_negative_int)
		return "arguments are compared as unsigned numbers, and this one is negative";
	if ((op == FILE_LESS && bits == 0) || (op == FILE_GREATER && bits >= maker->most) ||
	    (op == FILE_RANGE && bits > second.bits) ||
	    ((op == FILE_GREATER_EQUAL || op == FILE_RANGE) && bits > maker->most))
		return never;
	add_case(maker);
	if (op == FILE_RANGE) {
		add(maker, SCMP_CMP_GE, bits, 0);
		add(maker, SCMP_CMP_LE, second.bits, 0);
	} else {
		add(maker,
		    op == FILE_LESS         ? SCMP_CMP_LT
		    : op == FILE_LESS_EQUAL ? SCMP_CMP_LE
		    : op == FILE_GREATER    ? SCMP_CMP_GT
		                            : SCMP_CMP_GE,
		    bits, 0);
	}
	return NULL;
}

static const char *make_bits(struct maker *maker, struct value value)
{
	struct value mask;
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

const char *cases_of_argument(const struct file_argument *argument, unsigned index, uint32_t arch,
                              struct cases *ret_cases)
{
	struct maker maker = {argument, index, arch, cases_arch_is_narrow(arch) ? UINT32_MAX : UINT64_MAX,
	                      ret_cases};
	struct value value, second = {0};
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
		return make_equal(&maker, value);
	if (argument->op == FILE_BITS || argument->op == FILE_BITS_NOT)
		return make_bits(&maker, value);
	return make_order(&maker, value, second);
}

const char *cases_mistake(const struct file_argument *argument)
{
	const struct file_value *const values[] = {&argument->value, &argument->second, &argument->mask};
	struct cases ignored;
	struct value value;
	const char *missing;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (value_evaluate(values[i], SCMP_ARCH_X86_64, &value, &missing) < 0)
			return NULL;
	return cases_of_argument(argument, 0, SCMP_ARCH_X86_64, &ignored);
}
