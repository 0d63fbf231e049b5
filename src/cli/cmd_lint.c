/* callgate lint: what is suspicious about profiles, policies and programs. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/lint_file.h"
#include "cli/print.h"

enum { RAISED_NONE, RAISED_WARNINGS, RAISED_NOTES };

/* Sets the bit of the kind in what `target` points to. */
static bool take_kind(const struct option_row *row, void *target, const char *value)
{
	const struct callgate_finding_kind *kind;
	struct similar similar = similar_start(value);
	const int found = lint_kind(value);

	if (found >= 0) {
		*(unsigned int *)target |= 1u << found;
		return true;
	}
	for (size_t i = 0; (kind = callgate_finding_kind_at(i)); i++)
		similar_offer(&similar, kind->name);
	if (similar.best)
		cli_error("--%s: there is no finding \"%s\"; is \"%s\" meant?", row->name, value, similar.best);
	else
		cli_error(
		    "--%s: there is no finding \"%s\"; it takes %sa finding's name, and `callgate lint --explain all` "
		    "lists these",
		    row->name, value, strcmp(row->name, "deny") == 0 ? "warnings, notes or " : "");
	return false;
}

/* A kind, or which levels fail. The target is `denied`. */
static bool take_denied(const struct option_row *row, void *target, const char *value)
{
	struct lint_settings *settings = (void *)((char *)target - offsetof(struct lint_settings, denied));

	if (strcmp(value, "notes") == 0)
		settings->raised = RAISED_NOTES;
	else if (strcmp(value, "warnings") == 0)
		settings->raised = settings->raised > RAISED_WARNINGS ? settings->raised : RAISED_WARNINGS;
	else
		return take_kind(row, target, value);
	return true;
}

static const struct option_row options[] = {
    {.name = "format",
     .value = "text|json|sarif|github",
     .take = take_word,
     .target = offsetof(struct lint_settings, format),
     .help = "how findings are printed; default: text",
     .words = lint_formats},
    {.name = "deny",
     .value = "warnings|notes|NAME",
     .take = take_denied,
     .target = offsetof(struct lint_settings, denied),
     .help = "warnings become errors; notes fail too; findings of this name are errors (repeatable)"},
    {.name = "allow",
     .value = "NAME",
     .take = take_kind,
     .target = offsetof(struct lint_settings, allowed),
     .help = "leaves out findings of this name (repeatable)"},
    {.name = "libc",
     .value = "auto|glibc|glibc-static|glibc-threads|musl|musl-static|musl-threads|go",
     .take = take_word,
     .target = offsetof(struct lint_settings, libc),
     .help =
         "the C library whose programs must start under the filter; default: auto, which guesses it from the filter",
     .words = lint_libcs},
    {.name = "baseline",
     .value = "FILE",
     .take = take_text,
     .target = offsetof(struct lint_settings, baseline),
     .help = "the output of an earlier run as json or sarif: findings that it contains do not fail"},
    {.name = "fix",
     .take = take_flag,
     .target = offsetof(struct lint_settings, fixes),
     .help = "makes the fixes in profiles and policies that are safe, and shows the lines that change (on standard "
             "error, unless the format is text)"},
    {.name = "explain",
     .value = "NAME|all",
     .take = take_text,
     .target = offsetof(struct lint_settings, explained),
     .help = "explains a finding; all: lists the names"},
    {.name = NULL},
};

static int explain(const struct lint_settings *settings)
{
	const struct callgate_finding_kind *kind;
	const bool is_list = strcmp(settings->explained, "all") == 0;
	unsigned int unused = 0;

	for (size_t i = 0; is_list && (kind = callgate_finding_kind_at(i)); i++)
		printf("%-12s %s\n", kind->name, kind->summary);
	if (is_list)
		return CLI_OK;
	if (!take_kind(&(struct option_row){.name = "explain"}, &unused, settings->explained))
		return CLI_FAILED;
	kind = callgate_finding_kind_at((size_t)lint_kind(settings->explained));
	printf("%s: %s\n\n%s\n", kind->name, kind->summary, kind->explanation);
	return CLI_OK;
}

static bool fails(const struct lint_report *report, const struct lint_settings *settings)
{
	for (size_t i = 0; i < report->list.count; i++)
		if (lint_counts(&report->list.items[i]) &&
		    (report->list.items[i].finding.level > CALLGATE_FINDING_NOTE || settings->raised == RAISED_NOTES))
			return true;
	return false;
}

static void raise_warnings(struct lint_report *report)
{
	for (size_t i = 0; i < report->list.count; i++)
		if (report->list.items[i].finding.level == CALLGATE_FINDING_WARNING)
			report->list.items[i].finding.level = CALLGATE_FINDING_ERROR;
}

static int lint_all(const struct call *call, struct lint_report *report)
{
	const struct lint_settings *settings = call->settings;
	int status = CLI_OK;

	for (size_t i = 0; i < call->operand_count; i++) {
		int result = CLI_OK;
		if (settings->fixes)
			result = lint_fix(call->operands[i], &call->environment, settings);
		if (result == CLI_OK)
			result = lint_file(report, call->operands[i], &call->environment, settings);
		status = result == CLI_OK ? status : result;
	}
	return status;
}

static int run(struct call *call)
{
	const struct lint_settings *settings = call->settings;
	struct lint_report report = {.out_of_memory = false};
	int status = CLI_FAILED;

	if (settings->explained)
		return explain(settings);
	if (call->operand_count == 0) {
		cli_error("%s", call->command->question);
		return command_misused(call->command);
	}
	if (environment_take_no_capabilities(&call->environment) &&
	    (!settings->baseline || lint_read_baseline(settings->baseline, &report)))
		status = lint_all(call, &report);
	if (settings->raised >= RAISED_WARNINGS)
		raise_warnings(&report);
	if (status == CLI_OK || report.list.count)
		lint_print(&report, settings->format);
	if (status == CLI_OK && fails(&report, settings))
		status = CLI_NO;
	arena_finish(&report.arena);
	return status;
}

const struct command cmd_lint = {
    .name = "lint",
    .what = "find what is suspicious about profiles, policies and programs",
    .synopsis = "[OPTION]... FILE...",
    .help = "Reports what is suspicious about FILEs. Each finding has a name, a place, advice, and a call that shows "
            "the problem. Exit status 1 if there "
            "are errors or "
            "warnings, 2 if there is no answer. `lint:allow NAME: REASON` in an entry of a profile (in the value "
            "of a key that begins "
            "with _, or in its comment), or in a comment of a policy, suppresses findings there. Without --cap "
            "a profile is read for "
            "a process without capabilities.\n",
    .options = options,
    .environment = environment_options,
    .settings_size = sizeof(struct lint_settings),
    .operands_most = UINT_MAX,
    .question = "one file or more are to be named",
    .run = run,
};
