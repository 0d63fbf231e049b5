#include "prove/sample.h"

#include "base/vec.h"

enum { SAMPLES = 1 << 16 };

struct pool {
	VEC(uint64_t) numbers; /* anything that anything is compared with */
	VEC(uint32_t) audits;
	VEC(uint32_t) nrs;
	uint64_t state;
	bool failed;
};

static uint64_t next(struct pool *pool)
{
	uint64_t z = pool->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void keep(struct pool *pool, uint64_t number)
{
	pool->failed = !vec_push(&pool->numbers, number) || pool->failed;
}

static void keep_policy(struct pool *pool, const struct policy *policy)
{
	for (size_t i = 0; i < policy->arch_count; i++) {
		const struct policy_arch *arch = &policy->archs[i];
		pool->failed = !vec_push(&pool->audits, arch->arch->audit) || pool->failed;
		for (size_t j = 0; j < arch->syscall_count; j++) {
			const struct policy_syscall *syscall = &arch->syscalls[j];
			pool->failed = !vec_push(&pool->nrs, syscall->nr) || pool->failed;
			for (uint32_t r = 0; r < syscall->rule_count; r++)
				for (uint32_t c = 0; c < syscall->rules[r].condition_count; c++)
					keep(pool, syscall->rules[r].conditions[c].value);
		}
	}
}

static void keep_program(struct pool *pool, const struct callgate_program *program)
{
	for (size_t i = 0; i < program->count; i++) {
		uint32_t k = program->insns[i].k;
		if (BPF_CLASS(program->insns[i].code) != BPF_JMP)
			continue;
		keep(pool, k);
		pool->failed = !vec_push(&pool->nrs, k) || !vec_push(&pool->audits, k) || pool->failed;
	}
}

static void keep_subject(struct pool *pool, const struct prove_subject *subject)
{
	if (subject->policy)
		keep_policy(pool, subject->policy);
	for (size_t i = 0; !subject->policy && i < subject->program_count; i++)
		keep_program(pool, subject->programs[i]);
}

/* One of the numbers, or one off, or two of them as halves of a word. */
static uint64_t pick(struct pool *pool)
{
	uint64_t r = next(pool), number = pool->numbers.items[(r >> 8) % pool->numbers.count];

	switch (r & 7) {
	case 0:
		return number + 1;
	case 1:
		return number - 1;
	case 2:
		return number << 32 | (uint32_t)pool->numbers.items[(r >> 32) % pool->numbers.count];
	case 3:
		return next(pool);
	default:
		return number;
	}
}

static struct seccomp_data make_call(struct pool *pool)
{
	uint64_t r = next(pool);
	struct seccomp_data call = {
	    .nr = (int)(pool->nrs.items[(r >> 8) % pool->nrs.count] + (r & 7 ? 0 : 1)),
	    .arch = pool->audits.items[(r >> 32) % pool->audits.count],
	    .instruction_pointer = next(pool),
	};

	for (int i = 0; i < 6; i++)
		call.args[i] = pick(pool);
	return call;
}

bool sample_difference(const struct prove_subject *a, const struct prove_subject *b,
                       struct seccomp_data *ret_call)
{
	struct pool pool = {0};
	bool found = false;

	keep(&pool, 0);
	pool.failed = !vec_push(&pool.nrs, 0) || !vec_push(&pool.audits, 0) || pool.failed;
	keep_subject(&pool, a);
	keep_subject(&pool, b);
	for (int i = 0; !pool.failed && !found && i < SAMPLES; i++) {
		struct seccomp_data call = make_call(&pool);
		found = side_verdict(a, &call) != side_verdict(b, &call);
		if (found)
			*ret_call = call;
	}
	vec_finish(&pool.numbers);
	vec_finish(&pool.audits);
	vec_finish(&pool.nrs);
	return found;
}
