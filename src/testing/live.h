#ifndef CALLGATE_TESTING_LIVE_H
#define CALLGATE_TESTING_LIVE_H

#include <callgate/testing.h>

/* The name of a number under an architecture value as the kernel has it; malloc'ed, or NULL. */
char *live_call_name(uint32_t audit_arch, int nr);

#endif
