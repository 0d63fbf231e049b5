/*
 * The filters of a plugin's process.
 */
#ifndef CALLGATE_SANDBOX_PLUGIN_FILTER_H
#define CALLGATE_SANDBOX_PLUGIN_FILTER_H

#include <stdbool.h>

#include <callgate/plugin.h>

#include "sandbox/confinement.h"

/*
 * `loading` is the filter under which the plugin is loaded, `serving` comes on top before it serves. What both allow is what is allowed
 * in the end, so the loading filter allows all that the serving filter does, and the call by which that one is loaded. `supervising`
 * comes first where the host opens files in place of the plugin: it notifies of them, and allows everything else.
 */
struct plugin_filters {
	struct confinement_filter loading, serving, supervising;
};

/* Do the options allow, by name, a call that opens files? Then nothing limits which. */
bool plugin_filters_free_files(const struct callgate_plugin_options *options);

/* 0, or -errno with the thread's diagnosis and nothing made. Without `supervising` where the library can't make that one. */
int plugin_filters_make(const struct callgate_plugin_options *options, struct plugin_filters *ret_filters);

void plugin_filters_finish(struct plugin_filters *filters);

#endif
