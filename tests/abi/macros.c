/*
 * What the comparison macros make of their arguments, in C and in C++, with every warning that asks for care: the test
 * compiles it as each language that the compilers know.
 */
#include <seccomp.h>

static int is_same(struct scmp_arg_cmp made, unsigned int arg, enum scmp_compare op, uint64_t a, uint64_t b)
{
	return made.arg == arg && made.op == op && made.datum_a == a && made.datum_b == b;
}

/* Values that no compiler knows: C++ is stricter about these. */
static int of_variables(int negative, unsigned int index, uint64_t mask)
{
	return is_same(SCMP_A0_32(SCMP_CMP_NE, negative), 0, SCMP_CMP_NE, 0xfffffffb, 0) &&
	       is_same(SCMP_A5_32(SCMP_CMP_MASKED_EQ, negative, mask), 5, SCMP_CMP_MASKED_EQ, 0xfffffffb, 7) &&
	       is_same(SCMP_CMP32(index, SCMP_CMP_LE, negative), 3, SCMP_CMP_LE, 0xfffffffb, 0) &&
	       is_same(SCMP_CMP(index, SCMP_CMP_MASKED_EQ, mask, mask), 3, SCMP_CMP_MASKED_EQ, mask, mask);
}

static int of_constants(void)
{
	return is_same(SCMP_A0(SCMP_CMP_EQ, 1), 0, SCMP_CMP_EQ, 1, 0) &&
	       is_same(SCMP_A1_64(SCMP_CMP_GT, UINT64_MAX), 1, SCMP_CMP_GT, UINT64_MAX, 0) &&
	       is_same(SCMP_A2(SCMP_CMP_MASKED_EQ, 0xf0, 0x10), 2, SCMP_CMP_MASKED_EQ, 0xf0, 0x10) &&
	       is_same(SCMP_A3(SCMP_CMP_GE, 'x'), 3, SCMP_CMP_GE, 'x', 0) &&
	       is_same(SCMP_A4_32(SCMP_CMP_LT, UINT64_C(0x100000005)), 4, SCMP_CMP_LT, 5, 0) &&
	       is_same(SCMP_CMP64(5, SCMP_CMP_EQ, 1, 2), 5, SCMP_CMP_EQ, 1, 2);
}

/* The 64-bit form extends the sign, as C converts; -Wsign-conversion has something to say about that. */
#pragma GCC diagnostic ignored "-Wsign-conversion"
static int of_negative_numbers(int negative)
{
	return is_same(SCMP_A1(SCMP_CMP_EQ, negative), 1, SCMP_CMP_EQ, UINT64_MAX - 4, 0) &&
	       is_same(SCMP_CMP(2, SCMP_CMP_MASKED_EQ, -1, negative), 2, SCMP_CMP_MASKED_EQ, UINT64_MAX,
	               UINT64_MAX - 4);
}

/* Lists of comparisons, and in C their addresses. */
static int in_arrays(void)
{
	const struct scmp_arg_cmp list[] = {SCMP_A0(SCMP_CMP_EQ, 1), SCMP_A1_32(SCMP_CMP_MASKED_EQ, 2, 3)};
#ifdef __cplusplus
	const struct scmp_arg_cmp *second = &list[1];
#else
	const struct scmp_arg_cmp *second = &SCMP_A1_32(SCMP_CMP_MASKED_EQ, 2, 3);
#endif

	return is_same(list[0], 0, SCMP_CMP_EQ, 1, 0) && is_same(*second, 1, SCMP_CMP_MASKED_EQ, 2, 3);
}

/* Commas within an argument, in C by name. */
#ifdef __cplusplus
template <int a, int b> struct sum {
	static const unsigned int value = a + b;
};
static int with_commas(void)
{
	return is_same(SCMP_A0(SCMP_CMP_EQ, sum<1, 2>::value), 0, SCMP_CMP_EQ, 3, 0);
}
#else
static int with_commas(void)
{
	return is_same(SCMP_CMP(.arg = 1, .datum_a = 5, .op = SCMP_CMP_EQ), 1, SCMP_CMP_EQ, 5, 0);
}
#endif

int main(void)
{
	if (!of_variables(-5, 3, 7))
		return 1;
	if (!of_constants())
		return 2;
	if (!of_negative_numbers(-5))
		return 3;
	if (!in_arrays())
		return 4;
	return with_commas() ? 0 : 5;
}
