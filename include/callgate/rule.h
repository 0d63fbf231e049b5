/* callgate/rule.h - rules that seccomp_rule_add() has no words for. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_RULE_H
#define CALLGATE_RULE_H

#include <stdint.h>

#include <seccomp.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define CALLGATE_RULE_CONDITIONS_MAX 1024

/*
 * Added to an argument's number, this makes a comparison one of the low 32 bits, with any operator: what the kernel reads of an argument that is
 * an int. SCMP_CMP(1 | CALLGATE_LOW_HALF, SCMP_CMP_LE, 5) holds for 0x100000005 too, where SCMP_A1_32(SCMP_CMP_LE, 5) does not. The data are
 * reduced to 32 bits. Where arguments have 32 bits it changes nothing. All functions of <callgate/...> that take comparisons know it; those of
 * <seccomp.h> refuse it.
 */
#define CALLGATE_LOW_HALF 0x100u

/*
 * Adds a rule for one architecture of the context. It is seccomp_rule_add_array() but for four things:
 *
 * - `arch` (SCMP_ARCH_* token, 0: native) alone gets the rule, and `syscall` is that architecture's own number, as
 *   callgate_syscall_number() gives it; nothing is translated. Pseudo numbers are refused.
 * - Only the direct call is meant. Where it can also be made through socketcall(2) or ipc(2), that way is left alone.
 * - Several of the (at most CALLGATE_RULE_CONDITIONS_MAX) conditions may look at one argument; all of them must hold: a range, for example.
 * - A condition may be one of the low half of its argument: CALLGATE_LOW_HALF.
 *
 * Rules that are there already are treated as seccomp_rule_add() does: silently covered or covering ones, -EEXIST
 * for a contradiction.
 *
 * Returns 0; -EINVAL (context, an architecture that it does not have, number, action, conditions), -EEXIST (contradiction),
 * -EACCES (the action is the default action), -ENOMEM. Then nothing has changed.
 */
int callgate_rule_add(scmp_filter_ctx ctx, uint32_t arch, uint32_t action, int syscall, unsigned int count,
                      const struct scmp_arg_cmp *conditions);

/*
 * Gives the architecture's unknown calls, those newer than every one in callgate's tables, that have no rule `action` instead of the
 * default action: ERRNO(ENOSYS) lets a C library fall back to an older call where the default action would make it fail. A
 * second call replaces the action. Programs that run under a later kernel than the tables know get it for its newest calls.
 *
 * Returns 0; -EINVAL (context, an architecture that it does not have, action).
 */
int callgate_rule_unknown(scmp_filter_ctx ctx, uint32_t arch, uint32_t action);

/*
 * The same as if `newest`, a number of the architecture's own, were the newest call: all numbers above it that have no rule get the
 * action, those of known calls too. -EINVAL also where the architecture has no such number.
 */
int callgate_rule_unknown_after(scmp_filter_ctx ctx, uint32_t arch, uint32_t action, int newest);

/*
 * The oldest Linux that the rules were written for, such as 5, 10. Calls that are newer, or may be (callgate_syscall_since()), and that have no
 * rule get ERRNO(ENOSYS) in place of the default action, on each architecture with its own dates and its own ENOSYS: programs then behave
 * as on that kernel, and fall back to older calls. That goes for calls that no kernel has implemented, and for those newer than all that callgate
 * knows too, unless callgate_rule_unknown() gave these another action. Once set, a baseline stays until seccomp_reset();
 * transactions do not cover it, and contexts that are merged must have the same.
 *
 * Returns 0; -EINVAL (context, a version before 1.0 or no version, a default action that does not deny: a baseline goes with KILL, TRAP and
 * ERRNO), -EEXIST (another baseline is set).
 */
int callgate_baseline(scmp_filter_ctx ctx, unsigned int major, unsigned int minor);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
