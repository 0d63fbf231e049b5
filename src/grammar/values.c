/* Values, arguments and calls of a line. */
#include "grammar/scanner.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include <callgate/syscall.h>

#include "base/strbuf.h"

/* C's digits: 10, 0x1f, 0400. `len` bytes, all letters, digits or _. */
static bool parse_number(struct scan *scan, const char *word, size_t len, uint64_t *ret_number)
{
	unsigned base = word[0] != '0' || len == 1 ? 10 : word[1] == 'x' || word[1] == 'X' ? 16 : 8;
	size_t at = base == 16 ? 2 : 0;
	uint64_t number = 0;

	if (at == len)
		return scan_fail(scan, word, "0x without digits");
	for (; at < len; at++) {
		unsigned c = (unsigned char)word[at] | 0x20u;
		unsigned digit = isdigit((unsigned char)word[at]) ? c - '0' : c - 'a' + 10;
		if ((!isdigit((unsigned char)word[at]) && (c < 'a' || c > 'f')) || digit >= base)
			return scan_fail(scan, word + at, "\"%c\" is no digit of a%s number", word[at],
			                 base == 16  ? " hexadecimal"
			                 : base == 8 ? "n octal"
			                             : " decimal");
		if (number > (UINT64_MAX - digit) / base)
			return scan_fail(scan, word, "the number does not fit 64 bits");
		number = number * base + digit;
	}
	*ret_number = number;
	return true;
}

static bool parse_constant(struct scan *scan, const char *word, size_t len, struct file_term *term)
{
	char *name = scan_copy(scan, word, len);
	int64_t ignored;

	if (!name)
		return false;
	if (strcmp(name, "NULL") == 0)
		return true;
	if (callgate_constant(SCMP_ARCH_NATIVE, name, &ignored) != -ENOENT) {
		term->constant = name;
		return true;
	}
	return scan_fail_unknown(scan, word, "constant", name, "", callgate_constant_closest_name(name));
}

static bool parse_term(struct scan *scan, struct file_term *term)
{
	const char *word;

	*term = (struct file_term){0};
	const char *start = scan_blanks(scan);
	if (scan_take(scan, "~"))
		term->complement = true;
	else if (scan_take(scan, "-"))
		term->minus = true;
	size_t len = scan_word(scan, &word);
	if (len == 0)
		return scan_fail(scan, start, "there should be a number or a constant here");
	return isdigit((unsigned char)*word) ? parse_number(scan, word, len, &term->number)
	                                     : parse_constant(scan, word, len, term);
}

static bool parse_terms(struct scan *scan, struct file_value *value)
{
	ARENA_VEC(struct file_term) terms = {0};
	struct file_term term;

	do {
		if (!parse_term(scan, &term))
			return false;
		if (!vec_push_in(&terms, &scan->output->arena, term))
			return scan_fail_memory(scan);
	} while (scan_take(scan, "|"));
	value->terms = terms.items;
	value->count = terms.count;
	return true;
}

bool parse_value(struct scan *scan, struct file_value *value)
{
	const char *at = scan->at;

	*value = (struct file_value){.complement = scan_take(scan, "~")};
	if (scan_take(scan, "("))
		return parse_terms(scan, value) && scan_expect(scan, ")", "the value");
	value->complement = false;
	scan->at = at; /* a ~ belongs to the first term */
	return parse_terms(scan, value);
}

/* A value, or several in braces, of which one is enough. */
static bool parse_values(struct scan *scan, struct file_argument *argument)
{
	const char *start = scan_blanks(scan);
	ARENA_VEC(struct file_value) others = {0};
	struct file_value value;

	if (!scan_take(scan, "{"))
		return parse_value(scan, &argument->value);
	if (scan->is_live)
		return scan_fail(scan, start, "a `live:` call is made once, with one value for each argument");
	if (!parse_value(scan, &argument->value))
		return false;
	while (scan_take(scan, ",")) {
		if (others.count + 1 == FILE_VALUES_MAX)
			return scan_fail(scan, scan_blanks(scan), "more than %d values", FILE_VALUES_MAX);
		if (!parse_value(scan, &value))
			return false;
		if (!vec_push_in(&others, &scan->output->arena, value))
			return scan_fail_memory(scan);
	}
	argument->others = others.items;
	argument->other_count = others.count;
	return scan_expect(scan, "}", "the values");
}

/* After the star: nothing, or "& MASK == VALUE", or "& MASK != VALUE". */
static bool parse_bits(struct scan *scan, struct file_argument *argument)
{
	argument->op = FILE_ANY;
	if (!scan_take(scan, "&"))
		return true;
	argument->op = FILE_BITS;
	if (!parse_value(scan, &argument->mask))
		return false;
	if (scan_take(scan, "!=")) {
		argument->op = FILE_BITS_NOT;
		return parse_value(scan, &argument->value);
	}
	return scan_expect(scan, "==", "the mask") && parse_values(scan, argument);
}

static bool parse_string(struct scan *scan, struct file_argument *argument)
{
	if (!scan->is_live)
		return scan_fail(
		    scan, scan->at,
		    "a filter does not see what a pointer points to; only a `live:` call can have a string");
	argument->op = FILE_STRING;
	argument->string = scan_string(scan, true);
	return argument->string != NULL;
}

/* In this order: a longer symbol before its beginning. */
static const struct {
	const char *symbol;
	enum file_operator op;
} operators[] = {{"!=", FILE_NOT_EQUAL},     {"<=", FILE_LESS_EQUAL}, {"<", FILE_LESS},
                 {">=", FILE_GREATER_EQUAL}, {">", FILE_GREATER},     {"==", FILE_EQUAL}};

static bool takes_alternatives(const struct file_argument *argument)
{
	return argument->op == FILE_EQUAL || argument->op == FILE_NOT_EQUAL || argument->op == FILE_BITS;
}

static bool parse_comparison(struct scan *scan, struct file_argument *argument)
{
	const char *start = scan->at;
	*argument = (struct file_argument){.op = FILE_EQUAL,
	                                   .bits = scan_take(scan, "(u32)")   ? 32
	                                           : scan_take(scan, "(u64)") ? 64
	                                                                      : 0};
	char first = scan_blanks(scan) < scan->end ? *scan->at : ' ';
	if (first == '"' && !argument->bits)
		return parse_string(scan, argument);
	if (scan->is_live && (argument->bits || first == '*' || first == '<' || first == '>' || first == '!'))
		return scan_fail(scan, start, "a `live:` call is made once, with one value for each argument");
	if (scan_take(scan, "*"))
		return parse_bits(scan, argument);
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (!scan_take(scan, operators[i].symbol))
			continue;
		argument->op = operators[i].op;
		return takes_alternatives(argument) ? parse_values(scan, argument)
		                                    : parse_value(scan, &argument->value);
	}
	if (!parse_values(scan, argument))
		return false;
	if (scan->is_live || argument->other_count || !scan_take(scan, ".."))
		return true;
	argument->op = FILE_RANGE;
	return parse_value(scan, &argument->second);
}

static bool has_constant(const struct file_value *value)
{
	for (size_t i = 0; i < value->count; i++)
		if (value->terms[i].constant)
			return true;
	return false;
}

static bool has_constants(const struct file_argument *argument)
{
	bool found = has_constant(&argument->value) || has_constant(&argument->second) || has_constant(&argument->mask);

	for (size_t i = 0; i < argument->other_count && !found; i++)
		found = has_constant(&argument->others[i]);
	return found;
}

/* ---- names of one enumeration with | between them ---- */

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

/*
 * A call by number is another one on each architecture. Where the line takes alternatives, what its arguments mean is
 * found for each; elsewhere a mistake on one of them is a mistake.
 */
static bool check_number(struct scan *scan, const char *start, int32_t number, unsigned index,
                         const struct file_argument *argument)
{
	const struct callgate_arch *arch;

	for (size_t i = 0; argument->words && !scan->has_alternatives && (arch = callgate_arch_at(i)); i++) {
		const char *call = callgate_syscall_name(arch->token, number);
		struct file_argument copy = *argument;
		if (call && !parse_joined(scan, start, call, index, &copy))
			return false;
	}
	return true;
}

static bool is_number(const struct file_value *value)
{
	const struct file_term *term = value->terms;

	return value->count == 1 && !value->complement && !term->constant && !term->minus && !term->complement;
}

/*
 * What stands between the parentheses of a call: "*", "!= 3", "3..5", "{1, 3}", "* & MASK == VALUE", "(u32) < 3", and
 * for a live one also "string".
 */
static bool parse_argument(struct scan *scan, const struct file_calls *calls, unsigned index,
                           struct file_argument *ret_argument)
{
	const char *start = scan_blanks(scan);
	if (!parse_comparison(scan, ret_argument))
		return false;
	if (has_constants(ret_argument))
		ret_argument->words = scan_copy(scan, start, (size_t)(scan->at - start));
	if (calls->name ? !parse_joined(scan, start, calls->name, index, ret_argument)
	                : !check_number(scan, start, calls->number, index, ret_argument))
		return false;
	if (ret_argument->op == FILE_RANGE && is_number(&ret_argument->value) && is_number(&ret_argument->second) &&
	    ret_argument->value.terms[0].number > ret_argument->second.terms[0].number)
		return scan_fail(scan, start, "the range %llu..%llu is empty",
		                 (unsigned long long)ret_argument->value.terms[0].number,
		                 (unsigned long long)ret_argument->second.terms[0].number);
	const char *mistake = cases_mistake(ret_argument);
	return !mistake || scan_fail(scan, start, "%s", mistake);
}

/* ---- calls ---- */

static bool parse_arguments(struct scan *scan, struct file_calls *calls)
{
	unsigned count = 0;

	if (scan_take(scan, ")"))
		return true;
	struct file_argument *arguments = scan_allocate(scan, FILE_ARGUMENTS, sizeof(*arguments));
	if (!arguments)
		return false;
	calls->arguments = arguments;
	do {
		if (count == FILE_ARGUMENTS)
			return scan_fail(scan, scan_blanks(scan), "a system call has at most 6 arguments");
		if (!parse_argument(scan, calls, count, &arguments[count]))
			return false;
		count++;
	} while (scan_take(scan, ","));
	return scan_expect(scan, ")", "the arguments");
}

static bool is_set_character(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '@';
}

static bool parse_set(struct scan *scan, struct file_calls *calls)
{
	const char *start = scan->at++;

	while (scan->at < scan->end && is_set_character(*scan->at)) {
		if (scan->end - scan->at >= 2 && memcmp(scan->at, "->", 2) == 0)
			break;
		scan->at++;
	}
	if (scan->is_live)
		return scan_fail(scan, start, "a `live:` line makes one call, not a set of them");
	char *name = scan_copy(scan, start, (size_t)(scan->at - start));
	if (!name)
		return false;
	calls->group = callgate_group_find(name);
	if (calls->group)
		return true;
	const char *version = strchr(name + 1, '@');
	const struct callgate_group *newest =
	    version ? callgate_group_find(scan_copy(scan, name, (size_t)(version - name))) : NULL;
	if (newest)
		return scan_fail(scan, start, "there is no version %s of the set @%s; the newest is @%s@%u",
		                 version + 1, newest->name, newest->name, callgate_group_version_of(newest));
	return !scan->no_memory && scan_fail_unknown(scan, start, "set", name, "@", callgate_group_closest_name(name));
}

static bool fail_name(struct scan *scan, const char *where, const char *name)
{
	const char *closest = callgate_syscall_closest_name(name);
	const char *word = where == scan->start && scan->closest_word ? scan->closest_word(name) : NULL;
	struct similar similar = similar_start(name);

	if (word) /* the line may have been meant as one of another kind */
		similar_offer(&similar, word);
	if (closest)
		similar_offer(&similar, closest);
	return scan_fail_unknown(scan, where, "system call", name, "", similar.best);
}

static bool parse_name(struct scan *scan, struct file_calls *calls)
{
	const char *where;
	const char *name = scan_name(scan, &where, "the name of a system call or a set");

	if (!name)
		return false;
	if (isdigit((unsigned char)*name)) {
		uint64_t number;
		if (!parse_number(scan, where, strlen(name), &number))
			return false;
		calls->number = (int32_t)number;
		return number <= INT32_MAX || scan_fail(scan, where, "numbers of system calls are below 2^31");
	}
	calls->name = name;
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR || fail_name(scan, where, name);
}

bool parse_calls(struct scan *scan, struct file_calls *ret_calls)
{
	*ret_calls = (struct file_calls){0};
	if (scan_blanks(scan) < scan->end && *scan->at == '@')
		return parse_set(scan, ret_calls);
	if (!parse_name(scan, ret_calls))
		return false;
	if (scan_take(scan, "("))
		return parse_arguments(scan, ret_calls);
	return !scan->is_live || scan_fail(scan, scan->at, "a `live:` call needs its arguments in parentheses");
}
