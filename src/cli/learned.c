#include "cli/learned.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/info.h>
#include <callgate/syscall.h>

/*
 * Arguments by which one call is many: of each, what was seen is allowed and nothing else. The calls that are learned
 * so by default are those of which programs use a few values.
 */
enum selector_kind {
	BY_DEFAULT = 1,
	FLAGS = 2, /* too many combinations become any combination of the flags that were seen */
	DETAIL = 4 /* how the call works rather than what it is about */
};

static const struct learned_selector selectors[] = {
    {"accept4", 1, {3}, DETAIL | FLAGS},
    {"arch_prctl", 1, {0}, 0},
    {"bpf", 1, {0}, 0},
    {"clock_gettime", 1, {0}, DETAIL},
    {"clock_nanosleep", 1, {0}, DETAIL},
    {"clone", 1, {0}, BY_DEFAULT | FLAGS},
    {"fallocate", 1, {1}, DETAIL | FLAGS},
    {"fcntl", 1, {1}, BY_DEFAULT},
    {"fcntl64", 1, {1}, BY_DEFAULT},
    {"flock", 1, {1}, DETAIL},
    {"futex", 1, {1}, DETAIL},
    {"getsockopt", 2, {1, 2}, DETAIL},
    {"ioctl", 1, {1}, BY_DEFAULT},
    {"keyctl", 1, {0}, 0},
    {"kill", 1, {1}, DETAIL},
    {"lseek", 1, {2}, DETAIL},
    {"madvise", 1, {2}, 0},
    {"mmap", 1, {2}, BY_DEFAULT | FLAGS},
    {"mmap2", 1, {2}, BY_DEFAULT | FLAGS},
    {"mprotect", 1, {2}, BY_DEFAULT | FLAGS},
    {"open", 1, {1}, DETAIL | FLAGS},
    {"openat", 1, {2}, DETAIL | FLAGS},
    {"personality", 1, {0}, BY_DEFAULT},
    {"pkey_mprotect", 1, {2}, FLAGS},
    {"prctl", 1, {0}, BY_DEFAULT},
    {"prlimit64", 1, {1}, DETAIL},
    {"ptrace", 1, {0}, 0},
    {"rt_sigaction", 1, {0}, DETAIL},
    {"seccomp", 2, {0, 1}, 0},
    {"setsockopt", 2, {1, 2}, BY_DEFAULT},
    {"socket", 1, {0}, BY_DEFAULT},
    {"socketpair", 1, {0}, 0},
    {"tgkill", 1, {2}, DETAIL},
    {"tkill", 1, {1}, DETAIL},
    {"unshare", 1, {0}, FLAGS},
};

static const struct learned_selector *find_selector(const char *name)
{
	for (size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++)
		if (strcmp(selectors[i].name, name) == 0)
			return &selectors[i];
	return NULL;
}

unsigned learned_arguments(const char *name)
{
	const struct learned_selector *selector = find_selector(name);
	unsigned arguments = 0;

	for (unsigned i = 0; selector && i < selector->count; i++)
		arguments |= 1U << selector->arguments[i];
	return arguments;
}

unsigned learned_subjects(const char *name)
{
	const struct learned_selector *selector = find_selector(name);

	return selector && !(selector->kind & DETAIL) ? learned_arguments(name) : 0;
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

/* Are these arguments learned? */
static bool learns_arguments(const struct learned *learned, const struct learned_selector *selector)
{
	if (!selector || learned->ignores_arguments)
		return false;
	return learned->with_arguments ? is_listed(learned->with_arguments, selector->name)
	                               : selector->kind & BY_DEFAULT;
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

/* ---- values, in blocks of which one condition with a mask speaks, to runc as to all others ---- */

/* The low bits that values of the smallest block around both may have in any combination. */
static uint64_t common_span(const struct learned_tuple *a, const struct learned_tuple *b, unsigned last)
{
	uint64_t span = (a->values[last] ^ b->values[last]) | a->span | b->span;

	for (unsigned shift = 1; shift < 64; shift *= 2)
		span |= span >> shift;
	return span;
}

static bool have_same_start(const struct learned_tuple *a, const struct learned_tuple *b, unsigned last)
{
	return memcmp(a->values, b->values, last * sizeof(a->values[0])) == 0;
}

/* The tuple of the values, or the block that has them. NULL: none. */
static struct learned_tuple *find_tuple(const struct learned_call *known, const struct learned_tuple *wanted,
                                        unsigned last)
{
	for (size_t i = 0; i < known->tuples.count; i++) {
		struct learned_tuple *tuple = &known->tuples.items[i];
		if (have_same_start(tuple, wanted, last) &&
		    (wanted->values[last] & ~tuple->span) == tuple->values[last])
			return tuple;
	}
	return NULL;
}

/* Two blocks become the smallest one around both. */
static void merge(struct learned_call *known, size_t first, size_t second, unsigned last)
{
	struct learned_tuple *a = &known->tuples.items[first];
	const struct learned_tuple b = known->tuples.items[second];

	a->count += b.count;
	a->span = common_span(a, &b, last);
	a->values[last] &= ~a->span;
	a->least = b.least < a->least ? b.least : a->least;
	a->most = b.most > a->most ? b.most : a->most;
	a->is_steady |= b.is_steady;
	known->tuples.items[second] = known->tuples.items[--known->tuples.count];
}

/* Blocks whose values were all seen, and that make a block of which that is true, too: nothing is generalised. */
static bool are_halves(const struct learned_tuple *a, const struct learned_tuple *b, unsigned last)
{
	return a->span == b->span && a->count == a->span + 1 && b->count == b->span + 1 &&
	       have_same_start(a, b, last) && common_span(a, b, last) == 2 * a->span + 1;
}

static bool merge_halves(struct learned_call *known, unsigned last)
{
	for (size_t i = 0; i < known->tuples.count; i++)
		for (size_t j = i + 1; j < known->tuples.count; j++)
			if (are_halves(&known->tuples.items[i], &known->tuples.items[j], last)) {
				merge(known, i, j, last);
				return true;
			}
	return false;
}

/*
 * The two that fit into the smallest block. No third tuple is in it, as it would be nearer to one of them. False: all
 * blocks would be too large.
 */
static bool merge_nearest(struct learned_call *known, unsigned last)
{
	size_t first = 0, second = 0;
	uint64_t least = LEARNED_BLOCK_MOST;

	for (size_t i = 0; i < known->tuples.count; i++)
		for (size_t j = i + 1; j < known->tuples.count; j++) {
			const struct learned_tuple *a = &known->tuples.items[i], *b = &known->tuples.items[j];
			const uint64_t span = common_span(a, b, last);
			if (!have_same_start(a, b, last) || span >= least)
				continue;
			least = span;
			first = i;
			second = j;
		}
	if (second == 0)
		return false;
	merge(known, first, second, last);
	return true;
}

/* More than there is room for: any of the flags, blocks, or all. */
static void generalise(struct learned_call *known)
{
	const unsigned last = known->selector->count - 1;

	known->has_flags = known->selector->kind & FLAGS;
	while (!known->has_flags && merge_halves(known, last))
		continue;
	if (!known->has_flags && known->tuples.count > LEARNED_TUPLES_MAX && !merge_nearest(known, last))
		known->any_arguments = true;
}

/* Of a block it is remembered which of its values were seen; false: this one was, or there is no room for it. */
static bool remember(struct learned *learned, struct learned_call *known, const struct learned_tuple *tuple)
{
	struct learned_values seen;

	memcpy(seen.values, tuple->values, sizeof(seen.values));
	for (size_t i = 0; i < known->seen.count; i++)
		if (memcmp(&known->seen.items[i], &seen, sizeof(seen)) == 0)
			return false;
	if (known->seen.count == LEARNED_SEEN_MAX)
		return false;
	if (vec_push(&known->seen, seen))
		return true;
	learned->out_of_memory = true;
	return false;
}

static bool add_tuple(struct learned *learned, struct learned_call *known, const struct callgate_call *call)
{
	const struct learned_selector *selector = known->selector;
	struct learned_tuple tuple = {.count = 1, .is_steady = learned->is_steady}, *found;

	if (!selector)
		return false;
	for (unsigned i = 0; i < selector->count; i++)
		tuple.values[i] = value_of(call, known->name, selector->arguments[i]);
	tuple.least = tuple.most = tuple.values[selector->count - 1];
	const bool has_new_flags = selector->kind & FLAGS && (tuple.values[0] & ~known->flags) != 0;
	known->flags |= tuple.values[0];
	if (known->any_arguments)
		return false;
	if (known->has_flags)
		return has_new_flags;
	if ((found = find_tuple(known, &tuple, selector->count - 1))) {
		found->is_steady |= learned->is_steady;
		if (found->span && remember(learned, known, &tuple)) {
			found->count++;
			found->least = tuple.least < found->least ? tuple.least : found->least;
			found->most = tuple.most > found->most ? tuple.most : found->most;
		}
		return false;
	}
	(void)remember(learned, known, &tuple);
	if (!vec_push(&known->tuples, tuple))
		learned->out_of_memory = true;
	else if (known->tuples.count > LEARNED_TUPLES_MAX)
		generalise(known);
	return true;
}

/* NULL: no memory. */
static struct learned_call *add_call(struct learned *learned, const char *name, const struct callgate_call *call)
{
	const struct learned_selector *selector = find_selector(name);
	const struct learned_call known = {.name = name,
	                                   .example = *call,
	                                   .selector = selector,
	                                   .any_arguments = !learns_arguments(learned, selector)};

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

/* clone3(2) has its flags in memory; C libraries make threads with it. */
bool learned_has_threads(const struct learned *learned)
{
	const struct learned_call *clone = find(learned, "clone");

	return learned_has(learned, "clone3") || (clone && clone->flags & CLONE_THREAD);
}

void learned_add_unseen(struct learned *learned)
{
	static const char *const unseen[] = {"exit", "exit_group", "restart_syscall", "rt_sigreturn"};

	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
		learned_add_name(learned, unseen[i]);
	if (learned_has_threads(learned))
		learned_add_name(learned, "futex");
}

void learned_finish(struct learned *learned)
{
	for (size_t i = 0; i < learned->calls.count; i++) {
		vec_finish(&learned->calls.items[i].tuples);
		vec_finish(&learned->calls.items[i].seen);
	}
	vec_finish(&learned->calls);
	vec_finish(&learned->archs);
	vec_finish(&learned->nameless);
}
