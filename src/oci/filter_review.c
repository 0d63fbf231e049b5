/*
 * What only the finished filter shows, as callgate_lint() finds it: comparisons that calls evade, calls with the same
 * effect, what a C library needs.
 */
#include "oci/application.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <callgate/lint.h>

/* The entry that has the name. */
static const struct entry *entry_of(const struct model *model, const struct named *named)
{
	for (size_t i = 0; i < model->entry_count; i++) {
		const struct entry *entry = &model->entries[i];
		if (named >= entry->names && named < entry->names + entry->name_count)
			return entry;
	}
	return NULL;
}

/* Of the condition on the argument, or else of the name; the beginning of the file for what is about no rule. */
static struct place place_of(const struct application *application, const struct callgate_finding *finding)
{
	const struct named *named = finding->rule > 0 && finding->rule <= application->origins->list.count
	                                ? application->origins->list.items[finding->rule - 1]
	                                : NULL;
	const struct entry *entry = named ? entry_of(application->model, named) : NULL;

	for (size_t i = 0; entry && i < entry->condition_count; i++)
		if ((int)entry->conditions[i].compare.arg == finding->argument)
			return entry->conditions[i].place;
	return named ? named->place : (struct place){1, 1};
}

/* An entry has several names, and a filter several architectures: one message for a place is enough. */
static bool is_reported(const struct messages *messages, size_t first, struct place place, const char *name)
{
	for (size_t i = first; i < messages->list.count; i++) {
		const struct kept_message *other = &messages->list.items[i];
		if (other->shown.line == place.line && other->shown.column == place.column &&
		    strcmp(other->finding, name) == 0)
			return true;
	}
	return false;
}

/* What a check of the profile reports; `callgate lint` reports all. */
static bool is_for_check(const struct callgate_finding *finding)
{
	return strcmp(finding->name, "startup") == 0 || strcmp(finding->name, "width") == 0 ||
	       (strcmp(finding->name, "twin") == 0 && finding->level > CALLGATE_FINDING_NOTE);
}

int review_filter(const struct application *application)
{
	const struct callgate_filter filter = {.ctx = application->ctx};
	const size_t first = application->messages->list.count;
	struct callgate_findings *findings;
	const int result = callgate_lint(&filter, 0, NULL, &findings);

	assert(application->ctx && application->messages);
	if (result < 0)
		return result;
	for (size_t i = 0; i < findings->count; i++) {
		const struct callgate_finding *finding = &findings->findings[i];
		const struct place place = place_of(application, finding);
		if (is_for_check(finding) && !is_reported(application->messages, first, place, finding->name))
			messages_add(application->messages, finding->name,
			             finding->level == CALLGATE_FINDING_ERROR ? CALLGATE_SEVERITY_WARNING
			                                                      : CALLGATE_SEVERITY_NOTE,
			             place, "%s", finding->text);
	}
	callgate_findings_free(findings);
	return 0;
}
