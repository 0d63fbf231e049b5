/* What was learned, as a profile: names, and entries for the values of arguments. */
#include <stdlib.h>
#include <string.h>

#include <callgate/decode.h>
#include <callgate/info.h>

#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/learned.h"
#include "cli/profile_text.h"

static int by_name(const void *a, const void *b)
{
	const struct learned_call *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* NULL: no memory. The caller frees it. */
static const struct learned_call **sorted(const struct learned *learned)
{
	const struct learned_call **calls = malloc((learned->calls.count + 1) * sizeof(*calls));

	for (size_t i = 0; calls && i < learned->calls.count; i++)
		calls[i] = &learned->calls.items[i];
	if (calls)
		qsort(calls, learned->calls.count, sizeof(*calls), by_name);
	else
		cli_lacks_memory();
	return calls;
}

/* The values of a block. Of an argument of at most 32 bits the kernel reads no more. */
static struct scmp_arg_cmp condition_on(const char *name, unsigned argument, uint64_t value, uint64_t span)
{
	const bool is_wide = callgate_argument_bits(SCMP_ARCH_NATIVE, name, argument) > 32;

	if (is_wide && span == 0)
		return (struct scmp_arg_cmp){argument, SCMP_CMP_EQ, value, 0};
	return (struct scmp_arg_cmp){argument, SCMP_CMP_MASKED_EQ, (is_wide ? UINT64_MAX : UINT32_MAX) & ~span, value};
}

/* The comment of an entry: what its values are, and when they were seen. */
static void print_comment(struct json *json, const struct learned *learned, const char *text, bool is_steady)
{
	char comment[300];
	const bool has_phase = learned->phase && !is_steady;

	snprintf(comment, sizeof(comment), "%s%s%s", text, has_phase && *text ? "; " : "",
	         has_phase ? learned->phase : "");
	if (*comment)
		json_text(json, "comment", comment);
}

static void open_entry(struct json *json, const char *name)
{
	json_open(json, NULL, "{}");
	json_open(json, "names", "[]");
	json_text(json, NULL, name);
	json_close(json);
	json_text(json, "action", "SCMP_ACT_ALLOW");
	json_open(json, "args", "[]");
}

static void put_value(struct strbuf *text, const struct learned_call *call, unsigned argument, uint64_t value)
{
	char words[200];

	(void)callgate_decode_argument(SCMP_ARCH_NATIVE, call->name, argument, value, words, sizeof(words));
	strbuf_append(text, words);
}

/* The first values of the block that were seen, in their order; how many there are, up to the limit of all. */
static size_t seen_of(const struct learned_call *call, const struct learned_tuple *tuple, uint64_t values[])
{
	const unsigned last = call->selector->count - 1;
	size_t count = 0;

	for (size_t i = 0; i < call->seen.count; i++) {
		const uint64_t *seen = call->seen.items[i].values;
		if (memcmp(seen, tuple->values, last * sizeof(seen[0])) == 0 &&
		    (seen[last] & ~tuple->span) == tuple->values[last])
			values[count++] = seen[last];
	}
	qsort(values, count, sizeof(values[0]), compare_numbers);
	return count;
}

/* "TCGETS, TCSETS, FIONREAD"; of many the first ones, "and 12 more". */
static void put_seen(struct strbuf *text, const struct learned_call *call, const struct learned_tuple *tuple)
{
	enum { SHOWN = 6 };
	uint64_t values[LEARNED_SEEN_MAX];
	const unsigned argument = call->selector->arguments[call->selector->count - 1];
	const size_t count = seen_of(call, tuple, values);

	for (size_t i = 0; i < count && i < SHOWN; i++) {
		strbuf_append(text, i ? ", " : "");
		put_value(text, call, argument, values[i]);
	}
	if (tuple->count > SHOWN)
		strbuf_printf(text, " and %s%llu more, up to ", call->seen.count == LEARNED_SEEN_MAX ? "at least " : "",
		              (unsigned long long)tuple->count - SHOWN);
	if (tuple->count > SHOWN)
		put_value(text, call, argument, tuple->most);
}

/* "AF_UNIX"; "any of 0x5400 to 0x541f (seen: TCGETS, FIONREAD)"; "any of 0x10 to 0x13 (seen: all, 0x10 to 0x13)". */
static void put_values(struct strbuf *text, const struct learned_call *call, const struct learned_tuple *tuple,
                       unsigned index)
{
	const unsigned argument = call->selector->arguments[index];
	const uint64_t value = tuple->values[index];

	if (index + 1 < call->selector->count || tuple->span == 0) {
		put_value(text, call, argument, value);
		return;
	}
	strbuf_printf(text, "any of 0x%llx to 0x%llx (seen: ", (unsigned long long)value,
	              (unsigned long long)(value | tuple->span));
	if (tuple->count > tuple->span) {
		strbuf_append(text, "all, ");
		put_value(text, call, argument, tuple->least);
		strbuf_append(text, " to ");
		put_value(text, call, argument, tuple->most);
	} else {
		put_seen(text, call, tuple);
	}
	strbuf_append(text, ")");
}

static void print_tuple(struct json *json, const struct learned *learned, const struct learned_call *call,
                        const struct learned_tuple *tuple)
{
	const struct learned_selector *selector = call->selector;
	struct strbuf text = {0};

	open_entry(json, call->name);
	for (unsigned i = 0; i < selector->count; i++) {
		const uint64_t span = i + 1 == selector->count ? tuple->span : 0;
		const struct scmp_arg_cmp condition =
		    condition_on(call->name, selector->arguments[i], tuple->values[i], span);
		(void)profile_text_condition(json, &condition);
		strbuf_append(&text, i ? ", " : "");
		put_values(&text, call, tuple, i);
	}
	json_close(json);
	print_comment(json, learned, text_of(&text, ""), tuple->is_steady);
	json_close(json);
	strbuf_finish(&text);
}

/* No other flag than these. */
static void print_flags(struct json *json, const struct learned *learned, const struct learned_call *call)
{
	const unsigned argument = call->selector->arguments[0];
	const unsigned bits = callgate_argument_bits(SCMP_ARCH_NATIVE, call->name, argument);
	const uint64_t all = bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
	const struct scmp_arg_cmp condition = {argument, SCMP_CMP_MASKED_EQ, ~call->flags & all, 0};
	char words[200], text[220];

	open_entry(json, call->name);
	(void)profile_text_condition(json, &condition);
	json_close(json);
	(void)callgate_decode_argument(SCMP_ARCH_NATIVE, call->name, argument, call->flags, words, sizeof(words));
	snprintf(text, sizeof(text), "any of %s", words);
	print_comment(json, learned, text, call->is_steady);
	json_close(json);
}

/* The names of calls with all arguments, one entry for each phase. */
static void print_names(struct json *json, const struct learned *learned, const struct learned_call **calls,
                        bool is_steady)
{
	bool is_open = false;

	for (size_t i = 0; i < learned->calls.count; i++) {
		if (!calls[i]->any_arguments || (learned->phase && calls[i]->is_steady != is_steady))
			continue;
		if (!is_open) {
			json_open(json, NULL, "{}");
			json_open(json, "names", "[]");
		}
		is_open = true;
		json_text(json, NULL, calls[i]->name);
	}
	if (!is_open)
		return;
	json_close(json);
	json_text(json, "action", "SCMP_ACT_ALLOW");
	print_comment(json, learned, "", is_steady);
	json_close(json);
}

void learned_print_entries(struct json *json, const void *data)
{
	const struct learned *learned = data;
	const struct learned_call **calls = sorted(learned);

	if (!calls)
		return;
	print_names(json, learned, calls, true);
	if (learned->phase)
		print_names(json, learned, calls, false);
	for (size_t i = 0; i < learned->calls.count; i++) {
		if (calls[i]->has_flags)
			print_flags(json, learned, calls[i]);
		for (size_t t = 0; !calls[i]->any_arguments && !calls[i]->has_flags && t < calls[i]->tuples.count; t++)
			print_tuple(json, learned, calls[i], &calls[i]->tuples.items[t]);
	}
	free(calls);
}

void learned_print(const struct learned *learned, FILE *out)
{
	struct json json = {.out = out};

	json_open(&json, NULL, "{}");
	json_text(&json, "defaultAction", "SCMP_ACT_ERRNO");
	json_open(&json, "architectures", "[]");
	for (size_t i = 0; i < learned->archs.count; i++)
		json_text(&json, NULL, learned->archs.items[i]->oci_name);
	json_close(&json);
	json_open(&json, "syscalls", "[]");
	learned_print_entries(&json, learned);
	json_close(&json);
	json_close(&json);
}
