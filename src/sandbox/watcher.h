/*
 * The process between the host and the plugin. For callgate-plugin-host alone.
 */
#ifndef CALLGATE_SANDBOX_WATCHER_H
#define CALLGATE_SANDBOX_WATCHER_H

#include "sandbox/setup.h"

/*
 * Makes the plugin's process and returns in it: 0, or -errno. This process watches, and never returns: it kills the plugin when the host has
 * ended or asks for it by SIGTERM, and ends as the plugin did, by the same status or signal. The plugin's process dies with it.
 *
 * A process can't be trusted to watch itself: what it is told by a signal it may block, and a descriptor that shows the host's end lives
 * on in a copy of the host.
 */
int watcher_start(const struct setup *setup);

#endif
