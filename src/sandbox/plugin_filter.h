/*
 * The two filters of a plugin's process.
 */
#ifndef CALLGATE_SANDBOX_PLUGIN_FILTER_H
#define CALLGATE_SANDBOX_PLUGIN_FILTER_H

#include <callgate/plugin.h>

#include "sandbox/confinement.h"

/*
 * The filter under which the plugin is loaded, and the one that comes on top before it serves. What both allow is what is
 * allowed in the end, so the loading filter allows all that the serving filter does, and the call by which that one is loaded.
 * 0, or -errno with the thread's diagnosis and nothing made.
 */
int plugin_filters_make(const struct callgate_plugin_options *options, struct confinement_filter *ret_loading,
                        struct confinement_filter *ret_serving);

#endif
