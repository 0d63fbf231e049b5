/*
 * Names of architectures and calls for a human.
 */
#ifndef CALLGATE_TESTING_WORDS_H
#define CALLGATE_TESTING_WORDS_H

#include <callgate/simulate.h>
#include <callgate/testing.h>

#include "base/strbuf.h"

enum { WORDS_ARCHS_MAX = 32 /* more than there are */ };

/* "x86_64"; NULL if it is no SCMP_ARCH_* token. Static. */
const char *words_arch_name(uint32_t token);
/* Each known token, from index 0; 0 behind the last. */
uint32_t words_arch_at(size_t index);
/* SCMP_ARCH_*; 0 if it is no name. */
uint32_t words_arch_token(const char *name);
/* The known name that `name` is most like, or NULL. */
const char *words_closest_arch(const char *name);
/* The architectures that a context has, at most WORDS_ARCHS_MAX; how many. */
size_t words_archs_of(const scmp_filter_ctx ctx, uint32_t *ret_archs);

/* "openat(0x0, 0x1, 0x2, 0x0, 0x0, 0x0) on x86_64" */
void words_print_call(const struct callgate_call *call, struct strbuf *text);

/* "argument 2 & 0x3 == 0x1" */
void words_print_condition(const struct scmp_arg_cmp *condition, struct strbuf *text);

/* Does the edge depend on more than the architecture and the number of the call? */
bool words_edge_is_of_arguments(const struct callgate_simulator *simulator, const struct callgate_edge *edge);

#endif
