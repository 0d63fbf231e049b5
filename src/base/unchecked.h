/*
 * For functions that run confined: a sanitizer's own system calls there would be the end of the process.
 */
#ifndef CALLGATE_BASE_UNCHECKED_H
#define CALLGATE_BASE_UNCHECKED_H

#define UNCHECKED __attribute__((no_sanitize("address", "thread")))

#endif
