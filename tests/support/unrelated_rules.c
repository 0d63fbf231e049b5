#include "support/unrelated_rules.h"

enum { VALUES = 1000 };

const char *const unrelated_names[UNRELATED_KINDS] = {
    [UNRELATED_EQUAL_2_OF_6] = "EQ on 2 of 6 arguments",
    [UNRELATED_EQUAL_3_OF_6] = "EQ on 3 of 6 arguments",
    [UNRELATED_NOT_EQUAL_2_OF_6] = "NE on 2 of 6 arguments",
    [UNRELATED_EQUAL_2_OF_3] = "EQ on 2 of 3 arguments",
    [UNRELATED_MIXED] = "EQ, a range, one bit",
    [UNRELATED_ANY_OF_3] = "EQ, range or bit of each of 3",
    [UNRELATED_RANGES] = "ranges of 3 arguments",
    [UNRELATED_MASKS] = "two bits of 2 arguments",
};

enum shape { EQUAL, NOT_EQUAL, RANGE, BIT, TWO_BITS };

static struct scmp_arg_cmp condition(struct random *random, unsigned arg, enum shape shape)
{
	scmp_datum_t value = random_below(random, VALUES), bit = (scmp_datum_t)1 << random_below(random, 10);
	scmp_datum_t bits = (scmp_datum_t)1 << random_below(random, 32) | (scmp_datum_t)1 << random_below(random, 32);

	switch (shape) {
	case EQUAL:
		return (struct scmp_arg_cmp){arg, SCMP_CMP_EQ, value, 0};
	case NOT_EQUAL:
		return (struct scmp_arg_cmp){arg, SCMP_CMP_NE, value, 0};
	case RANGE:
		return (struct scmp_arg_cmp){arg, random_below(random, 2) ? SCMP_CMP_GE : SCMP_CMP_LE, value, 0};
	case BIT:
		return (struct scmp_arg_cmp){arg, SCMP_CMP_MASKED_EQ, bit, random_below(random, 2) ? bit : 0};
	case TWO_BITS:
		break;
	}
	return (struct scmp_arg_cmp){arg, SCMP_CMP_MASKED_EQ, bits, bits & random_next(random)};
}

/* `count` different ones of the first `of` arguments. */
static void choose(struct random *random, unsigned of, unsigned count, unsigned ret_args[3])
{
	unsigned taken = 0;

	for (unsigned i = 0; i < count; i++) {
		do
			ret_args[i] = random_below(random, of);
		while (taken >> ret_args[i] & 1);
		taken |= 1u << ret_args[i];
	}
}

unsigned unrelated_rule(struct random *random, enum unrelated_kind kind, struct scmp_arg_cmp ret_conditions[3])
{
	static const struct {
		uint8_t of, count;
		enum shape shapes[3];
	} kinds[UNRELATED_KINDS] = {
	    [UNRELATED_EQUAL_2_OF_6] = {6, 2, {EQUAL, EQUAL}},
	    [UNRELATED_EQUAL_3_OF_6] = {6, 3, {EQUAL, EQUAL, EQUAL}},
	    [UNRELATED_NOT_EQUAL_2_OF_6] = {6, 2, {NOT_EQUAL, NOT_EQUAL}},
	    [UNRELATED_EQUAL_2_OF_3] = {3, 2, {EQUAL, EQUAL}},
	    [UNRELATED_MIXED] = {0, 3, {EQUAL, RANGE, BIT}},
	    [UNRELATED_ANY_OF_3] = {0, 3, {EQUAL, EQUAL, EQUAL}},
	    [UNRELATED_RANGES] = {0, 3, {RANGE, RANGE, RANGE}},
	    [UNRELATED_MASKS] = {0, 2, {TWO_BITS, TWO_BITS}},
	};
	static const enum shape any[] = {EQUAL, RANGE, BIT};
	unsigned args[3] = {0, 1, 2};

	if (kinds[kind].of)
		choose(random, kinds[kind].of, kinds[kind].count, args);
	for (unsigned i = 0; i < kinds[kind].count; i++)
		ret_conditions[i] = condition(
		    random, args[i], kind == UNRELATED_ANY_OF_3 ? any[random_below(random, 3)] : kinds[kind].shapes[i]);
	return kinds[kind].count;
}
