#include "cli/test_open.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <callgate/diagnosis.h>

#include "cli/cli.h"
#include "cli/profile_option.h"

/* Sets the text, if memory allows; always false. */
__attribute__((format(printf, 2, 3))) static bool set_trouble(char **trouble, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	if (vasprintf(trouble, format, list) < 0)
		*trouble = NULL;
	va_end(list);
	return false;
}

/* ---- profiles ---- */

static bool take_option(struct callgate_profile *profile, const struct callgate_test_option *option)
{
	static const struct option rows[] = {PROFILE_OPTIONS};
	struct profile_options options = {.profile = profile};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, option->name) == 0)
			return profile_option_take(&options, rows[i].val, option->value);
	return false;
}

/* The environment as the test file has it: 0; or the line that is wrong, and the profile's diagnosis says why. */
static unsigned int set_environment(struct callgate_profile *profile,
                                    const struct callgate_test_filter *named)
{
	if (named->has_capabilities && callgate_profile_add_capability(profile, NULL) < 0)
		return named->capability_line;
	for (size_t i = 0; i < named->capability_count; i++)
		if (callgate_profile_add_capability(profile, named->capabilities[i]) < 0)
			return named->capability_line;
	if (named->kernel && callgate_profile_set_kernel(profile, named->kernel) < 0)
		return named->kernel_line;
	for (size_t i = 0; i < named->arch_count; i++)
		if (callgate_profile_add_arch(profile, named->archs[i]) < 0)
			return named->line;
	return 0;
}

static bool read_profile(struct test_filter *filter)
{
	int result = callgate_profile_read_file(filter->profile, filter->path);
	const struct callgate_profile_message *message;

	if (result == 0)
		result = callgate_profile_context(filter->profile, &filter->ctx);
	if (result == 0)
		return true;
	for (size_t i = 0; (message = callgate_profile_message(filter->profile, i)); i++)
		if (message->severity == CALLGATE_SEVERITY_ERROR)
			return set_trouble(&filter->trouble, "%s:%u:%u: %s", message->file, message->line,
			                   message->column, message->text);
	return set_trouble(&filter->trouble, "%s", callgate_profile_diagnosis(filter->profile));
}

static bool open_profile(struct test_filter *filter, const char *source,
                         const struct callgate_test_filter *named)
{
	if (callgate_profile_new(&filter->profile) < 0)
		return false;
	unsigned int wrong = set_environment(filter->profile, named);
	if (wrong)
		return set_trouble(&filter->trouble, "%s:%u: %s", source, wrong,
		                   callgate_profile_diagnosis(filter->profile));
	for (size_t i = 0; i < named->option_count; i++)
		if (!take_option(filter->profile, &named->options[i]))
			return set_trouble(&filter->trouble, "%s:%u: \"%s\" is no value of the option %s",
			                   source, named->options[i].line, named->options[i].value,
			                   named->options[i].name);
	return read_profile(filter);
}

/* ---- programs ---- */

/* 0, or -errno and why it can't be read. */
static int read_program(const char *path, uint32_t arch, struct callgate_program **ret_program,
                        const char **ret_why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result = fd < 0 ? -errno : callgate_program_read(fd, arch, ret_program);

	if (result < 0)
		*ret_why = fd < 0 ? strerror(-result) : callgate_diagnosis(NULL);
	if (fd >= 0)
		close(fd);
	return result;
}

/* Would it be accepted with its bytes in another order than the one in which it was refused? */
static bool is_of_other_order(const char *path)
{
	static const uint32_t archs[] = {SCMP_ARCH_S390X, SCMP_ARCH_X86_64};
	bool is_accepted = false;

	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++) {
		struct callgate_program *program = NULL;
		const char *why;
		if (read_program(path, archs[i], &program, &why) == 0)
			is_accepted = is_accepted || callgate_program_check(program) == 0;
		callgate_program_free(program);
	}
	return is_accepted;
}

static bool open_program(struct test_filter *filter, const struct callgate_test_filter *named)
{
	uint32_t arch = named->arch_count ? named->archs[0] : SCMP_ARCH_NATIVE;
	const char *why;

	if (read_program(filter->path, arch, &filter->program, &why) < 0)
		return set_trouble(&filter->trouble, "%s: %s", filter->path, why);
	filter->list[0] = filter->program;
	if (callgate_program_check(filter->program) == 0)
		return true;
	set_trouble(&filter->trouble, "%s: the kernel would refuse it: %s", filter->path,
	            callgate_diagnosis(NULL));
	if (filter->trouble && is_of_other_order(filter->path)) {
		char *refusal = filter->trouble;
		set_trouble(&filter->trouble,
		            "%s; in the other byte order it is a program: an `arch` line says which it has",
		            refusal);
		free(refusal);
	}
	return false;
}

/* ---- filters ---- */

/* Relative to the folder that the test file is in. */
static char *resolve(const char *source, const char *path)
{
	const char *slash = strrchr(source, '/');
	int folder = slash && *path != '/' ? (int)(slash - source + 1) : 0;
	char *resolved;

	return asprintf(&resolved, "%.*s%s", folder, source, path) < 0 ? NULL : resolved;
}

static bool is_other(const struct callgate_test_file *file, size_t filter)
{
	const struct callgate_test *test;

	for (size_t i = 0; (test = callgate_test_file_test(file, i)); i++)
		if (test->filter == filter)
			return false;
	return true;
}

/* False: there is trouble, or it could not even be told: no memory. */
static bool open_filter(struct test_source *source, size_t index, const struct test_replacement *replacement)
{
	const struct callgate_test_filter *named = callgate_test_file_filter(source->file, index);
	struct test_filter *filter = &source->filters[index];
	const char *replacing = replacement->profile ? replacement->profile : replacement->program;
	bool is_program = named->is_program;

	if (replacing && !is_other(source->file, index)) {
		filter->path = strdup(replacing);
		is_program = !replacement->profile;
	} else if (named->path) {
		filter->path = resolve(source->path, named->path);
	} else {
		return set_trouble(&filter->trouble, "%s names neither a profile nor a program",
		                   source->path);
	}
	return filter->path &&
	       (is_program ? open_program(filter, named) : open_profile(filter, source->path, named));
}

static bool open_filters(struct test_source *source, const struct test_replacement *replacement)
{
	while (callgate_test_file_filter(source->file, source->filter_count))
		source->filter_count++;
	source->filters = calloc(source->filter_count + 1, sizeof(*source->filters));
	source->sides = calloc(source->filter_count + 1, sizeof(*source->sides));
	if (!source->filters || !source->sides)
		return false;
	for (size_t i = 0; i < source->filter_count; i++) {
		struct test_filter *filter = &source->filters[i];
		if (open_filter(source, i, replacement))
			source->sides[i] = (struct callgate_side){filter->ctx, filter->list, 1};
		else if (!filter->trouble)
			return false;
		if (filter->ctx && callgate_test_file_take_archs(source->file, i, filter->ctx) < 0)
			return false;
	}
	return true;
}

/* ---- sources ---- */

/* The whole file ("-": standard input); NULL and trouble if it can't be read. */
static char *read_text(struct test_source *source, size_t *ret_size)
{
	bool is_stdin = strcmp(source->path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(source->path, "re");
	char *text = file ? malloc(CALLGATE_TEST_FILE_SIZE_MAX + 1) : NULL;
	size_t size = text ? fread(text, 1, CALLGATE_TEST_FILE_SIZE_MAX + 1, file) : 0;
	bool failed = !text || ferror(file);

	if (failed)
		set_trouble(&source->trouble, "%s", strerror(errno));
	if (file && !is_stdin)
		fclose(file);
	if (failed)
		free(text);
	*ret_size = size;
	return failed ? NULL : text;
}

/* Mistakes, as a compiler prints them. */
static bool has_mistakes(struct test_source *source)
{
	const struct callgate_test_message *message;
	size_t count = 0;

	for (; (message = callgate_test_file_message(source->file, count)); count++)
		fprintf(stderr, "%s:%u:%u: error: %s\n", source->path, message->line, message->column,
		        message->text);
	message = callgate_test_file_message(source->file, 0);
	if (count)
		set_trouble(&source->trouble, "%zu mistake%s, the first one in line %u, column %u: %s", count,
		            count == 1 ? "" : "s", message->line, message->column, message->text);
	return count > 0;
}

static bool read_source(struct test_source *source)
{
	size_t size;
	char *text = read_text(source, &size);
	int result = text ? callgate_test_file_parse(text, size, &source->file) : 0;

	free(text);
	if (result == -EFBIG)
		set_trouble(&source->trouble, "longer than %u bytes", CALLGATE_TEST_FILE_SIZE_MAX);
	if (!source->file)
		return source->trouble != NULL;
	bool is_bad = has_mistakes(source);
	if (!is_bad && !callgate_test_file_test(source->file, 0)) {
		is_bad = true;
		set_trouble(&source->trouble, "there are no tests in it");
	}
	if (is_bad) {
		callgate_test_file_free(source->file);
		source->file = NULL;
	}
	return !is_bad || source->trouble;
}

bool test_source_open(struct test_source *source, const char *path,
                      const struct test_replacement *replacement)
{
	*source = (struct test_source){.path = path};
	return read_source(source) && (!source->file || open_filters(source, replacement));
}

bool test_source_choose(struct test_source *source, const char *pattern)
{
	const struct callgate_test *test;
	char *anywhere = NULL;
	size_t count = 0;

	while (callgate_test_file_test(source->file, count))
		count++;
	source->entries = calloc(count + 1, sizeof(*source->entries));
	if (!source->entries || (pattern && asprintf(&anywhere, "*%s*", pattern) < 0))
		return false;
	for (size_t i = 0; (test = callgate_test_file_test(source->file, i)); i++)
		if (!pattern || fnmatch(anywhere, test->name, 0) == 0)
			source->entries[source->entry_count++] = (struct test_entry){i, test};
	free(anywhere);
	return true;
}

const char *test_source_trouble(const struct test_source *source, const struct callgate_test *test)
{
	if (source->filters[test->filter].trouble)
		return source->filters[test->filter].trouble;
	return test->other == SIZE_MAX ? NULL : source->filters[test->other].trouble;
}

void test_source_finish(struct test_source *source)
{
	for (size_t i = 0; i < source->entry_count; i++) {
		callgate_test_result_finish(&source->entries[i].result);
		free(source->entries[i].origin);
	}
	for (size_t i = 0; source->filters && i < source->filter_count; i++) {
		struct test_filter *filter = &source->filters[i];
		if (filter->ctx)
			seccomp_release(filter->ctx);
		callgate_program_free(filter->program);
		callgate_profile_free(filter->profile);
		free(filter->path);
		free(filter->trouble);
	}
	free(source->entries);
	free(source->filters);
	free(source->sides);
	free(source->trouble);
	callgate_test_file_free(source->file);
	*source = (struct test_source){0};
}
