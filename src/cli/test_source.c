#include "cli/test_source.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/arch.h>
#include <callgate/diagnosis.h>

#include "cli/print.h"

/* Sets the text in place of another, if memory allows; always false. */
__attribute__((format(printf, 2, 3))) static bool set_error(char **error, const char *format, ...)
{
	char *text;
	va_list list;

	va_start(list, format);
	if (vasprintf(&text, format, list) < 0)
		text = NULL;
	va_end(list);
	free(*error);
	*error = text;
	return false;
}

/* ---- the filters ---- */

/* The environment as the test file has it. False: out of memory. */
static bool list_settings(struct environment *environment, const struct callgate_test_filter *named)
{
	bool done = true;

	if (named->has_capabilities)
		done = environment_add(environment, "cap", "none", named->capability_line);
	for (size_t i = 0; i < named->capability_count && done; i++)
		done = environment_add(environment, "cap", named->capabilities[i], named->capability_line);
	if (named->kernel)
		done = done && environment_add(environment, "kernel", named->kernel, named->kernel_line);
	for (size_t i = 0; i < named->arch_count && done; i++)
		done = environment_add(environment, "arch", callgate_arch_find(named->archs[i])->name, named->line);
	for (size_t i = 0; i < named->option_count && done; i++) {
		const struct callgate_test_option *option = &named->options[i];
		done = environment_add(environment, option->name, option->value, option->line);
	}
	return done;
}

static bool open_profile(struct filter *filter, const char *path, const char *source,
                         const struct callgate_test_filter *named)
{
	struct environment environment = {.source = source};
	bool opened = list_settings(&environment, named) && filter_open_profile(filter, path, &environment);

	vec_finish(&environment.settings);
	return opened;
}

/* Would it be accepted with its bytes in another order than the one in which it was refused? */
static bool is_of_other_order(const struct callgate_program *program, uint32_t arch)
{
	const struct callgate_arch *other;
	struct callgate_program *turned = NULL;
	size_t i = 0;

	while ((other = callgate_arch_at(i)) && other->big_endian == callgate_arch_find(arch)->big_endian)
		i++;
	bool is_accepted = other &&
	                   callgate_program_new(callgate_program_bytes(program), 8 * callgate_program_length(program),
	                                        other->token, &turned) == 0 &&
	                   callgate_program_check(turned) == 0;
	callgate_program_free(turned);
	return is_accepted;
}

static bool open_program(struct filter *filter, const char *path, const struct callgate_test_filter *named)
{
	uint32_t arch = named->arch_count ? named->archs[0] : SCMP_ARCH_NATIVE;

	if (!filter_open_program(filter, path, arch))
		return false;
	if (callgate_program_check(filter->programs[0]) == 0)
		return true;
	set_error(&filter->error, "%s: the kernel would refuse it: %s", path, callgate_diagnosis(NULL));
	if (filter->error && is_of_other_order(filter->programs[0], arch)) {
		char *refusal = filter->error;
		filter->error = NULL;
		set_error(&filter->error,
		          "%s; in the other byte order it is a program: an `arch` line says which it has", refusal);
		free(refusal);
	}
	return false;
}

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

/* False: there is an error, or not even memory for it. */
static bool open_filter(struct test_source *source, size_t index, const struct test_replacement *replacement)
{
	const struct callgate_test_filter *named = callgate_test_file_filter(source->file, index);
	struct filter *filter = &source->filters[index];
	const char *replacing = replacement->profile ? replacement->profile : replacement->program;
	bool is_replaced = replacing && !is_other(source->file, index), opened = false;
	bool is_program = is_replaced ? !replacement->profile : named->is_program;

	if (!is_replaced && !named->path)
		return set_error(&filter->error, "%s names neither a profile nor a program", source->path);
	char *path = is_replaced ? strdup(replacing) : resolve(source->path, named->path);
	if (path)
		opened =
		    is_program ? open_program(filter, path, named) : open_profile(filter, path, source->path, named);
	free(path);
	return opened;
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
		struct filter *filter = &source->filters[i];
		if (open_filter(source, i, replacement))
			source->sides[i] = filter_side(filter);
		else if (!filter->error)
			return false;
		if (filter->ctx && callgate_test_file_take_archs(source->file, i, filter->ctx) < 0)
			return false;
	}
	return true;
}

/* ---- sources ---- */

/* The whole file ("-": standard input); NULL and an error if it can't be read. */
static char *read_text(struct test_source *source, size_t *ret_size)
{
	bool is_stdin = strcmp(source->path, "-") == 0;
	output_note_input(source->path);
	FILE *file = is_stdin ? stdin : fopen(source->path, "re");
	char *text = file ? malloc(CALLGATE_TEST_FILE_SIZE_MAX + 1) : NULL;
	size_t size = text ? fread(text, 1, CALLGATE_TEST_FILE_SIZE_MAX + 1, file) : 0;
	bool failed = !text || ferror(file);

	if (failed)
		set_error(&source->error, "%s", strerror(errno));
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
		print_safely(stderr, "%s:%u:%u: error: %s\n", source->path, message->line, message->column,
		             message->text);
	message = callgate_test_file_message(source->file, 0);
	if (count)
		set_error(&source->error, "%zu mistake%s, the first one in line %u, column %u: %s", count,
		          count == 1 ? "" : "s", message->line, message->column, message->text);
	return count > 0;
}

static bool read_source(struct test_source *source)
{
	size_t size;
	char *text = read_text(source, &size);
	bool is_json = text && size > 0 && (*text == '{' || *text == '[');
	int result = text && !is_json ? callgate_test_file_parse(text, size, &source->file) : 0;

	free(text);
	if (is_json)
		set_error(&source->error, "this is JSON, and no file of tests: a `profile` line in one names it");
	if (result == -EFBIG)
		set_error(&source->error, "longer than %u bytes", CALLGATE_TEST_FILE_SIZE_MAX);
	if (!source->file)
		return source->error != NULL;
	bool is_bad = has_mistakes(source);
	if (!is_bad && !callgate_test_file_test(source->file, 0)) {
		is_bad = true;
		set_error(&source->error, "there are no tests in it");
	}
	if (is_bad) {
		callgate_test_file_free(source->file);
		source->file = NULL;
	}
	return !is_bad || source->error;
}

bool test_source_open(struct test_source *source, const char *path, const struct test_replacement *replacement)
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

const char *test_source_error(const struct test_source *source, const struct callgate_test *test)
{
	if (source->filters[test->filter].error)
		return source->filters[test->filter].error;
	return test->other == SIZE_MAX ? NULL : source->filters[test->other].error;
}

void test_source_finish(struct test_source *source)
{
	for (size_t i = 0; i < source->entry_count; i++) {
		callgate_test_result_finish(&source->entries[i].result);
		free(source->entries[i].origin);
	}
	for (size_t i = 0; source->filters && i < source->filter_count; i++)
		filter_close(&source->filters[i]);
	free(source->entries);
	free(source->filters);
	free(source->sides);
	free(source->error);
	callgate_test_file_free(source->file);
	*source = (struct test_source){0};
}
