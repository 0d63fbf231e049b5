/*
 * The distribution's libseccomp beside this library, in one process.
 */
#ifndef CALLGATE_TESTS_DISTRIBUTION_H
#define CALLGATE_TESTS_DISTRIBUTION_H

#include <check.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <seccomp.h>

enum { SKIPPED = 77, TEXT_MAX = 1 << 20 };

#define FUNCTIONS(X)                                                                                              \
	X(scmp_filter_ctx, init, (uint32_t))                                                                      \
	X(void, release, (scmp_filter_ctx))                                                                       \
	X(int, arch_add, (scmp_filter_ctx, uint32_t))                                                             \
	X(int, arch_remove, (scmp_filter_ctx, uint32_t))                                                          \
	X(int, merge, (scmp_filter_ctx, scmp_filter_ctx))                                                         \
	X(int, attr_set, (scmp_filter_ctx, enum scmp_filter_attr, uint32_t))                                      \
	X(int, rule_add_array, (scmp_filter_ctx, uint32_t, int, unsigned int, const struct scmp_arg_cmp *))       \
	X(int, rule_add_exact_array, (scmp_filter_ctx, uint32_t, int, unsigned int, const struct scmp_arg_cmp *)) \
	X(int, syscall_priority, (scmp_filter_ctx, int, uint8_t))                                                 \
	X(int, export_pfc, (const scmp_filter_ctx, int))                                                          \
	X(int, export_bpf, (const scmp_filter_ctx, int))

struct library {
#define MEMBER(type, name, arguments) type(*name) arguments;
	FUNCTIONS(MEMBER)
	scmp_filter_ctx ctx;
	size_t length;
	char text[TEXT_MAX];
};

static struct library ours = {
#define OWN(type, name, arguments) .name = seccomp_##name,
    FUNCTIONS(OWN)};
static struct library theirs;

static inline void *found(void *handle, const char *name)
{
	void *function = dlsym(handle, name);

	if (!function) {
		printf("skipped: the distribution's libseccomp has no %s\n", name);
		exit(SKIPPED);
	}
	return function;
}

static inline void open_theirs(void)
{
	const char *path = "/usr/lib/x86_64-linux-gnu/libseccomp.so.2";
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);

	if (!handle) {
		printf("skipped: %s\n", dlerror());
		exit(SKIPPED);
	}
#define FIND(type, name, arguments) *(void **)&theirs.name = found(handle, "seccomp_" #name);
	FUNCTIONS(FIND)
}

#define BOTH(call, ...)                                                                               \
	do {                                                                                          \
		int a_ = ours.call(ours.ctx, __VA_ARGS__), b_ = theirs.call(theirs.ctx, __VA_ARGS__); \
		ck_assert_msg(a_ == b_, "%s gave %d here, %d there", #call, a_, b_);                  \
	} while (0)

static inline void read_export(struct library *library, int (*export)(const scmp_filter_ctx, int))
{
	int fd = memfd_create("export", 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(export(library->ctx, fd), 0);
	ssize_t length = pread(fd, library->text, sizeof(library->text), 0);
	ck_assert_int_ge(length, 0);
	library->length = (size_t)length;
	close(fd);
}

/*
 * Is a number that an architecture lacks the first of its calls, as the pseudo code has them? Programs of CTL_OPTIMIZE
 * 1 are not compared then.
 */
static inline bool pseudo_number_leads(void)
{
	read_export(&theirs, theirs.export_pfc);
	theirs.text[theirs.length < TEXT_MAX ? theirs.length : TEXT_MAX - 1] = '\0';
	for (const char *at = theirs.text; (at = strstr(at, "if ($arch == "));) {
		unsigned long nr = 0;
		at = strchr(at, '\n') + 1;
		if (sscanf(at, "  # filter for syscall %*s (%lu)", &nr) == 1 && nr > INT32_MAX)
			return true;
	}
	return false;
}

#endif
