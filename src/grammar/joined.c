/* Names of one enumeration with | between them, which are alternatives, or a mistake; and bits, which are joined. */
#include "grammar/scanner.h"

#include <string.h>

/*
 * The bits of the argument of which the constant is one value, on any architecture; 0: it is bits of its own, a number,
 * or nothing that the argument is known to be made of.
 */
static uint64_t enumeration_of(const char *call, unsigned index, const struct file_term *term)
{
	const struct callgate_arch *arch;
	uint64_t mask;

	for (size_t i = 0; term->constant && (arch = callgate_arch_at(i)); i++)
		if (callgate_argument_constant(arch->token, call, index, term->constant, &mask) == 0)
			return mask;
	return 0;
}

static bool is_plain(const struct file_term *term)
{
	return term->constant && !term->minus && !term->complement;
}

/* Each name of the value becomes an alternative. */
static bool take_alternatives(struct scan *scan, const char *start, struct file_argument *argument)
{
	const struct file_value joined = argument->value;
	struct file_value *values = scan_allocate(scan, joined.count, sizeof(*values));

	if (!values)
		return false;
	if (joined.count > FILE_VALUES_MAX)
		return scan_fail(scan, start, "more than %d values", FILE_VALUES_MAX);
	for (size_t i = 0; i < joined.count; i++)
		values[i] = (struct file_value){.count = 1, .terms = &joined.terms[i]};
	argument->value = values[0];
	argument->others = values + 1;
	argument->other_count = joined.count - 1;
	return true;
}

/* Is the constant a word of this argument, on any architecture? */
static bool is_word_of(const char *call, unsigned index, const char *constant)
{
	const struct callgate_arch *arch;
	uint64_t mask;

	for (size_t i = 0; (arch = callgate_arch_at(i)); i++)
		if (callgate_argument_constant(arch->token, call, index, constant, &mask) == 0)
			return true;
	return false;
}

/* "MAP_HUGE_2MB" is like the words of mmap(), though it is none of them. */
static bool begin_alike(const char *a, const char *b)
{
	const char *end = strchr(a, '_');

	return end && strncmp(a, b, (size_t)(end - a) + 1) == 0;
}

/*
 * Names with | between them are of one kind: where one is a word of the argument, AF_INET among names of flags is a
 * mistake. Names that begin with O_ stand for flags of many calls, such as SOCK_NONBLOCK.
 */
static bool check_kinds(struct scan *scan, const char *start, const char *call, unsigned index,
                        const struct file_value *value)
{
	const char *word = NULL, *other = NULL;

	for (size_t i = 0; value->count > 1 && i < value->count; i++) {
		const char *constant = value->terms[i].constant;
		if (constant && is_word_of(call, index, constant))
			word = constant;
		else if (constant && !begin_alike("O_", constant))
			other = constant;
	}
	return !word || !other || begin_alike(word, other) ||
	       scan_fail(scan, start, "%s is no value of this argument, as %s is: | can't join them", other, word);
}

/* A value with a name of an enumeration in it. */
struct joined {
	/* Its bits of the argument; 0: there is no such name. */
	uint64_t enumeration;
	/* Two names of the enumeration, and what is not of it; NULL: there is none. */
	const struct file_term *first, *second, *other;
};

static struct joined find_joined(const char *call, unsigned index, const struct file_value *value)
{
	struct joined joined = {0};

	for (size_t i = 0; i < value->count && !joined.first; i++) {
		joined.enumeration = enumeration_of(call, index, &value->terms[i]);
		joined.first = joined.enumeration ? &value->terms[i] : NULL;
	}
	for (size_t i = 0; i < value->count && joined.first; i++) {
		const struct file_term *term = &value->terms[i];
		if (term == joined.first)
			continue;
		if (enumeration_of(call, index, term) == joined.enumeration)
			joined.second = term;
		else if (!joined.other || term->constant)
			joined.other = term;
	}
	return joined;
}

/*
 * "AF_UNIX|AF_INET" is 3, and no family that anybody has in mind: bits are joined, and names of one enumeration are not
 * bits. Between such names | means either of them where the line takes that, and is a mistake elsewhere;
 * *ret_alternatives. What other bits a number has is not asked, but in policies where no bits are left.
 */
static bool check_joined(struct scan *scan, const char *start, const char *call, unsigned index,
                         const struct file_value *value, bool is_policy, bool *ret_alternatives)
{
	struct joined joined = find_joined(call, index, value);
	bool is_whole = joined.enumeration == UINT32_MAX && joined.other && (joined.other->constant || is_policy);

	*ret_alternatives =
	    joined.second && !joined.other && !value->complement && is_plain(joined.first) && is_plain(joined.second);
	if ((!joined.second && !is_whole) || (*ret_alternatives && scan->has_alternatives))
		return !is_policy || check_kinds(scan, start, call, index, value);
	if (*ret_alternatives)
		return scan_fail(scan, start,
		                 "| joins bits, and %s and %s are two values of one enumeration; either of "
		                 "them is {%s, %s}",
		                 joined.first->constant, joined.second->constant, joined.first->constant,
		                 joined.second->constant);
	return scan_fail(scan, start,
	                 "%s is a value of an enumeration and not a bit: | can't join it to other words; "
	                 "either of two values "
	                 "is {A, B}",
	                 joined.first->constant);
}

bool parse_joined(struct scan *scan, const char *start, const char *call, unsigned index,
                  struct file_argument *argument)
{
	bool has_alternatives, is_alone = takes_alternatives(argument) && !argument->other_count;
	bool takes = scan->has_alternatives;

	scan->has_alternatives = takes && is_alone;
	bool done = check_joined(scan, start, call, index, &argument->value, takes, &has_alternatives);
	scan->has_alternatives = false;
	if (done && has_alternatives)
		done = take_alternatives(scan, start, argument);
	else
		for (size_t i = 0; done && i < argument->other_count; i++)
			done = check_joined(scan, start, call, index, &argument->others[i], takes, &has_alternatives);
	scan->has_alternatives = takes;
	return done;
}
