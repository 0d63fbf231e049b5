#ifndef FILTER_H
#define FILTER_H

#include <seccomp.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What count.c may ask of the kernel, added to a context whose default action kills. 0 or -errno. */
int filter_add_rules(scmp_filter_ctx ctx);

/* A new context with these rules for this machine; the caller releases it. NULL if there is none. */
scmp_filter_ctx filter_new(void);

#ifdef __cplusplus
}
#endif

#endif
