#include "api/context.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>

#include "load/load.h"
#include "query/proof.h"

static const uint32_t default_attributes[_SCMP_FLTATR_MAX] = {
    [SCMP_FLTATR_ACT_BADARCH] = SCMP_ACT_KILL,
    [SCMP_FLTATR_CTL_NNP] = 1,
    [SCMP_FLTATR_CTL_OPTIMIZE] = 1,
};

struct context *context_check_magic(const void *ctx)
{
	struct context *context = (struct context *)(uintptr_t)ctx;

	if (!context || context->magic != CONTEXT_MAGIC) {
		diag_set(diag_thread(),
		         context ? "this is not a filter context, or it was released" : "the filter context is NULL");
		return NULL;
	}
	diag_clear(&context->diag);
	context->note = (struct note){0};
	return context;
}

struct context *context_check(const void *ctx)
{
	struct context *context = context_check_magic(ctx);

	if (context && !ruleset_arch_count(context->rules)) {
		diag_set(&context->diag, "the context has no architecture: add one with seccomp_arch_add()");
		return NULL;
	}
	return context;
}

struct context *context_check_with(const void *ctx, const void *needed, const char *name)
{
	struct context *context = context_check(ctx);

	if (context && !needed) {
		diag_set(&context->diag, "the %s must not be NULL", name);
		return NULL;
	}
	return context;
}

int context_error(int result)
{
	static const uint8_t promised[] = {EACCES, ECANCELED, EDOM,       EEXIST, EINVAL,
	                                   ENOENT, ENOMEM,    EOPNOTSUPP, ERANGE, ESRCH};

	for (size_t i = 0; result < 0 && i < sizeof(promised); i++)
		if (result == -promised[i])
			return result;
	return result < 0 ? -EFAULT : result;
}

/* No rules, the native architecture, everything as at first: 0, or -EINVAL or -ENOMEM with the context as before. */
static int begin(struct context *context, uint32_t def_action, struct diag *diag)
{
	int result = action_check(def_action, diag);
	struct ruleset *rules = result == 0 ? ruleset_new() : NULL;

	if (result < 0)
		return result;
	if (!rules || ruleset_arch_add(rules, arch_native(), NULL) < 0) {
		ruleset_free(rules);
		return diag_fail(diag, -ENOMEM, "out of memory for a context");
	}
	context_invalidate(context);
	ruleset_free(context->rules);
	context->rules = rules;
	context->rule_calls = 0;
	context->order = POLICY_ORDER_CONFLICTS;
	context->baseline_major = context->baseline_minor = 0;
	context->proof = CALLGATE_PROOF_REQUIRED;
	context->notify_used = def_action == SCMP_ACT_NOTIFY;
	memcpy(context->attributes, default_attributes, sizeof(default_attributes));
	context->attributes[SCMP_FLTATR_ACT_DEFAULT] = def_action;
	return 0;
}

scmp_filter_ctx seccomp_init(uint32_t def_action)
{
	struct context *context = calloc(1, sizeof(*context));

	/* Probes now: later a filter that the program loads by other means may forbid the questions. */
	(void)load_level();
	if (!context)
		diag_set(diag_thread(), "out of memory for a context");
	else if (begin(context, def_action, diag_thread()) == 0) {
		context->magic = CONTEXT_MAGIC;
		context->listener = -1;
		return context;
	}
	free(context);
	return NULL;
}

int seccomp_reset(scmp_filter_ctx ctx, uint32_t def_action)
{
	/* The listeners are not ours. */
	if (!ctx) {
		load_level_forget();
		return 0;
	}
	struct context *context = context_check_magic(ctx);
	return context ? begin(context, def_action, &context->diag) : -EINVAL;
}

void seccomp_release(scmp_filter_ctx ctx)
{
	struct context *context = ctx ? context_check_magic(ctx) : NULL;

	if (!context)
		return;
	context_invalidate(context);
	ruleset_free(context->rules);
	/* A plain store before free() would be dropped as dead. */
	explicit_bzero(&context->magic, sizeof(context->magic));
	free(context);
}

void context_invalidate(struct context *context)
{
	if (!context->compiled)
		return;
	assert(context->output.count > 0);
	compile_output_finish(&context->output);
	context->compiled = false;
}

struct ruleset_attributes context_attributes(const struct context *context, bool everything)
{
	return (struct ruleset_attributes){
	    .default_action = context->attributes[SCMP_FLTATR_ACT_DEFAULT],
	    .bad_arch_action = context->attributes[SCMP_FLTATR_ACT_BADARCH],
	    .optimize = context->attributes[SCMP_FLTATR_CTL_OPTIMIZE],
	    .baseline_major = context->baseline_major,
	    .baseline_minor = context->baseline_minor,
	    .order = context->order,
	    .skip_rules = context->attributes[SCMP_FLTATR_API_TSKIP],
	    .everything = everything,
	};
}

const struct policy *context_policy(struct context *context, bool everything, struct arena *arena)
{
	assert(context->magic == CONTEXT_MAGIC);
	struct ruleset_attributes attributes = context_attributes(context, everything);

	const struct policy *policy = ruleset_freeze(context->rules, &attributes, arena);
	if (!policy)
		diag_set(&context->diag, "out of memory for the rules");
	return policy;
}

/*
 * Nothing is handed out that the kernel would refuse, which a proof begins with, or that was disproved; what was not
 * proved, only to those who asked for it.
 */
static int prove(struct context *context, const struct policy *policy)
{
	const struct compile_output *output = &context->output;
	struct prove_result result;
	int failed = 0;

	if (context->proof == CALLGATE_PROOF_OFF_FOR_TIMING) {
		for (size_t i = 0; i < output->count && failed == 0; i++)
			failed = bpf_accept(output->programs[i], &context->diag);
		return failed;
	}
	failed = proof_policy(policy, output->programs, output->count, NULL, &context->diag, &result);
	if (failed < 0)
		return failed;
	bool exhausted = result.outcome == PROVE_UNPROVED && result.failure.error == -EDQUOT;
	if (exhausted && context->proof == CALLGATE_PROOF_ATTEMPTED) {
		diag_clear(&context->diag);
		return 0;
	}
	return result.outcome == PROVE_EQUAL ? 0 : -EFAULT;
}

int callgate_proof_set(scmp_filter_ctx ctx, enum callgate_proof proof)
{
	struct context *context = context_check_magic(ctx);

	if (!context)
		return -EINVAL;
	if ((int)proof < CALLGATE_PROOF_REQUIRED || (int)proof > CALLGATE_PROOF_OFF_FOR_TIMING)
		return diag_fail(&context->diag, -EINVAL, "%d is no CALLGATE_PROOF_* value", (int)proof);
	context_invalidate(context);
	context->proof = proof;
	return 0;
}

/* By itself, as its arena stands on the stack, and a context that is compiled may be loaded on a small one. */
__attribute__((noinline)) static int compile(struct context *context)
{
	struct arena_room room;
	struct arena arena;

	arena_start(&arena, &room);
	const struct policy *policy = context_policy(context, false, &arena);
	int result = policy ? compile_policy(policy, false, &context->diag, &context->output) : -ENOMEM;

	if (result == 0)
		result = prove(context, policy);
	arena_finish(&arena);
	context->compiled = result == 0;
	if (!context->compiled)
		compile_output_finish(&context->output);
	return result;
}

int context_compile(struct context *context, bool single)
{
	int result = context->compiled ? 0 : compile(context);

	load_prepare();
	assert(context->compiled == (result == 0));
	assert(result < 0 || context->output.count > 0);
	if (result == 0 && single && context->output.count > 1)
		return diag_fail(&context->diag, -E2BIG,
		                 "the policy needs %zu stacked programs of up to %d instructions; only seccomp_load() "
		                 "can use them",
		                 context->output.count, BPF_PROGRAM_MAX);
	return result;
}

/* Both checked, or NULL with a text. A context without architectures will do. */
static struct context *check_arch(const void *ctx, uint32_t token, const struct callgate_arch **ret_arch)
{
	struct context *context = context_check_magic(ctx);
	const struct callgate_arch *arch = callgate_arch_find(token);

	if (context && !arch) {
		diag_set(&context->diag, "0x%08x is not an architecture (SCMP_ARCH_*)", token);
		return NULL;
	}
	*ret_arch = arch;
	return context;
}

int seccomp_arch_exist(const scmp_filter_ctx ctx, uint32_t arch_token)
{
	const struct callgate_arch *arch;
	struct context *context = check_arch(ctx, arch_token, &arch);

	if (!context)
		return -EINVAL;
	if (!ruleset_has_arch(context->rules, arch))
		return diag_fail(&context->diag, -EEXIST, "architecture %s is not in the context", arch->name);
	return 0;
}

static int change_archs(const void *ctx, uint32_t token,
                        int (*change)(struct ruleset *, const struct callgate_arch *, struct diag *))
{
	const struct callgate_arch *arch;
	struct context *context = check_arch(ctx, token, &arch);

	if (!context)
		return -EINVAL;
	int result = change(context->rules, arch, &context->diag);
	if (result == 0)
		context_invalidate(context);
	return context_error(result);
}

int seccomp_arch_add(scmp_filter_ctx ctx, uint32_t arch_token)
{
	return change_archs(ctx, arch_token, ruleset_arch_add);
}

int seccomp_arch_remove(scmp_filter_ctx ctx, uint32_t arch_token)
{
	return change_archs(ctx, arch_token, ruleset_arch_remove);
}

int seccomp_transaction_start(const scmp_filter_ctx ctx)
{
	struct context *context = context_check(ctx);

	return context ? context_error(ruleset_start(context->rules, &context->diag)) : -EINVAL;
}

int seccomp_transaction_commit(const scmp_filter_ctx ctx)
{
	struct context *context = context_check(ctx);

	if (!context)
		return -EINVAL;
	ruleset_commit(context->rules);
	return 0;
}

/* Also where every architecture was removed since the start: going back is what makes the context valid again. */
void seccomp_transaction_reject(const scmp_filter_ctx ctx)
{
	struct context *context = context_check_magic(ctx);

	if (context && ruleset_reject(context->rules))
		context_invalidate(context);
}

static int check_attributes(struct context *to, const struct context *from)
{
	static const struct {
		enum scmp_filter_attr attr;
		const char *name;
	} shared[] = {
	    {SCMP_FLTATR_ACT_DEFAULT, "ACT_DEFAULT"},
	    {SCMP_FLTATR_CTL_NNP, "CTL_NNP"},
	    {SCMP_FLTATR_CTL_TSYNC, "CTL_TSYNC"},
	};

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (to->attributes[shared[i].attr] != from->attributes[shared[i].attr])
			return diag_fail(&to->diag, -EINVAL, "the contexts differ in %s: 0x%x and 0x%x", shared[i].name,
			                 to->attributes[shared[i].attr], from->attributes[shared[i].attr]);
	if (to->order != from->order)
		return diag_fail(&to->diag, -EINVAL, "the contexts differ in the order of their rules");
	if (to->baseline_major != from->baseline_major || to->baseline_minor != from->baseline_minor)
		return diag_fail(&to->diag, -EINVAL, "the contexts differ in their baseline: Linux %u.%u and %u.%u",
		                 to->baseline_major, to->baseline_minor, from->baseline_major, from->baseline_minor);
	return 0;
}

int seccomp_merge(scmp_filter_ctx ctx_dst, scmp_filter_ctx ctx_src)
{
	struct context *to = context_check(ctx_dst), *from = context_check(ctx_src);

	if (to && !from)
		return diag_fail(&to->diag, -EINVAL, "the context to merge is NULL, released, or without architecture");
	if (!to)
		return -EINVAL;
	int result = check_attributes(to, from);
	if (result == 0)
		result = ruleset_merge(to->rules, from->rules, &to->diag);
	if (result < 0)
		return context_error(result);
	to->notify_used |= from->notify_used;
	if (to->listener < 0)
		to->listener = from->listener;
	context_invalidate(to);
	seccomp_release(from);
	return 0;
}

struct diag *diag_thread(void)
{
	static _Thread_local struct diag diag;

	return &diag;
}

const char *callgate_diagnosis(const scmp_filter_ctx ctx)
{
	struct context *context = ctx;

	if (!context || context->magic != CONTEXT_MAGIC)
		return diag_thread()->text;
	if (!context->diag.text[0])
		note_describe(&context->note, &context->diag);
	return context->diag.text;
}

void callgate_diagnosis_set(const char *text)
{
	struct diag copy = {""};

	/* The text may be the thread's own. */
	diag_add(&copy, "%s", text ? text : "");
	*diag_thread() = copy;
}
