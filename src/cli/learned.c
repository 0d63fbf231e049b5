#include "cli/learned.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <callgate/decode.h>
#include <callgate/info.h>
#include <callgate/syscall.h>

#include "cli/print.h"

/* Arguments by which one call is many: of each, what was seen is allowed and nothing else. */
static const struct selector {
	const char *name;
	unsigned count, arguments[LEARNED_SELECTORS];
} selectors[] = {
    {"clone", 1, {0}}, {"fcntl", 1, {1}},         {"fcntl64", 1, {1}},  {"ioctl", 1, {1}},
    {"mmap", 1, {2}},  {"mmap2", 1, {2}},         {"mprotect", 1, {2}}, {"personality", 1, {0}},
    {"prctl", 1, {0}}, {"setsockopt", 2, {1, 2}}, {"socket", 1, {0}},
};

static const struct selector *find_selector(const char *name)
{
	for (size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++)
		if (strcmp(selectors[i].name, name) == 0)
			return &selectors[i];
	return NULL;
}

/* ---- learning ---- */

static struct learned_call *find(const struct learned *learned, const char *name)
{
	for (size_t i = 0; i < learned->calls.count; i++)
		if (strcmp(learned->calls.items[i].name, name) == 0)
			return &learned->calls.items[i];
	return NULL;
}

bool learned_has(const struct learned *learned, const char *name)
{
	return find(learned, name) != NULL;
}

static bool add_arch(struct learned *learned, const struct callgate_arch *arch)
{
	for (size_t i = 0; i < learned->archs.count; i++)
		if (learned->archs.items[i] == arch)
			return false;
	learned->out_of_memory |= !vec_push(&learned->archs, arch);
	return true;
}

static bool add_nameless(struct learned *learned, int32_t nr)
{
	for (size_t i = 0; i < learned->nameless.count; i++)
		if (learned->nameless.items[i] == nr)
			return false;
	if (learned->nameless.count == LEARNED_NAMELESS_MAX)
		return false;
	learned->out_of_memory |= !vec_push(&learned->nameless, nr);
	return true;
}

/* The bits that the kernel reads, as others may differ from run to run. */
static uint64_t value_of(const struct callgate_call *call, const char *name, unsigned argument)
{
	const unsigned bits = callgate_argument_bits(call->arch, name, argument);

	return bits < 64 ? call->args[argument] & (((uint64_t)1 << bits) - 1) : call->args[argument];
}

static bool add_tuple(struct learned *learned, struct learned_call *known, const struct callgate_call *call)
{
	const struct selector *selector = find_selector(known->name);
	struct learned_tuple tuple = {{0}};

	if (!selector || known->any_arguments)
		return false;
	for (unsigned i = 0; i < selector->count; i++)
		tuple.values[i] = value_of(call, known->name, selector->arguments[i]);
	for (size_t i = 0; i < known->tuples.count; i++)
		if (memcmp(&known->tuples.items[i], &tuple, sizeof(tuple)) == 0)
			return false;
	if (known->tuples.count == LEARNED_TUPLES_MAX)
		known->any_arguments = true;
	else
		learned->out_of_memory |= !vec_push(&known->tuples, tuple);
	return true;
}

/* NULL: no memory. */
static struct learned_call *add_name(struct learned *learned, const char *name,
                                     const struct callgate_call *call)
{
	const struct learned_call known = {.name = name,
	                                   .example = *call,
	                                   .any_arguments =
	                                       learned->ignores_arguments || !find_selector(name)};

	if (vec_push(&learned->calls, known))
		return &learned->calls.items[learned->calls.count - 1];
	learned->out_of_memory = true;
	return NULL;
}

bool learned_add(struct learned *learned, const struct callgate_call *call)
{
	const struct callgate_arch *arch = callgate_arch_of_call(call->arch, call->nr);
	const char *name = arch ? callgate_syscall_name(arch->token, call->nr) : NULL;

	learned->count++;
	if (!name)
		return add_nameless(learned, call->nr);
	bool is_new = add_arch(learned, arch);
	struct learned_call *known = find(learned, name);
	if (!known) {
		is_new = true;
		known = add_name(learned, name, call);
	}
	if (!known)
		return false;
	return add_tuple(learned, known, call) || is_new;
}

void learned_add_unseen(struct learned *learned)
{
	static const char *const unseen[] = {"exit", "exit_group", "restart_syscall", "rt_sigreturn"};

	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++) {
		const struct callgate_call call = {.nr =
		                                       callgate_syscall_number(SCMP_ARCH_NATIVE, unseen[i])};
		if (!learned_has(learned, unseen[i]))
			(void)add_name(learned, unseen[i], &call);
	}
}

void learned_finish(struct learned *learned)
{
	for (size_t i = 0; i < learned->calls.count; i++)
		vec_finish(&learned->calls.items[i].tuples);
	vec_finish(&learned->calls);
	vec_finish(&learned->archs);
	vec_finish(&learned->nameless);
}

/* ---- writing ---- */

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
	return calls;
}

static void print_condition(struct json *json, const char *name, unsigned argument, uint64_t value)
{
	const bool is_narrow = callgate_argument_bits(SCMP_ARCH_NATIVE, name, argument) <= 32;

	json_open(json, NULL, "{}");
	json_number(json, "index", argument);
	json_number(json, "value", is_narrow ? 0xffffffffLL : (long long)value);
	if (is_narrow)
		json_number(json, "valueTwo", (long long)value);
	json_text(json, "op", is_narrow ? "SCMP_CMP_MASKED_EQ" : "SCMP_CMP_EQ");
	json_close(json);
}

static void print_tuple(struct json *json, const struct learned_call *call, const struct learned_tuple *tuple)
{
	const struct selector *selector = find_selector(call->name);
	char text[200] = "";
	size_t length = 0;

	json_open(json, NULL, "{}");
	json_open(json, "names", "[]");
	json_text(json, NULL, call->name);
	json_close(json);
	json_text(json, "action", "SCMP_ACT_ALLOW");
	json_open(json, "args", "[]");
	for (unsigned i = 0; i < selector->count; i++) {
		const unsigned argument = selector->arguments[i];
		print_condition(json, call->name, argument, tuple->values[i]);
		if (length + 3 < sizeof(text)) {
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%s", i ? ", " : "");
			length +=
			    callgate_decode_argument(SCMP_ARCH_NATIVE, call->name, argument, tuple->values[i],
			                             text + length, sizeof(text) - length);
		}
	}
	json_close(json);
	json_text(json, "comment", text);
	json_close(json);
}

static void print_entries(struct json *json, const struct learned *learned)
{
	const struct learned_call **calls = sorted(learned);
	bool any = false;

	for (size_t i = 0; calls && i < learned->calls.count; i++)
		any = any || calls[i]->any_arguments;
	if (any) {
		json_open(json, NULL, "{}");
		json_open(json, "names", "[]");
		for (size_t i = 0; i < learned->calls.count; i++)
			if (calls[i]->any_arguments)
				json_text(json, NULL, calls[i]->name);
		json_close(json);
		json_text(json, "action", "SCMP_ACT_ALLOW");
		json_close(json);
	}
	for (size_t i = 0; calls && i < learned->calls.count; i++)
		for (size_t t = 0; !calls[i]->any_arguments && t < calls[i]->tuples.count; t++)
			print_tuple(json, calls[i], &calls[i]->tuples.items[t]);
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
	print_entries(&json, learned);
	json_close(&json);
	json_close(&json);
}

/* Where the list of calls ends in the text of a profile that was read without errors; -1: it has none. */
static long end_of_list(const char *text, size_t size, bool *ret_is_empty)
{
	int depth = 0, list_depth = -1;
	size_t string = 0;
	bool is_key = false;

	for (size_t at = 0; at < size; at++) {
		const char c = text[at];
		if (c == '"') {
			string = ++at;
			while (at < size && text[at] != '"')
				at += text[at] == '\\' ? 2 : 1;
			is_key =
			    depth == 1 && at - string == 8 && strncasecmp(text + string, "syscalls", 8) == 0;
			*ret_is_empty = false;
			continue;
		}
		if (c == '[' && depth == 1 && is_key) {
			list_depth = depth;
			*ret_is_empty = true;
		} else if (c == '{')
			*ret_is_empty = false;
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		if (c == ']' && depth == list_depth)
			return (long)at;
		is_key = is_key && (c == ':' || c == ' ' || c == '\t' || c == '\n' || c == '\r');
	}
	return -1;
}

int learned_insert(const struct learned *learned, const char *profile, size_t size, char **ret_text,
                   size_t *ret_size)
{
	bool is_empty = true;
	const long end = end_of_list(profile, size, &is_empty);
	char *text = NULL;
	FILE *out = end < 0 ? NULL : open_memstream(&text, ret_size);

	if (!out)
		return end < 0 ? -EINVAL : -ENOMEM;
	size_t kept = (size_t)end;
	while (kept > 0 && strchr(" \t\r\n", profile[kept - 1]))
		kept--;
	fwrite(profile, 1, kept, out);
	struct json json = {
	    .out = out, .depth = 1, .levels = {{"[]", !is_empty, true}}}; /* inside of the list */
	print_entries(&json, learned);
	fputc('\n', out);
	fwrite(profile + end, 1, size - (size_t)end, out);
	if (fclose(out) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret_text = text;
	return 0;
}
