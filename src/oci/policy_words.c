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

/* Are the words names with | between them, that come to the value? In a mask they are bits, and nothing else. */
static bool are_names(const struct place_of_value *place, char *words, uint64_t value, bool is_mask)
{
	char *rest = NULL;
	uint64_t all = 0, bits;
	int64_t number;

	for (char *word = strtok_r(words, "|", &rest); word; word = strtok_r(NULL, "|", &rest)) {
		if (callgate_constant(place->arch->token, word, &number) < 0)
			return false;
		if (is_mask &&
		    (callgate_argument_constant(place->arch->token, place->call, place->index, word, &bits) < 0 ||
		     bits))
			return false;
		all |= place->width == 32 ? (uint32_t)number : (uint64_t)number;
		if (number < 0 && place->width == 64)
			return false;
	}
	return all == value;
}

/* "O_ACCMODE". NULL: it is no mask with a name of its own. */
static const char *mask_name(const struct place_of_value *place, uint64_t mask)
{
	uint64_t bits;
	const char *name = callgate_argument_mask_name(place->arch->token, place->call, place->index, &bits);

	return name && bits == mask ? name : NULL;
}

static void write_value(struct strbuf *out, const struct place_of_value *place, uint64_t value, bool is_mask)
{
	const char *name = is_mask ? mask_name(place, value) : NULL;
	char words[WORDS_MAX], copy[WORDS_MAX];
	size_t length =
	    callgate_decode_argument(place->arch->token, place->call, place->index, value, words, sizeof(words));

	strcpy(copy, words);
	/* More names than a line takes are a number. */
	if (name)
		strbuf_append(out, name);
	else if (length < NAMES_MAX && are_names(place, copy, value, is_mask))
		strbuf_printf(out, is_mask && strchr(words, '|') ? "(%s)" : "%s", words);
	else
		strbuf_printf(out, value < 1000 ? "%" PRIu64 : "0x%" PRIx64, value);
}

static void write_values(struct strbuf *out, const struct place_of_value *place, const struct comparison *comparison)
{
	strbuf_append(out, comparison->kind == COMPARISON_NO_VALUES ? "!= " : "");
	strbuf_append(out, comparison->count > 1 ? "{" : "");
	for (size_t i = 0; i < comparison->count; i++) {
		strbuf_append(out, i ? ", " : "");
		write_value(out, place, comparison->values[i], false);
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
		write_value(out, place, comparison->mask, true);
		strbuf_append(out, comparison->kind == COMPARISON_BITS ? " == " : " != ");
		write_value(out, place, comparison->value, false);
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
