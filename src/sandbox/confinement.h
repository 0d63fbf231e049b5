/*
 * The filters of confined processes as bytes, made and proved here, so that whoever loads them needs no compiler.
 */
#ifndef CALLGATE_SANDBOX_CONFINEMENT_H
#define CALLGATE_SANDBOX_CONFINEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include <callgate/plugin.h>
#include <callgate/program.h>

/* Empty, without bytes, or a program for prctl(2). */
struct confinement_filter {
	const void *bytes;
	size_t size;
	void *owned; /* what confinement_finish() frees */
};

/* The strict calls and `allow`, everything else trapped. 0 or -errno with the thread's diagnosis. */
int confinement_strict(unsigned allow, struct confinement_filter *ret_filter);

void confinement_finish(struct confinement_filter *filter);

/*
 * A plugin's. `loading` is the filter under which the plugin is loaded, `serving` comes on top before it serves. What
 * both allow is what is allowed in the end, so the loading filter allows all that the serving filter does, and the call
 * by which that one is loaded. `supervising` comes first where the watcher opens files in place of the plugin: it
 * notifies of them, and allows everything else.
 */
struct plugin_filters {
	struct confinement_filter loading, serving, supervising;
	/* false: the options allow, by name, a call that opens files, and nothing limits which */
	bool limits_files;
};

/*
 * 0, or -errno with the thread's diagnosis and nothing made. Without `supervising` where the library can't make that
 * one, or where calls are allowed that it would not see.
 */
int plugin_filters_make(const struct callgate_plugin_options *options, struct plugin_filters *ret_filters);

void plugin_filters_finish(struct plugin_filters *filters);

#endif
