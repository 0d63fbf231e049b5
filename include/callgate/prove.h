/* callgate/prove.h - are two filters the same, and where do they differ? SPDX-License-Identifier: MIT */
#ifndef CALLGATE_PROVE_H
#define CALLGATE_PROVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#include <callgate/program.h>
#include <callgate/simulate.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * ---- what is proved of a context's own program ----
 *
 * seccomp_load(), seccomp_export_bpf(), seccomp_export_bpf_mem(), seccomp_precompute() and callgate_program_compile() prove, for
 * every input there is, that what they hand out answers as the rules say. If it does not, nothing is handed out: they return
 * -EFAULT, and callgate_diagnosis() shows a call that makes the difference.
 */
enum callgate_proof {
	/* The default: -EFAULT also if the budget of the proof runs out before there is an answer. */
	CALLGATE_PROOF_REQUIRED = 0,
	/* A program that is neither proved nor disproved within the budget is handed out; one that is disproved never is. */
	CALLGATE_PROOF_ATTEMPTED,
	/* Nothing is proved. To measure what building costs without the proof; never to build a filter that is used. */
	CALLGATE_PROOF_OFF_FOR_TIMING,
};

/*
 * Sets it for later calls; seccomp_reset() sets it back. Returns 0, or -EINVAL (bad context, unknown value), and
 * callgate_diagnosis() says which.
 */
int callgate_proof_set(scmp_filter_ctx ctx, enum callgate_proof proof);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
