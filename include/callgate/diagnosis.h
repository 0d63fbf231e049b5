/* callgate/diagnosis.h - why a call failed, in words. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_DIAGNOSIS_H
#define CALLGATE_DIAGNOSIS_H

#include <seccomp.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * What the last call on this context found wrong, where, and what to do: "argument index 7: arguments are numbered 0 to
 * 5". An empty string, never NULL, when that call succeeded and did what it seems to do. Where a rule was taken but has
 * less effect than it seems to have, as the interface silently has it, the text begins with "note: " and says so:
 * "note: rule 12 for ioctl (16) on x86_64 can never match: rule 3 already covers it"; where calls can evade the rule,
 * as it compares bits that the kernel does not read, the text begins with "warning: " and has such a call. Rules are
 * counted from 1, in the order of the calls that add them, failed ones included. If there are several notes on a call,
 * the text is the most important one.
 *
 * The text belongs to the context and is valid until the next call on it.
 *
 * With NULL: the same for the last failed call of this thread that had no context (a failed seccomp_init(), a call
 * given a NULL or released context, a callgate_* call without one); valid until the thread's next such call.
 *
 * Errors: none. Thread-safe for different contexts.
 */
const char *callgate_diagnosis(const scmp_filter_ctx ctx);

/*
 * Makes this the text of callgate_diagnosis(NULL) in this thread, cut to 511 bytes: for libraries that are built on
 * this one and report as it does, such as libcallgate-sandbox. NULL is "".
 */
void callgate_diagnosis_set(const char *text);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
