#include "cli/learned.h"

#include <stdlib.h>
#include <string.h>

#include <callgate/decode.h>
#include <callgate/info.h>
#include <callgate/syscall.h>

#include "cli/profile_text.h"

/*
 * Arguments by which one call is many: of each, what was seen is allowed and nothing else. The calls that are learned so by default are those of
 * which programs use a few values.
 */
static const struct selector {
	const char *name;
	unsigned count, arguments[LEARNED_SELECTORS];
	bool by_default;
} selectors[] = {
    {"bpf", 1, {0}, false},          {"clone", 1, {0}, true},       {"fcntl", 1, {1}, true},
    {"fcntl64", 1, {1}, true},       {"ioctl", 1, {1}, true},       {"keyctl", 1, {0}, false},
    {"madvise", 1, {2}, false},      {"mmap", 1, {2}, true},        {"mmap2", 1, {2}, true},
    {"mprotect", 1, {2}, true},      {"personality", 1, {0}, true}, {"pkey_mprotect", 1, {2}, false},
    {"prctl", 1, {0}, true},         {"ptrace", 1, {0}, false},     {"seccomp", 2, {0, 1}, false},
    {"setsockopt", 2, {1, 2}, true}, {"socket", 1, {0}, true},      {"socketpair", 1, {0}, false},
    {"unshare", 1, {0}, false},
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
	const char *name = call_name(call);

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

/* Of an argument of at most 32 bits the kernel reads no more. */
static struct scmp_arg_cmp condition_on(const char *name, unsigned argument, uint64_t value)
{
	if (callgate_argument_bits(SCMP_ARCH_NATIVE, name, argument) > 32)
		return (struct scmp_arg_cmp){argument, SCMP_CMP_EQ, value, 0};
	return (struct scmp_arg_cmp){argument, SCMP_CMP_MASKED_EQ, UINT32_MAX, value};
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
	json_text(json, "comment", text);
	json_close(json);
}

void learned_print_entries(struct json *json, const void *data)
{
	const struct learned *learned = data;
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
	learned_print_entries(&json, learned);
	json_close(&json);
	json_close(&json);
}
