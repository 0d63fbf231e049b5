/* Where one rule_add call goes. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "policy/rule_tree.h"
#include "policy/ruleset.h"

static int reject(struct diag *diag, int result, const struct callgate_arch *arch, int32_t nr,
                  const char *why)
{
	const char *name = arch_syscall_name(arch_native(), nr);

	if (name)
		return diag_fail(diag, result, "system call %s: %s %s", name, why, arch->name);
	return diag_fail(diag, result, "system call number %d: %s %s", nr, why, arch->name);
}

static void fill(struct placement *placement, struct arch_rules *rules, int32_t nr,
                 const struct ruleset_request *request)
{
	static_assert((int)PLACEMENT_CONDITIONS == (int)RULESET_CONDITIONS_MAX,
	              "a placement holds all conditions of a request");
	assert(request->condition_count <= PLACEMENT_CONDITIONS);
	placement->rules = rules;
	placement->is_multiplexed = false;
	placement->nr = nr;
	placement->conditions = placement->own;
	memcpy(placement->own, request->conditions, request->condition_count * sizeof(placement->own[0]));
	placement->count = rule_order_normalize(placement->own, request->condition_count, rules->arch);
}

/*
 * The call number that socketcall(2) or ipc(2) takes as its first argument, as wide as the kernel reads it: socketcall declares an
 * int, and ipc cuts off the upper half of an unsigned int, which holds a version. What the kernel ignores is not compared.
 */
static struct policy_condition call_number(const struct callgate_arch *arch, int32_t pseudo)
{
	bool is_socket = arch_nr_is_socket_pseudo(pseudo);
	uint64_t read_by_kernel = is_socket ? UINT32_MAX : UINT16_MAX;
	bool is_whole_word = read_by_kernel == policy_word_mask(arch);

	return (struct policy_condition){0, is_whole_word ? POLICY_EQ : POLICY_MASKED_EQ, read_by_kernel,
	                                 (uint64_t)(-pseudo % (is_socket ? 100 : 200))};
}

/* The call number takes the place of a comparison of argument 0, which is the call's own and not socketcall's. */
static void fill_multiplexed(struct placement *placement, struct arch_rules *rules, int32_t pseudo,
                             const struct ruleset_request *request)
{
	struct ruleset_request inner = {.condition_count = 1,
	                                .conditions[0] = call_number(rules->arch, pseudo)};

	for (uint32_t i = 0; i < request->condition_count; i++)
		if (request->conditions[i].arg != 0)
			inner.conditions[inner.condition_count++] = request->conditions[i];
	fill(placement, rules,
	     arch_nr_is_socket_pseudo(pseudo) ? rules->arch->socketcall_nr : rules->arch->ipc_nr, &inner);
	placement->is_multiplexed = true;
}

static int make_multiplexed(struct arch_rules *rules, int32_t pseudo, const struct ruleset_request *request,
                            struct placement placements[PLACEMENTS_PER_ARCH], struct diag *diag)
{
	const char *name = arch_syscall_name(rules->arch, pseudo);
	assert(rules->arch->multiplexed);
	int32_t direct = arch_syscall_direct_number(rules->arch, name);

	if (request->exact && request->condition_count)
		return reject(diag, -EINVAL, rules->arch, request->nr,
		              "an exact rule cannot compare arguments of a call that is multiplexed on");
	fill_multiplexed(&placements[0], rules, pseudo, request);
	if (direct < 0)
		return 1;
	fill(&placements[1], rules, direct, request);
	return 2;
}

static bool is_multiplexed(const struct callgate_arch *arch, int32_t nr)
{
	return arch->multiplexed && (arch_nr_is_socket_pseudo(nr) || arch_nr_is_ipc_pseudo(nr));
}

/*
 * The direct number of a multiplexed call stands for the call, direct or multiplexed. Only the native one, which is not
 * translated by name, can be direct.
 */
static int32_t call_of(const struct callgate_arch *arch, int32_t nr)
{
	if (!arch->multiplexed || nr < 0 || arch != arch_native())
		return nr;
	const char *name = arch_syscall_name(arch, nr);
	int32_t number = name ? arch_syscall_number(arch, name) : nr;
	return is_multiplexed(arch, number) ? number : nr;
}

int placement_make(struct arch_rules *rules, const struct ruleset_request *request,
                   struct placement placements[PLACEMENTS_PER_ARCH], struct diag *diag)
{
	int32_t nr;

	if (arch_syscall_translate(rules->arch, request->nr, &nr) < 0)
		return reject(diag, -EFAULT, rules->arch, request->nr,
		              "the native architecture has no name for it by which to find it on");
	nr = call_of(rules->arch, nr);
	if (is_multiplexed(rules->arch, nr))
		return make_multiplexed(rules, nr, request, placements, diag);
	if (nr < ARCH_NR_RESERVED_LAST && request->exact)
		return reject(diag, -EDOM, rules->arch, request->nr, "there is no such call on");
	if (nr < ARCH_NR_RESERVED_LAST && rules->arch->multiplexed)
		return 0;
	fill(&placements[0], rules, nr, request);
	return 1;
}
