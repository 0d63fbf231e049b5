#include "trace/traced_filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <callgate/arch.h>
#include <callgate/program.h>
#include <callgate/syscall.h>

#include "base/confine.h"
#include "base/vec.h"

struct traced_program {
	struct sock_filter *instructions;
	size_t length;
};

struct traced_filter {
	VEC(struct traced_program) programs; /* in the order in which they are loaded */
	enum traced_by by;
	unsigned flags;
	bool sets_no_new_privileges;
};

/* ---- the guard ---- */

/*
 * The kernel reads both arguments of seccomp(2) as 32 bits; both flags of clone(2) are in its low half, as are
 * ptrace(2)'s requests. Those are refused because clone3(2) has its flags in memory: a child that is not watched could
 * be traced, and led past the filter, by another.
 */
static const struct guarded_call {
	const char *name;
	int error;
	unsigned count;
	struct scmp_arg_cmp conditions[2];
} guarded_calls[] = {
    {"seccomp",
     EBUSY,
     2,
     {{0, SCMP_CMP_MASKED_EQ, 0xffffffff, SECCOMP_SET_MODE_FILTER},
      {1, SCMP_CMP_MASKED_EQ, SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_FILTER_FLAG_NEW_LISTENER}}},
    {"clone", EBUSY, 1, {{0, SCMP_CMP_MASKED_EQ, CLONE_UNTRACED, CLONE_UNTRACED}}},
    {"ptrace", EPERM, 1, {{0, SCMP_CMP_MASKED_EQ, 0xffffffff, PTRACE_TRACEME}}},
    {"ptrace", EPERM, 1, {{0, SCMP_CMP_MASKED_EQ, 0xffffffff, PTRACE_ATTACH}}},
    {"ptrace", EPERM, 1, {{0, SCMP_CMP_MASKED_EQ, 0xffffffff, PTRACE_SEIZE}}},
};
enum { GUARDED_CALLS = sizeof(guarded_calls) / sizeof(guarded_calls[0]) };

int traced_filter_guards(const struct callgate_call *call)
{
	const struct callgate_arch *arch = callgate_arch_of_call(call->arch, call->nr);

	for (int i = 0; arch && i < GUARDED_CALLS; i++) {
		const struct guarded_call *guarded = &guarded_calls[i];
		bool holds = callgate_syscall_number(arch->token, guarded->name) == call->nr;
		for (unsigned at = 0; holds && at < guarded->count; at++) {
			const struct scmp_arg_cmp *condition = &guarded->conditions[at];
			holds = (call->args[condition->arg] & condition->datum_a) == condition->datum_b;
		}
		if (holds)
			return guarded->error;
	}
	return 0;
}

int traced_filter_context(uint32_t action, scmp_filter_ctx *ret_ctx)
{
	scmp_filter_ctx ctx = seccomp_init(action);
	const struct callgate_arch *arch;
	int result = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; result == 0 && (arch = callgate_machine_arch_at(SCMP_ARCH_NATIVE, i)); i++)
		if ((result = seccomp_arch_add(ctx, arch->token)) == -EEXIST)
			result = 0;
	if (result == 0)
		result = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, action);
	if (result < 0) {
		seccomp_release(ctx);
		return result;
	}
	*ret_ctx = ctx;
	return 0;
}

static int new_guard(struct callgate_program **ret_program)
{
	scmp_filter_ctx guard = NULL;
	int result = traced_filter_context(SCMP_ACT_ALLOW, &guard);

	for (int i = 0; result == 0 && i < GUARDED_CALLS; i++)
		result = seccomp_rule_add_array(guard, SCMP_ACT_TRACE(TRACED_FILTER_DATA),
		                                seccomp_syscall_resolve_name(guarded_calls[i].name),
		                                guarded_calls[i].count, guarded_calls[i].conditions);
	if (result == 0)
		result = callgate_program_compile(guard, ret_program);
	seccomp_release(guard);
	return result;
}

/* ---- the programs ---- */

/* The instruction in place of this one; false: the tracer can't stand in for what it returns. */
static bool trace_instruction(struct sock_filter *instruction, enum traced_by by, bool keep_going)
{
	if (BPF_CLASS(instruction->code) != BPF_RET)
		return true;
	const uint32_t action = instruction->k & SECCOMP_RET_ACTION_FULL;
	if (BPF_RVAL(instruction->code) != BPF_K || action == SECCOMP_RET_USER_NOTIF)
		return false;
	const bool kills = action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG && action != SECCOMP_RET_TRACE;
	if (action == SECCOMP_RET_ERRNO || (keep_going && kills))
		instruction->k =
		    by == TRACED_BY_LISTENER ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_TRACE | TRACED_FILTER_DATA;
	return true;
}

static int add_program(struct traced_filter *filter, const struct callgate_program *program, bool keep_going)
{
	struct traced_program traced = {.length = callgate_program_length(program)};
	const size_t size = traced.length * sizeof(*traced.instructions);

	traced.instructions = malloc(size);
	if (!traced.instructions || !vec_push(&filter->programs, traced)) {
		free(traced.instructions);
		return -ENOMEM;
	}
	memcpy(traced.instructions, callgate_program_bytes(program), size);
	for (size_t i = 0; i < traced.length; i++)
		if (!trace_instruction(&traced.instructions[i], filter->by, keep_going))
			return -EOPNOTSUPP;
	return 0;
}

static int add_guard(struct traced_filter *filter)
{
	struct callgate_program *guard = NULL;
	int result = new_guard(&guard);

	if (result == 0)
		result = add_program(filter, guard, false);
	callgate_program_free(guard);
	return result;
}

static int add_programs(struct traced_filter *filter, const scmp_filter_ctx ctx, bool keep_going)
{
	const struct callgate_program *program;
	struct callgate_simulator *simulator = NULL;
	int result = filter->by == TRACED_BY_TRACER ? add_guard(filter) : 0;

	if (result == 0)
		result = callgate_simulator_new(ctx, &simulator);
	for (size_t i = 0; result == 0 && (program = callgate_simulator_program(simulator, i)); i++)
		result = filter->by == TRACED_BY_LISTENER && i > 0 ? -E2BIG : add_program(filter, program, keep_going);
	callgate_simulator_free(simulator);
	return result;
}

static uint32_t attribute(const scmp_filter_ctx ctx, enum scmp_filter_attr name)
{
	uint32_t value = 0;

	(void)seccomp_attr_get(ctx, name, &value);
	return value;
}

int traced_filter_new(const scmp_filter_ctx ctx, enum traced_by by, bool keep_going, struct traced_filter **ret_filter)
{
	struct traced_filter *filter = calloc(1, sizeof(*filter));
	int result = filter ? 0 : -ENOMEM;

	if (result == 0)
		filter->by = by;
	if (result == 0 && by != TRACED_BY_NOBODY)
		result = add_programs(filter, ctx, keep_going);
	if (result < 0) {
		traced_filter_free(filter);
		return result;
	}
	filter->sets_no_new_privileges = attribute(ctx, SCMP_FLTATR_CTL_NNP);
	if (attribute(ctx, SCMP_FLTATR_CTL_LOG))
		filter->flags |= SECCOMP_FILTER_FLAG_LOG;
	if (attribute(ctx, SCMP_FLTATR_CTL_SSB))
		filter->flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	if (by == TRACED_BY_LISTENER)
		filter->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	*ret_filter = filter;
	return 0;
}

void traced_filter_free(struct traced_filter *filter)
{
	if (!filter)
		return;
	for (size_t i = 0; i < filter->programs.count; i++)
		free(filter->programs.items[i].instructions);
	vec_finish(&filter->programs);
	free(filter);
}

/*
 * With this flag (Linux 5.19) only signals that kill disturb a call that is being answered. A kernel that knows it
 * misses the program.
 */
static unsigned wait_flag(void)
{
	enum { WAIT_KILLABLE = 1 << 5 }; /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV */

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | WAIT_KILLABLE, NULL) <
	                   0 &&
	               errno == EFAULT
	           ? WAIT_KILLABLE
	           : 0;
}

int traced_filter_load(const struct traced_filter *filter, _Atomic int *ret_listener)
{
	int result = filter->sets_no_new_privileges ? confine_no_new_privileges() : 0;
	const unsigned flags = filter->flags | (filter->by == TRACED_BY_LISTENER ? wait_flag() : 0);

	for (size_t i = 0; result == 0 && i < filter->programs.count; i++) {
		struct sock_fprog program = {(unsigned short)filter->programs.items[i].length,
		                             filter->programs.items[i].instructions};
		result = confine_by_seccomp(flags, &program);
	}
	if (filter->by == TRACED_BY_LISTENER && result >= 0) {
		*ret_listener = result;
		result = 0;
	}
	return result;
}
