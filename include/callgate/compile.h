/* callgate/compile.h - shows the steps of the compiler. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_COMPILE_H
#define CALLGATE_COMPILE_H

#include <stddef.h>

#include <seccomp.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * The name of the i-th pass of the compiler, from 0, and a few words on what the pass does. The texts are static; NULL
 * after the last pass. The passes may change with every version.
 */
const char *callgate_pass_name(size_t i);
const char *callgate_pass_what(size_t i);

/*
 * Writes the result of the pass with the name `pass` as text: the decision graph, its nodes in the order of the
 * program, or the disassembled program. If `dot` is not 0, writes the latest graph in the language of Graphviz. The
 * graph is that of the whole policy, even if it is too long for one program. The caller frees *ret_text with free().
 * The text is for people, and its form may change with every version.
 *
 * Returns 0; -EINVAL (bad context, NULL, no such pass), -ENOMEM. On failure *ret_text is untouched, and
 * callgate_diagnosis(ctx) says why.
 */
int callgate_compile_dump(const scmp_filter_ctx ctx, const char *pass, int dot, char **ret_text);

/*
 * Writes the context's rules, and the bytes of all programs that they compile to, in the order in which seccomp_load()
 * loads them. The text is the input of callgate-recheck, a checker that shares no code with this library.
 * docs/verified-checker.md describes its language. The caller frees *ret_text with free().
 *
 * Returns 0; -EINVAL (bad context, NULL), -ENOMEM, -E2BIG (the rules fit no stack of programs), -EFAULT (the proof
 * failed). On failure *ret_text is untouched, and callgate_diagnosis(ctx) says why.
 */
int callgate_compile_text(const scmp_filter_ctx ctx, char **ret_text);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
