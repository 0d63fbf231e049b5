/* Conditions in words. */
#include <assert.h>
#include <string.h>

#include <callgate/decode.h>
#include <callgate/info.h>
#include <callgate/rule.h>

#include "cli/explain.h"

uint64_t explain_read_mask(const struct callgate_arch *arch, const char *call, unsigned argument)
{
	const unsigned bits = argument < CALLGATE_ARGUMENTS ? callgate_argument_bits(arch->token, call, argument) : 64;

	return bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
}

bool explain_value(const struct callgate_arch *arch, const char *call, unsigned argument, uint64_t value,
                   char words[EXPLAINED_VALUE])
{
	if (argument >= CALLGATE_ARGUMENTS || value & ~explain_read_mask(arch, call, argument)) {
		snprintf(words, EXPLAINED_VALUE, "0x%llx", (unsigned long long)value);
		return false;
	}
	(void)callgate_decode_argument(arch->token, call, argument, value, words, EXPLAINED_VALUE);
	return (*words >= 'A' && *words <= 'Z') && !strstr(words, "0x");
}

void explain_name(struct strbuf *text, const struct callgate_arch *arch, const char *call, unsigned argument)
{
	const char *name = callgate_argument_name(arch->token, call, argument);

	if (name)
		strbuf_append(text, name);
	else if (argument < CALLGATE_ARGUMENTS)
		strbuf_printf(text, "argument %u", argument);
	else
		strbuf_append(text, "the instruction pointer");
}

/* Does each bit of a mask have a name of its own, and none of the bits together mean a value? */
static bool has_flags(const struct callgate_arch *arch, const char *call, const struct callgate_condition *c)
{
	char words[EXPLAINED_VALUE];

	if (explain_value(arch, call, c->argument, 0, words))
		return false; /* a name for none of them, such as O_RDONLY */
	return explain_value(arch, call, c->argument, c->mask, words);
}

/* The part of a mask that has a name: "O_ACCMODE" in (O_ACCMODE|O_CREAT), where a call has its values. NULL: none. */
static const char *field_name(const struct callgate_arch *arch, const char *call, const struct callgate_condition *c,
                              uint64_t *ret_bits)
{
	const char *name = callgate_argument_mask_name(arch->token, call, c->argument, ret_bits);

	return name && (c->mask & *ret_bits) == *ret_bits ? name : NULL;
}

/* "O_ACCMODE", "(O_ACCMODE|O_CREAT)", "0x43" where not every bit has a name. */
static void append_mask(struct strbuf *text, const struct callgate_arch *arch, const char *call,
                        const struct callgate_condition *c)
{
	char words[EXPLAINED_VALUE];
	uint64_t bits = 0;
	const char *name = field_name(arch, call, c, &bits);

	if (name && c->mask == bits)
		strbuf_append(text, name);
	else if (name && explain_value(arch, call, c->argument, c->mask & ~bits, words)) {
		/* The words begin with the value of the field that has no bits: O_RDONLY|O_CREAT. */
		const char *flags = strncmp(words, "O_RDONLY|", 9) == 0 ? words + 9 : words;
		strbuf_printf(text, "(%s|%s)", name, flags);
	} else
		strbuf_printf(text, "0x%llx", (unsigned long long)c->mask);
}

static void append_masked(struct strbuf *text, const struct callgate_arch *arch, const char *call,
                          const struct callgate_condition *c)
{
	static const char *const symbols[] = {"?", "!=", "<", "<=", "==", ">=", ">"};
	const bool flags = has_flags(arch, call, c), is_none = c->value == 0, is_ne = c->op == SCMP_CMP_NE;
	const bool is_all = c->value == c->mask, is_eq = c->op == SCMP_CMP_EQ || is_ne;
	const bool is_single = (c->mask & (c->mask - 1)) == 0;
	char words[EXPLAINED_VALUE];

	explain_name(text, arch, call, c->argument);
	if (flags && is_eq && (is_none || is_all)) {
		(void)explain_value(arch, call, c->argument, c->mask, words);
		strbuf_append(text, is_single          ? (is_none == is_ne ? " has " : " has not ")
		                    : is_none && is_ne ? " has one of "
		                    : is_none          ? " has none of "
		                    : is_ne            ? " has not all of "
		                                       : " has all of ");
		strbuf_append(text, words);
		return;
	}
	const uint64_t span = explain_read_mask(arch, call, c->argument) & ~c->mask;
	if (c->op == SCMP_CMP_EQ && (span & (span + 1)) == 0 && (c->value & span) == 0) { /* a block of values */
		strbuf_printf(text, " in 0x%llx to 0x%llx", (unsigned long long)c->value,
		              (unsigned long long)(c->value | span));
		return;
	}
	uint64_t bits;
	if ((c->mask & (c->mask + 1)) == 0 || field_name(arch, call, c, &bits)) /* as O_ACCMODE */
		(void)explain_value(arch, call, c->argument, c->value, words);
	else
		snprintf(words, sizeof(words), "0x%llx", (unsigned long long)c->value);
	strbuf_append(text, " & ");
	append_mask(text, arch, call, c);
	strbuf_printf(text, " %s %s", symbols[c->op], words);
}

struct callgate_condition explain_comparison(const struct scmp_arg_cmp *c, const struct callgate_arch *arch)
{
	const bool is_low = c->arg & CALLGATE_LOW_HALF || arch->word_bits == 32;
	const bool is_masked = c->op == SCMP_CMP_MASKED_EQ;
	const uint64_t width = is_low ? UINT32_MAX : UINT64_MAX;

	return (struct callgate_condition){.argument = c->arg & ~CALLGATE_LOW_HALF,
	                                   .op = is_masked ? SCMP_CMP_EQ : c->op,
	                                   .mask = (is_masked ? c->datum_a : width) & width,
	                                   .value = (is_masked ? c->datum_b : c->datum_a) & width};
}

void explain_condition(struct strbuf *text, const struct callgate_arch *arch, const char *call,
                       const struct callgate_condition *c)
{
	static const char *const symbols[] = {"?", "!=", "<", "<=", "==", ">=", ">"};
	const uint64_t all = explain_read_mask(arch, call, c->argument);
	char words[EXPLAINED_VALUE];

	assert(c->op > _SCMP_CMP_MIN && c->op < SCMP_CMP_MASKED_EQ);
	if ((c->mask & all) != all) {
		append_masked(text, arch, call, c);
		return;
	}
	explain_name(text, arch, call, c->argument);
	const bool is_named = explain_value(arch, call, c->argument, c->value, words);
	strbuf_printf(text, " %s %s", symbols[c->op], words);
	if (is_named && c->op != SCMP_CMP_EQ && c->op != SCMP_CMP_NE)
		strbuf_printf(text, " (%llu)", (unsigned long long)c->value);
}
