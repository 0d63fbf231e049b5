/* callgate/compile.h - a look into the compiler. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_COMPILE_H
#define CALLGATE_COMPILE_H

#include <stddef.h>

#include <seccomp.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * The passes of the compiler, in order: the name of the i-th one, and in a few words what it does. Static; NULL after
 * the last one. The names and what they do may change with every version.
 */
const char *callgate_pass_name(size_t i);
const char *callgate_pass_what(size_t i);

/*
 * What the pass called `pass` leaves of the context's rules, as text: the decision graph, its nodes in the order of the
 * program, or the disassembled program. If `dot` is not 0: the latest graph, in Graphviz' language. It is that of the
 * whole policy, also where that is too long for a program. *ret_text is malloc'ed and the caller frees it. For human
 * eyes: the form may change with every version.
 *
 * Returns 0; -EINVAL (bad context, NULL, no such pass), -ENOMEM. On failure *ret_text is untouched, and
 * callgate_diagnosis(ctx) says why.
 */
int callgate_compile_dump(const scmp_filter_ctx ctx, const char *pass, int dot, char **ret_text);

/*
 * The context's rules, and the bytes of all programs that they compile to, in the order in which seccomp_load() loads
 * them; for callgate-recheck, a checker that shares nothing with this library. The text's language is described in
 * docs/verified-checker.md. *ret_text is malloc'ed and the caller frees it.
 *
 * Returns 0; -EINVAL (bad context, NULL), -ENOMEM, -E2BIG (fits no stack of programs), -EFAULT (the proof failed). On
 * failure *ret_text is untouched, and callgate_diagnosis(ctx) says why.
 */
int callgate_compile_text(const scmp_filter_ctx ctx, char **ret_text);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
