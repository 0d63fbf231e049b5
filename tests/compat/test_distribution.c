/*
 * The distribution's libseccomp beside this library, in one process: the same results, the same pseudo code, the same
 * verdicts, for random policies with one rule for each call, which is where its text is fixed and its meaning not in
 * doubt.
 */
#include <stdlib.h>
#include <string.h>

#include "bpf/program.h"
#include "bpf/simulate.h"
#include "distribution.h"
#include "support/random.h"
#include "support/run.h"

enum { CALLS = 60 };

static uint64_t random_datum(struct random *random)
{
	switch (random_below(random, 4)) {
	case 0:
		return random_next(random);
	case 1:
		return UINT64_C(1) << random_below(random, 64);
	default:
		return random_below(random, 8);
	}
}

static unsigned random_args(struct random *random, struct scmp_arg_cmp args[6])
{
	unsigned count = random_below(random, 3) ? random_below(random, 4) : 0;

	for (unsigned i = 0; i < count; i++)
		args[i] = (struct scmp_arg_cmp){(i * 2 + random_below(random, 2)) % 6,
		                                (enum scmp_compare)(1 + random_below(random, 7)), random_datum(random),
		                                random_datum(random)};
	return count;
}

static struct callgate_program *program_of(struct library *library)
{
	struct callgate_program *program;

	read_export(library, library->export_bpf);
	ck_assert_int_eq(bpf_program_from_bytes(library->text, library->length, false, NULL, &program), 0);
	return program;
}

/* Multiplexed calls are left out: several of them share a number, and ipc's call number is compared otherwise here. */
static bool is_usable(int nr)
{
	int there = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, "read");
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
	int x86 = name ? seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, name) : -1;

	free(name);
	return there == 3 && (x86 >= 0 || x86 < -10000);
}

struct sample {
	uint32_t token;
	int nr;
	struct scmp_arg_cmp args[6];
	unsigned count;
};

/*
 * A rule that fails would make libseccomp forget priorities: exact ones only where they do not. With priorities, 2.5.4
 * may draw a tree one level short.
 */
static void add_rules(struct random *random, struct sample *samples, unsigned count, bool is_single, bool is_tree)
{
	static const uint32_t actions[] = {SCMP_ACT_ALLOW,    SCMP_ACT_ERRNO(7),     SCMP_ACT_TRAP,
	                                   SCMP_ACT_TRACE(9), SCMP_ACT_KILL_PROCESS, SCMP_ACT_LOG};
	bool used[330] = {false};

	for (unsigned i = 0; i < count; i++) {
		struct sample *sample = &samples[i];
		do
			sample->nr = (int)random_below(random, 330);
		while (used[sample->nr] || !is_usable(sample->nr));
		used[sample->nr] = true;
		sample->count = random_args(random, sample->args);
		uint32_t action = actions[random_below(random, 6)];
		uint8_t priority = (uint8_t)random_below(random, 256);
		if (!is_tree && random_below(random, 8) == 0)
			BOTH(syscall_priority, sample->nr, priority);
		if (is_single && random_below(random, 2))
			BOTH(rule_add_exact_array, action, sample->nr, sample->count, sample->args);
		else
			BOTH(rule_add_array, action, sample->nr, sample->count, sample->args);
	}
}

static struct seccomp_data random_call(struct random *random, const struct sample *samples, unsigned count)
{
	static const uint32_t archs[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM};
	const struct sample *sample = &samples[random_below(random, count)];
	struct seccomp_data call = {.nr = sample->nr, .arch = archs[random_below(random, 4)]};

	if (random_below(random, 3) == 0)
		call.nr = (int)random_below(random, 512) | (random_below(random, 2) ? 0x40000000 : 0);
	for (int i = 0; i < 6; i++)
		call.args[i] = random_datum(random);
	for (unsigned i = 0; i < sample->count; i++)
		call.args[sample->args[i].arg] =
		    (sample->args[i].op == SCMP_CMP_MASKED_EQ ? sample->args[i].datum_b : sample->args[i].datum_a) +
		    random_below(random, 3) - 1;
	return call;
}

static void compare_programs(struct random *random, const struct sample *samples, unsigned count)
{
	struct callgate_program *mine = program_of(&ours), *other = program_of(&theirs);

	for (int i = 0; i < CALLS; i++) {
		struct seccomp_data call = random_call(random, samples, count);
		uint32_t a = bpf_simulate(mine, &call, NULL), b = bpf_simulate(other, &call, NULL);
		ck_assert_msg(a == b, "nr %d arch 0x%x: 0x%08x here, 0x%08x there", call.nr, call.arch, a, b);
	}
	bpf_program_free(mine);
	bpf_program_free(other);
}

static void compare_texts(void)
{
	read_export(&ours, ours.export_pfc);
	read_export(&theirs, theirs.export_pfc);
	if (ours.length == theirs.length && memcmp(ours.text, theirs.text, ours.length) == 0)
		return;
	printf("pseudo code here:\n%.*s\nand there:\n%.*s\n", (int)ours.length, ours.text, (int)theirs.length,
	       theirs.text);
	fflush(stdout);
	ck_abort_msg("the pseudo code differs");
}

static void compare_policies(struct random *random)
{
	static const uint32_t tokens[] = {SCMP_ARCH_X86, SCMP_ARCH_X32,      SCMP_ARCH_AARCH64,
	                                  SCMP_ARCH_ARM, SCMP_ARCH_MIPSEL64, SCMP_ARCH_X86_64};
	static struct sample samples[40];
	unsigned count = 1 + random_below(random, 40);

	ours.ctx = ours.init(SCMP_ACT_ERRNO(1));
	theirs.ctx = theirs.init(SCMP_ACT_ERRNO(1));
	ck_assert(ours.ctx && theirs.ctx);
	uint32_t optimize = 1 + random_below(random, 2);
	/* For other counts libseccomp 2.5.4 may draw a tree one level short. */
	if (optimize == 2)
		count = 4u << random_below(random, 4);
	uint32_t bad_arch = random_below(random, 2) ? SCMP_ACT_TRAP : SCMP_ACT_KILL_PROCESS;
	BOTH(attr_set, SCMP_FLTATR_CTL_OPTIMIZE, optimize);
	BOTH(attr_set, SCMP_FLTATR_ACT_BADARCH, bad_arch);
	uint32_t archs = optimize == 2 ? 0 : random_below(random, 3);
	for (uint32_t i = 0; i < archs; i++) {
		uint32_t token = tokens[random_below(random, 6)];
		BOTH(arch_add, token);
	}
	add_rules(random, samples, count, archs == 0, optimize == 2);
	compare_texts();
	if (optimize == 2 || !pseudo_number_leads())
		compare_programs(random, samples, count);
	ours.release(ours.ctx);
	theirs.release(theirs.ctx);
}

START_TEST(the_distribution_agrees)
{
	struct random random = random_start("the_distribution_agrees");

	for (unsigned long i = random_runs(300); i > 0; i--)
		compare_policies(&random);
}
END_TEST

int main(void)
{
	open_theirs();
	TCase *tcase = tcase_create("distribution");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, the_distribution_agrees);
	return test_run(tcase);
}
