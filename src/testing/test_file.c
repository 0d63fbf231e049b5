#include "testing/test_file.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/arch.h>

#include "base/strbuf.h"

void callgate_test_file_free(struct callgate_test_file *file)
{
	if (!file)
		return;
	for (size_t i = 0; i < file->parts.count; i++) {
		vec_finish(&file->parts.items[i]->lists);
		vec_finish(&file->parts.items[i]->lines);
	}
	vec_finish(&file->parts);
	vec_finish(&file->output.messages);
	vec_finish(&file->filters);
	vec_finish(&file->tests);
	arena_finish(&file->output.arena);
	free(file);
}

const struct callgate_test_message *callgate_test_file_message(const struct callgate_test_file *file, size_t index)
{
	return file && index < file->output.messages.count ? &file->output.messages.items[index] : NULL;
}

const struct callgate_test_filter *callgate_test_file_filter(const struct callgate_test_file *file, size_t index)
{
	return file && index < file->filters.count ? &file->filters.items[index] : NULL;
}

const struct callgate_test *callgate_test_file_test(const struct callgate_test_file *file, size_t index)
{
	return file && index < file->tests.count ? &file->tests.items[index].public : NULL;
}

/* A filter named by its path alone, as on the right of `no weaker than`: is it a program? */
static bool is_program(const char *path)
{
	size_t len = strlen(path);

	return len < 5 || strcmp(path + len - 5, ".json") != 0;
}

/* "HEADING: TEXT [ARCH...]" in the arena. */
static const char *make_name(struct callgate_test_file *file, const struct file_line *line,
                             const struct file_archs *archs)
{
	struct strbuf text = {0};

	strbuf_printf(&text, "%s%s%s", line->heading, *line->heading ? ": " : "", line->text);
	for (size_t i = 0; archs && i < archs->count; i++)
		strbuf_printf(&text, "%s%s", i ? " " : " [", callgate_arch_find(archs->tokens[i])->name);
	strbuf_append(&text, archs ? "]" : "");
	char *name = strbuf_steal(&text);
	char *copy = name ? arena_alloc(&file->output.arena, strlen(name) + 1) : NULL;
	if (copy)
		strcpy(copy, name);
	free(name);
	return copy;
}

/* The index of a filter like `like` but for its path; SIZE_MAX: no memory. */
static size_t add_other(struct callgate_test_file *file, size_t like, const struct file_line *line)
{
	assert(like < file->filters.count && line->other);
	struct callgate_test_filter filter = file->filters.items[like];

	for (size_t i = like; i < file->filters.count; i++)
		if (file->filters.items[i].path && strcmp(file->filters.items[i].path, line->other) == 0)
			return i;
	filter.path = line->other;
	filter.is_program = is_program(line->other);
	filter.line = line->line;
	return vec_push(&file->filters, filter) ? file->filters.count - 1 : SIZE_MAX;
}

/* The tests of a part for one of its lists of architectures, or for none. `named` where there are several. */
static int add_tests(struct callgate_test_file *file, const struct file_part *part, const struct file_archs *archs,
                     bool named)
{
	struct callgate_test_filter filter = part->filter;
	size_t index = file->filters.count;

	filter.arch_count = archs ? archs->count : 0;
	filter.archs = archs ? archs->tokens : NULL;
	if (!vec_push(&file->filters, filter))
		return -ENOMEM;
	for (size_t i = 0; i < part->lines.count; i++) {
		const struct file_line *line = part->lines.items[i];
		struct file_test test = {
		    {line->kind, line->line, line->column, NULL, line->heading, line->text, index, SIZE_MAX},
		    line,
		    part};
		test.public.name = make_name(file, line, named ? archs : NULL);
		if (line->other)
			test.public.other = add_other(file, index, line);
		if (!test.public.name || (line->other && test.public.other == SIZE_MAX) ||
		    !vec_push(&file->tests, test))
			return -ENOMEM;
	}
	return 0;
}

/* Makes filters and tests of the parts; 0 or -ENOMEM. */
static int multiply(struct callgate_test_file *file)
{
	int result = 0;

	for (size_t i = 0; i < file->parts.count && result == 0; i++) {
		const struct file_part *part = file->parts.items[i];
		if (!part->filter.path && part->lines.count == 0)
			continue;
		if (part->lists.count == 0)
			result = add_tests(file, part, NULL, false);
		for (size_t j = 0; j < part->lists.count && result == 0; j++)
			result = add_tests(file, part, &part->lists.items[j], part->lists.count > 1);
	}
	return result;
}

int callgate_test_file_parse(const void *text, size_t size, struct callgate_test_file **ret_file)
{
	struct callgate_test_file *file;

	if ((!text && size) || !ret_file)
		return -EINVAL;
	if (size > CALLGATE_TEST_FILE_SIZE_MAX)
		return -EFBIG;
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	int result = file_parse(file, size ? text : "", size);
	if (result == 0 && file->output.messages.count == 0)
		result = multiply(file);
	if (result < 0) {
		callgate_test_file_free(file);
		return result;
	}
	*ret_file = file;
	return 0;
}

size_t file_list_archs(const scmp_filter_ctx ctx, uint32_t ret_archs[FILE_ARCHS_MAX])
{
	const struct callgate_arch *arch;
	size_t count = 0;

	for (size_t i = 0; (arch = callgate_arch_at(i)) && i < FILE_ARCHS_MAX; i++)
		if (seccomp_arch_exist(ctx, arch->token) == 0)
			ret_archs[count++] = arch->token;
	assert(!arch); /* or FILE_ARCHS_MAX is too small */
	return count;
}

int callgate_test_file_take_archs(struct callgate_test_file *file, size_t filter, const scmp_filter_ctx ctx)
{
	if (!file || filter >= file->filters.count || !ctx)
		return -EINVAL;
	struct callgate_test_filter *taker = &file->filters.items[filter];
	if (taker->arch_count)
		return 0;
	uint32_t *archs = ARENA_ARRAY(&file->output.arena, uint32_t, FILE_ARCHS_MAX);
	if (!archs)
		return -ENOMEM;
	size_t count = file_list_archs(ctx, archs);
	if (!count)
		return -EINVAL;
	taker->archs = archs;
	taker->arch_count = count;
	return 0;
}
