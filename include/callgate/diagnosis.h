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
 * 5". The text is empty, and never NULL, if that call succeeded and did what it seems to do. If a rule was accepted but
 * has less effect than it seems to have, which the interface does not report, the text begins with "note: " and says
 * so: "note: rule 12 for ioctl (16) on x86_64 can never match: rule 3 already covers it". If calls can evade the rule,
 * because it compares bits that the kernel does not read, the text begins with "warning: " and shows such a call. Rules
 * are counted from 1, in the order of the calls that add them, including failed calls. If there are several notes on a
 * call, the text is the most important one.
 *
 * The text belongs to the context and is valid until the next call on it.
 *
 * With NULL, the text is about the last failed call of this thread that had no context: a failed seccomp_init(), a call
 * with a NULL or released context, or a callgate_* function that takes no context. It is valid until the thread's next
 * such call.
 *
 * Errors: none. Thread-safe for different contexts.
 */
const char *callgate_diagnosis(const scmp_filter_ctx ctx);

/*
 * Sets the text that callgate_diagnosis(NULL) returns in this thread, truncated to 511 bytes; NULL is the empty string.
 * This is for libraries that are built on this one and report errors in the same way, such as libcallgate-sandbox.
 */
void callgate_diagnosis_set(const char *text);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
