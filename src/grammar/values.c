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
	if (newest && !version[1])
		return scan_fail(scan, scan->at, "there should be a version here, such as @%s@%u", newest->name,
		                 callgate_group_version_of(newest));
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
