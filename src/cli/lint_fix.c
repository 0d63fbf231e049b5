/* Mends profiles and policies. Each change is tried on a copy, which is looked at again before the change is kept. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/arch.h>
#include <callgate/syscall.h>

#include "cli/lint_file.h"
#include "cli/output.h"

enum { CHANGES_MAX = 200 };

struct fixing {
	const char *name; /* what messages call the file */
	const struct environment *environment;
	const struct lint_settings *settings;
};

/* ---- a text, looked at ---- */

struct looked_at {
	struct filter filter;
	struct lint_report report;
};

static void forget(struct looked_at *looked)
{
	filter_close(&looked->filter);
	arena_finish(&looked->report.arena);
}

/* False: it is no profile any more. */
static bool look_at(const struct fixing *fixing, const struct text *text, struct looked_at *ret_looked)
{
	*ret_looked = (struct looked_at){.report = {.out_of_memory = false}};
	if (filter_open_text(&ret_looked->filter, fixing->name, text->bytes, text->size, fixing->environment) &&
	    lint_opened(&ret_looked->report, &ret_looked->filter, text, fixing->environment, fixing->settings) ==
	        CLI_OK)
		return true;
	forget(ret_looked);
	return false;
}

static size_t count_named(const struct looked_at *looked, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < looked->report.list.count; i++)
		count += strcmp(looked->report.list.items[i].finding.name, name) == 0;
	return count;
}

/* ---- the changes ---- */

/* The text with `more` in place of the bytes from `begin` to before `end`. */
static int replace(const struct text *text, size_t begin, size_t end, const char *more, struct text *ret_text)
{
	struct text new = {0};
	FILE *out = memory_open(&new.bytes, &new.size);

	if (!out)
		return -ENOMEM;
	fwrite(text->bytes, 1, begin, out);
	fputs(more, out);
	fwrite(text->bytes + end, 1, text->size - end, out);
	if (fclose(out) != 0) {
		free(new.bytes);
		return -ENOMEM;
	}
	*ret_text = new;
	return 0;
}

static void print_missing(struct json *json, const void *data)
{
	const struct placed_finding *placed = data;
	const struct callgate_call *call = &placed->finding.witness;

	json_open(json, NULL, "{}");
	json_open(json, "names", "[]");
	json_text(json, NULL, callgate_syscall_name(call->arch, call->nr));
	json_close(json);
	json_text(json, "action", "SCMP_ACT_ERRNO");
	json_number(json, "errnoRet", callgate_arch_find(call->arch)->enosys);
	json_close(json);
}

/* A call that no entry, or no statement, names. */
static int add_missing(const struct text *text, const struct placed_finding *placed, struct text *ret_text)
{
	const struct callgate_call *call = &placed->finding.witness;
	const char *name = callgate_syscall_name(call->arch, call->nr);
	char line[100];

	if (placed->finding.rule || !placed->finding.has_witness || !name)
		return -EINVAL;
	if (profile_text_is_json(text))
		return profile_text_append(text, print_missing, placed, ret_text);
	const bool has_end = text->size > 0 && text->bytes[text->size - 1] == '\n';
	const char *line_end = profile_text_line_end(text);
	snprintf(line, sizeof(line), "%s%s -> ENOSYS%s", has_end ? "" : line_end, name, line_end);
	return replace(text, text->size, text->size, line, ret_text);
}

static int mask_compared(const struct text *text, const struct placed_finding *placed, struct text *ret_text)
{
	if (!profile_text_is_json(text))
		return -EINVAL; /* policies compare what the kernel reads */
	return profile_text_mask(
	    text, placed->line, placed->column, placed->finding.argument,
	    callgate_argument_bits(placed->finding.witness.arch,
	                           callgate_syscall_name(placed->finding.witness.arch, placed->finding.witness.nr),
	                           (unsigned int)placed->finding.argument),
	    ret_text);
}

/*
 * What never decides is not removed: it may decide on another machine, with other capabilities or on another kernel.
 */
static const struct change {
	const char *name;
	int (*make)(const struct text *text, const struct placed_finding *placed, struct text *ret_text);
} changes[] = {
    {"errno", add_missing},
    {"width", mask_compared},
};

/* True: *text is another one, with one finding of this name less. */
static bool try_change(const struct fixing *fixing, const struct looked_at *before, const struct change *change,
                       const struct placed_finding *placed, struct text *text)
{
	struct looked_at after;
	struct text new = {0};

	if (strcmp(placed->finding.name, change->name) != 0 || strcmp(placed->file, fixing->name) != 0 ||
	    !lint_counts(placed) || !placed->line || change->make(text, placed, &new) < 0)
		return false;
	bool is_better = false;
	if (look_at(fixing, &new, &after)) {
		is_better = count_named(&after, change->name) < count_named(before, change->name);
		forget(&after);
	}
	if (is_better) {
		free(text->bytes);
		*text = new;
	} else {
		free(new.bytes);
	}
	return is_better;
}

/* One change; false: there is none left. */
static bool change_once(const struct fixing *fixing, struct text *text)
{
	struct looked_at before;
	bool is_changed = false;

	if (!look_at(fixing, text, &before))
		return false;
	for (size_t i = 0; i < before.report.list.count && !is_changed; i++)
		for (size_t j = 0; j < sizeof(changes) / sizeof(changes[0]) && !is_changed; j++)
			is_changed = try_change(fixing, &before, &changes[j], &before.report.list.items[i], text);
	forget(&before);
	return is_changed;
}

/* A program is none, and neither is what has mistakes: the findings say so. */
static bool is_profile(const struct fixing *fixing, const struct text *text)
{
	struct looked_at looked;

	if (memchr(text->bytes, '\0', text->size) || !look_at(fixing, text, &looked))
		return false;
	forget(&looked);
	return true;
}

/* What a program reads on standard output stays what it reads: the lines are shown on standard error then. */
static int write_changes(const char *path, const struct lint_settings *settings, const struct text *old,
                         const struct text *new)
{
	struct output output;

	if (!profile_text_print_changes(old, new, settings->format == LINT_FORMAT_TEXT ? stdout : stderr) ||
	    !output_open_input(&output, path))
		return CLI_FAILED;
	fwrite(new->bytes, 1, new->size, output.stream);
	return output_commit(&output) ? CLI_OK : CLI_FAILED;
}

int lint_fix(const char *path, const struct environment *environment, const struct lint_settings *settings)
{
	const struct fixing fixing = {path, environment, settings};
	struct text old = {0}, new = {0};
	int status = CLI_OK, count = 0;

	if (strcmp(path, "-") == 0) {
		cli_error("--fix needs a file that it can write");
		return CLI_FAILED;
	}
	if (!text_read(path, &old) || replace(&old, 0, 0, "", &new) < 0)
		status = CLI_FAILED;
	if (status == CLI_OK && is_profile(&fixing, &new))
		while (count < CHANGES_MAX && change_once(&fixing, &new))
			count++;
	if (count)
		status = text_is_still(path, &old) ? write_changes(path, settings, &old, &new) : CLI_FAILED;
	if (count && status == CLI_OK)
		cli_error("%s: %d finding%s mended", path, count, count == 1 ? "" : "s");
	free(old.bytes);
	free(new.bytes);
	return status;
}
