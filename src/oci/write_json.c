/* A filter as the plain JSON of the OCI runtime specification. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <callgate/action.h>

#include "oci/convert.h"

enum { LINE = 100, ENTRIES_MAX = 4096 };

/* Names of which the same is said. */
struct entry_text {
	const char *words; /* all but the names */
	ARENA_VEC(const char *) names;
};

struct json_writer {
	const struct conversion *conversion;
	const struct model *model;
	ARENA_VEC(struct entry_text) entries;
	int result;
};

static void fail(struct json_writer *writer, int result)
{
	writer->result = writer->result ? writer->result : result;
}

static const char *keep(struct json_writer *writer, struct strbuf *text)
{
	const char *copy = strbuf_move(text, writer->conversion->arena);

	if (!copy)
		fail(writer, -ENOMEM);
	return copy ? copy : "";
}

/* ---- conditions: an entry has one for each argument at most ---- */

/* Alternatives for one argument, each a condition's words; "": none is needed. */
struct alternatives {
	ARENA_VEC(const char *) words;
};

static void add_condition(struct json_writer *writer, struct alternatives *alternatives, unsigned int index,
                          enum scmp_compare op, uint64_t value, uint64_t second)
{
	struct strbuf text = {0};

	strbuf_printf(&text, "{\"index\": %u, \"value\": %" PRIu64, index, value);
	if (op == SCMP_CMP_MASKED_EQ)
		strbuf_printf(&text, ", \"valueTwo\": %" PRIu64, second);
	strbuf_printf(&text, ", \"op\": \"%s\"}", comparison_words[op - SCMP_CMP_NE].name);
	if (!vec_push_in(&alternatives->words, writer->conversion->arena, keep(writer, &text)))
		fail(writer, -ENOMEM);
}

static void add_cubes(struct json_writer *writer, struct alternatives *alternatives, unsigned int index,
                      const struct comparison *comparison, uint64_t all)
{
	struct cube *cubes;
	size_t count;
	int result = comparison_cubes(comparison, writer->conversion->arena, &count, &cubes);

	if (result == -EDQUOT)
		diag_set(writer->conversion->diag, "argument %u takes too many entries", index);
	if (result < 0) {
		fail(writer, result);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (cubes[i].mask == all)
			add_condition(writer, alternatives, index, SCMP_CMP_EQ, cubes[i].value, 0);
		else if (cubes[i].mask)
			add_condition(writer, alternatives, index, SCMP_CMP_MASKED_EQ, cubes[i].mask, cubes[i].value);
		else if (!vec_push_in(&alternatives->words, writer->conversion->arena, ""))
			fail(writer, -ENOMEM);
}

/* `all`: the bits that a comparison without a mask looks at. */
static void add_alternatives(struct json_writer *writer, struct alternatives *alternatives, unsigned int index,
                             const struct comparison *comparison, uint64_t all)
{
	bool is_whole = comparison->width == 64 || all == UINT32_MAX;
	uint64_t most = comparison->width == 32 ? UINT32_MAX : UINT64_MAX;

	if (comparison->kind == COMPARISON_NO_VALUES && is_whole && comparison->count == 1)
		add_condition(writer, alternatives, index, SCMP_CMP_NE, comparison->values[0], 0);
	else if (comparison->kind == COMPARISON_RANGE && is_whole && comparison->first == 0)
		add_condition(writer, alternatives, index, SCMP_CMP_LE, comparison->last, 0);
	else if (comparison->kind == COMPARISON_RANGE && is_whole && comparison->last == most)
		add_condition(writer, alternatives, index, SCMP_CMP_GE, comparison->first, 0);
	else
		add_cubes(writer, alternatives, index, comparison, all);
}

/* ---- entries ---- */

static void add_entry(struct json_writer *writer, const char *name, const char *words)
{
	struct arena *arena = writer->conversion->arena;
	const struct entry_text new = {.words = words};
	size_t at = 0;

	while (at < writer->entries.count && strcmp(writer->entries.items[at].words, words) != 0)
		at++;
	if (at == ENTRIES_MAX)
		fail(writer,
		     diag_fail(writer->conversion->diag, -EDQUOT, "it takes more than %d entries", ENTRIES_MAX));
	else if ((at == writer->entries.count && !vec_push_in(&writer->entries, arena, new)) ||
	         !vec_push_in(&writer->entries.items[at].names, arena, name))
		fail(writer, -ENOMEM);
}

static void write_action(struct strbuf *out, uint32_t action)
{
	const struct callgate_action_kind *kind = callgate_action_kind(action);

	strbuf_printf(out, "\"action\": \"SCMP_ACT_%s\"", kind ? kind->name : "");
	if (action_takes_number(action & SECCOMP_RET_ACTION_FULL))
		strbuf_printf(out, ", \"errnoRet\": %" PRIu32, action & SECCOMP_RET_DATA);
}

/* One entry for each combination of the arguments' alternatives. */
static void add_combinations(struct json_writer *writer, const char *name, uint32_t action,
                             const struct alternatives *arguments)
{
	size_t chosen[CALLGATE_ARGUMENTS] = {0};
	unsigned int at;

	do {
		const char *separator = ",\n\t\t\t\"args\": [";
		struct strbuf text = {0};
		write_action(&text, action);
		for (unsigned int i = 0; i < CALLGATE_ARGUMENTS; i++) {
			const char *words = arguments[i].words.count ? arguments[i].words.items[chosen[i]] : "";
			if (!*words)
				continue;
			strbuf_printf(&text, "%s%s", separator, words);
			separator = ", ";
		}
		strbuf_append(&text, separator[1] == ' ' ? "]" : "");
		add_entry(writer, name, keep(writer, &text));
		for (at = 0; at < CALLGATE_ARGUMENTS && ++chosen[at] >= arguments[at].words.count; at++)
			chosen[at] = 0;
	} while (at < CALLGATE_ARGUMENTS && writer->result == 0);
}

static void add_cases(struct json_writer *writer, const struct callgate_arch *arch, const char *name, int nr)
{
	const uint32_t fallback = application_default(writer->conversion->application);
	const uint64_t all = arch->register_bits == 32 ? UINT32_MAX : UINT64_MAX;
	struct call_answer asked = {0};

	fail(writer, conversion_ask(writer->conversion, arch, name, nr, &asked));
	if (asked.is_unnamed && writer->conversion->omits_newer)
		return;
	for (size_t i = 0; i < asked.cases.too_many_count; i++)
		if (asked.cases.too_many[i] != fallback)
			fail(writer, conversion_refuse(writer->conversion, arch, name));
	for (size_t i = 0; i < asked.cases.count && writer->result == 0; i++) {
		const struct call_case *one = &asked.cases.items[i];
		struct alternatives arguments[CALLGATE_ARGUMENTS] = {0};
		if (one->action == fallback)
			continue;
		for (unsigned int j = 0; j < CALLGATE_ARGUMENTS; j++)
			if (one->arguments[j].kind != COMPARISON_ANY)
				add_alternatives(writer, &arguments[j], j, &one->arguments[j], all);
		add_combinations(writer, name, one->action, arguments);
	}
}

/*
 * As on the first architecture with wide registers that has the call, or else the first one; whether the others agree,
 * the proof says.
 */
static void add_name(struct json_writer *writer, const char *name)
{
	const struct callgate_arch *chosen = NULL;

	for (size_t i = 0; i < writer->model->arch_count; i++) {
		const struct callgate_arch *arch = writer->model->archs[i];
		if (callgate_syscall_number(arch->token, name) >= 0 &&
		    (!chosen || (chosen->register_bits == 32 && arch->register_bits == 64)))
			chosen = arch;
	}
	if (chosen)
		add_cases(writer, chosen, name, callgate_syscall_number(chosen->token, name));
}

/* ---- the whole ---- */

static void write_names(struct strbuf *out, const struct entry_text *entry)
{
	size_t start = out->length;

	for (size_t i = 0; i < entry->names.count; i++) {
		const char *name = entry->names.items[i];
		if (i && out->length - start + strlen(name) > LINE) {
			strbuf_append(out, ",\n\t\t\t\t");
			start = out->length;
		} else {
			strbuf_append(out, i ? ", " : "");
		}
		strbuf_printf(out, "\"%s\"", name);
	}
}

static void write_head(struct strbuf *out, const struct json_writer *writer)
{
	const struct model *model = writer->model;
	uint32_t fallback = application_default(writer->conversion->application);
	const struct callgate_action_kind *kind = callgate_action_kind(fallback);

	strbuf_printf(out, "{\n\t\"defaultAction\": \"SCMP_ACT_%s\"", kind ? kind->name : "");
	if (action_takes_number(fallback & SECCOMP_RET_ACTION_FULL))
		strbuf_printf(out, ",\n\t\"defaultErrnoRet\": %" PRIu32, fallback & SECCOMP_RET_DATA);
	strbuf_append(out, ",\n\t\"architectures\": [");
	for (size_t i = 0; i < model->arch_count; i++)
		strbuf_printf(out, "%s\"%s\"", i ? ", " : "", model->archs[i]->oci_name);
	strbuf_append(out, "]");
	write_flags(out, model);
	write_listener(out, model);
	strbuf_append(out, ",\n\t\"syscalls\": [");
}

int write_as_json(struct strbuf *out, const struct conversion *conversion)
{
	struct json_writer writer = {.conversion = conversion, .model = conversion->application->model};
	const char *name;

	for (size_t i = 0; (name = callgate_syscall_name_at(i)) && writer.result == 0; i++)
		add_name(&writer, name);
	write_head(out, &writer);
	for (size_t i = 0; i < writer.entries.count && writer.result == 0; i++) {
		strbuf_append(out, i ? ",\n\t\t{\n\t\t\t\"names\": [" : "\n\t\t{\n\t\t\t\"names\": [");
		write_names(out, &writer.entries.items[i]);
		strbuf_printf(out, "],\n\t\t\t%s\n\t\t}", writer.entries.items[i].words);
	}
	strbuf_append(out, writer.entries.count ? "\n\t]\n}\n" : "]\n}\n");
	return out->failed ? -ENOMEM : writer.result;
}
