/* Calls, arguments and actions as lines of policies have them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/decode.h>
#include <callgate/info.h>

#include "oci/convert.h"

enum { NAMES_MAX = 100, WORDS_MAX = 512 };

void policy_write_action(struct strbuf *out, const struct callgate_arch *arch, uint32_t action)
{
	const bool is_error = (action & SECCOMP_RET_ACTION_FULL) == SCMP_ACT_ERRNO(0);
	const char *name = is_error ? callgate_errno_name(arch->token, action & SECCOMP_RET_DATA) : NULL;
	char words[CALLGATE_ACTION_TEXT];

	callgate_action_text(action, words);
	if (is_error && !name)
		snprintf(words, sizeof(words), "ERRNO(%" PRIu32 ")", action & SECCOMP_RET_DATA);
	strbuf_append(out, name ? name : words);
}

/* One argument of a call on an architecture. */
struct place_of_value {
	const struct callgate_arch *arch;
	const char *call;
	unsigned int index, width;
};

/*
 * The value as names with | between them, of those bits that are compared: names of values of other bits are left out,
 * such as O_RDONLY where O_ACCMODE is not compared. As a mask it is bits, and no value of an enumeration. False: some
 * of it has no name, or there is none to be said.
 */
static bool find_names(const struct place_of_value *place, uint64_t value, uint64_t compared, bool is_mask,
                       char names[WORDS_MAX])
{
	char words[WORDS_MAX], *rest = NULL;
	uint64_t all = 0, bits;
	int64_t number;
	size_t length = 0;

	(void)callgate_decode_argument(place->arch->token, place->call, place->index, value, words, sizeof(words));
	for (char *word = strtok_r(words, "|", &rest); word; word = strtok_r(NULL, "|", &rest)) {
		if (callgate_constant(place->arch->token, word, &number) < 0)
			return false;
		bool is_known =
		    callgate_argument_constant(place->arch->token, place->call, place->index, word, &bits) == 0;
		if (number == 0 && (is_mask || (is_known && (bits & ~compared))))
			continue;
		if ((is_mask && (!is_known || bits)) || (number < 0 && place->width == 64))
			return false;
		length += (size_t)snprintf(names + length, WORDS_MAX - length, "%s%s", length ? "|" : "", word);
		all |= place->width == 32 ? (uint32_t)number : (uint64_t)number;
	}
	return all == value && length > 0 && length < NAMES_MAX; /* more names than a line takes are a number */
}

/* "O_ACCMODE", "(O_ACCMODE|O_CREAT)", "0x43" */
static void write_mask(struct strbuf *out, const struct place_of_value *place, uint64_t mask)
{
	uint64_t bits = 0;
	const char *name = callgate_argument_mask_name(place->arch->token, place->call, place->index, &bits);
	const bool has_name = name && bits && (mask & bits) == bits;
	const uint64_t rest = has_name ? mask & ~bits : mask;
	char names[WORDS_MAX] = "";
	const bool are_names = rest && find_names(place, rest, UINT64_MAX, true, names);

	if (has_name && !rest)
		strbuf_append(out, name);
	else if (has_name && are_names)
		strbuf_printf(out, "(%s|%s)", name, names);
	else if (are_names)
		strbuf_printf(out, strchr(names, '|') ? "(%s)" : "%s", names);
	else
		strbuf_printf(out, mask < 10 ? "%" PRIu64 : "0x%" PRIx64, mask);
}

/* `compared`: the bits that are looked at. */
static void write_value(struct strbuf *out, const struct place_of_value *place, uint64_t value, uint64_t compared)
{
	char names[WORDS_MAX];

	if (find_names(place, value, compared, false, names))
		strbuf_append(out, names);
	else
		strbuf_printf(out, value < 1000 ? "%" PRIu64 : "0x%" PRIx64, value);
}

static void write_values(struct strbuf *out, const struct place_of_value *place, const struct comparison *comparison)
{
	strbuf_append(out, comparison->kind == COMPARISON_NO_VALUES ? "!= " : "");
	strbuf_append(out, comparison->count > 1 ? "{" : "");
	for (size_t i = 0; i < comparison->count; i++) {
		strbuf_append(out, i ? ", " : "");
		write_value(out, place, comparison->values[i], UINT64_MAX);
	}
	strbuf_append(out, comparison->count > 1 ? "}" : "");
}

static void write_range(struct strbuf *out, const struct comparison *comparison)
{
	const uint64_t most = comparison->width == 32 ? UINT32_MAX : UINT64_MAX;

	if (comparison->first == 0)
		strbuf_printf(out, "<= %" PRIu64, comparison->last);
	else if (comparison->last == most)
		strbuf_printf(out, ">= %" PRIu64, comparison->first);
	else
		strbuf_printf(out, "%" PRIu64 "..%" PRIu64, comparison->first, comparison->last);
}

/* `says`: how many bits the words say that they are about, where that is not plain. */
static void write_argument(struct strbuf *out, const struct place_of_value *place, const struct comparison *comparison,
                           unsigned int says)
{
	unsigned int read = callgate_argument_bits(place->arch->token, place->call, place->index);

	if (comparison->kind != COMPARISON_ANY && says != (read <= 32 ? 32u : 64u))
		strbuf_printf(out, "(u%u) ", says);
	switch (comparison->kind) {
	case COMPARISON_ANY:
		strbuf_append(out, "*");
		break;
	case COMPARISON_VALUES:
	case COMPARISON_NO_VALUES:
		write_values(out, place, comparison);
		break;
	case COMPARISON_BITS:
	case COMPARISON_NO_BITS:
		strbuf_append(out, "* & ");
		write_mask(out, place, comparison->mask);
		strbuf_append(out, comparison->kind == COMPARISON_BITS ? " == " : " != ");
		write_value(out, place, comparison->value, comparison->mask);
		break;
	case COMPARISON_RANGE:
		write_range(out, comparison);
		break;
	}
}

void policy_write_case(struct strbuf *out, const struct callgate_arch *arch, const char *name,
                       const struct call_case *one, bool as_wide)
{
	unsigned int count = CALLGATE_ARGUMENTS;

	while (count > 0 && one->arguments[count - 1].kind == COMPARISON_ANY)
		count--;
	strbuf_append(out, name);
	for (unsigned int i = 0; i < count; i++) {
		const struct place_of_value place = {arch, name, i, one->arguments[i].width};
		unsigned int read = callgate_argument_bits(arch->token, name, i);

		const struct comparison *comparison = &one->arguments[i];
		bool is_masked = comparison->kind == COMPARISON_BITS || comparison->kind == COMPARISON_NO_BITS;
		unsigned int plain = read <= 32 ? 32 : 64;
		unsigned int says = arch->register_bits == 64 ? place.width : as_wide ? 64 : plain;
		if (is_masked && comparison->mask <= UINT32_MAX)
			says = plain; /* the mask says it */
		strbuf_append(out, i ? ", " : "(");
		write_argument(out, &place, comparison, says);
	}
	strbuf_append(out, count ? ") -> " : " -> ");
	policy_write_action(out, arch, one->action);
}
