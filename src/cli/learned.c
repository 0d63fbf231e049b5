#include "cli/learned.h"

#include <stdlib.h>
#include <string.h>

#include <callgate/decode.h>
#include <callgate/info.h>
#include <callgate/syscall.h>

#include "cli/profile_text.h"

/*
 * Arguments by which one call is many: of each, what was seen is allowed and nothing else. The calls that are learned so by default are those of
 * which programs use a few values. Of flags, too many combinations become any combination of the flags that were seen.
 */
static const struct selector {
	const char *name;
	unsigned count, arguments[LEARNED_SELECTORS];
	bool by_default, is_flags;
} selectors[] = {
    {"bpf", 1, {0}, false, false},        {"clone", 1, {0}, true, true},
    {"fcntl", 1, {1}, true, false},       {"fcntl64", 1, {1}, true, false},
    {"ioctl", 1, {1}, true, false},       {"keyctl", 1, {0}, false, false},
    {"madvise", 1, {2}, false, false},    {"mmap", 1, {2}, true, true},
    {"mmap2", 1, {2}, true, true},        {"mprotect", 1, {2}, true, true},
    {"personality", 1, {0}, true, false}, {"pkey_mprotect", 1, {2}, false, true},
    {"prctl", 1, {0}, true, false},       {"ptrace", 1, {0}, false, false},
    {"seccomp", 2, {0, 1}, false, false}, {"setsockopt", 2, {1, 2}, true, false},
    {"socket", 1, {0}, true, false},      {"socketpair", 1, {0}, false, false},
    {"unshare", 1, {0}, false, true},
};

static const struct selector *find_selector(const char *name)
{
	for (size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++)
		if (strcmp(selectors[i].name, name) == 0)
			return &selectors[i];
	return NULL;
}

unsigned learned_selectors(const char *name)
{
	const struct selector *selector = find_selector(name);
	unsigned arguments = 0;

	for (unsigned i = 0; selector && i < selector->count; i++)
		arguments |= 1U << selector->arguments[i];
	return arguments;
}

/* Is the name in a list with commas? */
static bool is_listed(const char *list, const char *name)
{
	const size_t length = strlen(name);

	for (const char *at = list; at; at = strchr(at, ','), at += at != NULL)
		if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
	return false;
}

const char *learned_check_list(const char *calls)
{
	for (const char *at = calls; at; at = strchr(at, ','), at += at != NULL) {
		bool found = false;
		for (size_t i = 0; !found && i < sizeof(selectors) / sizeof(selectors[0]); i++)
			found = strcspn(at, ",") == strlen(selectors[i].name) &&
			        strncmp(at, selectors[i].name, strlen(selectors[i].name)) == 0;
		if (!found)
			return at;
	}
	return NULL;
}

/* Are the arguments of this call learned? */
static bool learns_arguments(const struct learned *learned, const char *name)
{
	const struct selector *selector = find_selector(name);

	if (!selector || learned->ignores_arguments)
		return false;
	return learned->with_arguments ? is_listed(learned->with_arguments, name) : selector->by_default;
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
	struct learned_tuple tuple = {.is_steady = learned->is_steady};

	if (!selector || known->any_arguments)
		return false;
	for (unsigned i = 0; i < selector->count; i++)
		tuple.values[i] = value_of(call, known->name, selector->arguments[i]);
	const bool has_new_flags = selector->is_flags && (tuple.values[0] & ~known->flags) != 0;
	known->flags |= tuple.values[0];
	if (known->has_flags)
		return has_new_flags;
	for (size_t i = 0; i < known->tuples.count; i++)
		if (memcmp(known->tuples.items[i].values, tuple.values, sizeof(tuple.values)) == 0) {
			known->tuples.items[i].is_steady |= learned->is_steady;
			return false;
		}
	if (known->tuples.count == LEARNED_TUPLES_MAX) {
		known->has_flags = selector->is_flags;
		known->any_arguments = !selector->is_flags;
	} else
		learned->out_of_memory |= !vec_push(&known->tuples, tuple);
	return true;
}

/* NULL: no memory. */
static struct learned_call *add_call(struct learned *learned, const char *name,
                                     const struct callgate_call *call)
{
	const struct learned_call known = {
	    .name = name, .example = *call, .any_arguments = !learns_arguments(learned, name)};

	if (vec_push(&learned->calls, known))
		return &learned->calls.items[learned->calls.count - 1];
	learned->out_of_memory = true;
	return NULL;
}

bool learned_add(struct learned *learned, const struct callgate_call *call)
{
	const struct callgate_arch *arch = callgate_arch_of_call(call->arch, call->nr);
	const char *name = call_name(call);

	learned->count++;
	if (!name)
		return add_nameless(learned, call->nr);
	if (learned->mark && strcmp(learned->mark, name) == 0)
		learned->is_steady = true;
	bool is_new = add_arch(learned, arch);
	struct learned_call *known = find(learned, name);
	if (!known) {
		is_new = true;
		known = add_call(learned, name, call);
	}
	if (!known)
		return false;
	known->is_steady |= learned->is_steady;
	return add_tuple(learned, known, call) || is_new;
}

void learned_add_name(struct learned *learned, const char *name)
{
	const struct callgate_call call = {.nr = callgate_syscall_number(SCMP_ARCH_NATIVE, name)};
	struct learned_call *known = learned_has(learned, name) ? NULL : add_call(learned, name, &call);

	if (known)
		known->any_arguments = known->is_steady = true;
}

void learned_forget_arguments(struct learned *learned, const char *name)
{
	struct learned_call *known = find(learned, name);

	if (known) {
		known->any_arguments = true;
		known->has_flags = false;
	}
}

static bool is_sibling(const char *call, const char *other)
{
	const char *sibling;

	for (size_t i = 0; (sibling = callgate_sibling_at(call, i)); i++)
		if (strcmp(sibling, other) == 0)
			return true;
	return false;
}

const char *learned_twin(const struct learned *learned, size_t index)
{
	const char *twin;

	for (size_t i = 0; i < learned->calls.count; i++)
		for (size_t j = 0; (twin = callgate_sibling_at(learned->calls.items[i].name, j)); j++) {
			bool is_repeated =
			    learned_has(learned, twin) || callgate_syscall_number(SCMP_ARCH_NATIVE, twin) < 0;
			for (size_t before = 0; !is_repeated && before < i; before++)
				is_repeated = is_sibling(learned->calls.items[before].name, twin);
			if (!is_repeated && index-- == 0)
				return twin;
		}
	return NULL;
}

void learned_add_unseen(struct learned *learned)
{
	static const char *const unseen[] = {"exit", "exit_group", "restart_syscall", "rt_sigreturn"};

	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
		learned_add_name(learned, unseen[i]);
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

/* Of an argument of at most 32 bits the kernel reads no more. */
static struct scmp_arg_cmp condition_on(const char *name, unsigned argument, uint64_t value)
{
	if (callgate_argument_bits(SCMP_ARCH_NATIVE, name, argument) > 32)
		return (struct scmp_arg_cmp){argument, SCMP_CMP_EQ, value, 0};
	return (struct scmp_arg_cmp){argument, SCMP_CMP_MASKED_EQ, UINT32_MAX, value};
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

static void print_tuple(struct json *json, const struct learned *learned, const struct learned_call *call,
                        const struct learned_tuple *tuple)
{
	const struct selector *selector = find_selector(call->name);
	char text[200] = "";
	size_t length = 0;

	open_entry(json, call->name);
	for (unsigned i = 0; i < selector->count; i++) {
		const unsigned argument = selector->arguments[i];
		const struct scmp_arg_cmp condition = condition_on(call->name, argument, tuple->values[i]);
		(void)profile_text_condition(json, &condition);
		if (length + 3 < sizeof(text)) {
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%s", i ? ", " : "");
			length +=
			    callgate_decode_argument(SCMP_ARCH_NATIVE, call->name, argument, tuple->values[i],
			                             text + length, sizeof(text) - length);
		}
	}
	json_close(json);
	print_comment(json, learned, text, tuple->is_steady);
	json_close(json);
}

/* No other flag than these. */
static void print_flags(struct json *json, const struct learned *learned, const struct learned_call *call)
{
	const unsigned argument = find_selector(call->name)->arguments[0];
	const unsigned bits = callgate_argument_bits(SCMP_ARCH_NATIVE, call->name, argument);
	const uint64_t all = bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
	const struct scmp_arg_cmp condition = {argument, SCMP_CMP_MASKED_EQ, ~call->flags & all, 0};
	char words[200], text[220];

	open_entry(json, call->name);
	(void)profile_text_condition(json, &condition);
	json_close(json);
	(void)callgate_decode_argument(SCMP_ARCH_NATIVE, call->name, argument, call->flags, words,
	                               sizeof(words));
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
		for (size_t t = 0;
		     !calls[i]->any_arguments && !calls[i]->has_flags && t < calls[i]->tuples.count; t++)
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
