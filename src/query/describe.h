/*
 * A call as a person would write it.
 */
#ifndef CALLGATE_QUERY_DESCRIBE_H
#define CALLGATE_QUERY_DESCRIBE_H

#include <linux/seccomp.h>

#include "arch/arch.h"
#include "base/strbuf.h"
#include "prove/witness.h"

/* "socket(38, *, *) on x86": fields outside `depends` are stars; those after the last one that counts are as many as the call has. */
void describe_call(const struct seccomp_data *call, witness_fields depends, struct strbuf *out);

/* "socket", "call number 1000" */
void describe_number_of_call(uint32_t audit, uint32_t nr, struct strbuf *out);

/* "ALLOW", "ERRNO(EPERM)", "0x12340000" */
void describe_action(uint32_t action, struct strbuf *out);

#endif
