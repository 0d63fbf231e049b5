/*
 * The simulator against the kernel: random accepted programs, loaded in children, thousands of calls each way (x86_64
 * by syscall, x86 by int 0x80), verdict against verdict. Results are ERRNO(x) nearly always, which the caller can read;
 * where the simulator predicts a death, the child must die at exactly that call. The prover's function is held against
 * both.
 */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

#include "analysis/filter_text.h"
#include "bpf/program.h"
#include "bpf/simulate.h"
#include "kernel_program.h"
#include "support/proved_verdict.h"
#include "support/random_program.h"
#include "support/run.h"

enum { LONGEST = 60, CALLS = 60 };

struct call_entry {
	const char *name;
	long (*call)(long nr, const uint64_t args[6]);
	const char *ip;
	uint32_t arch;
	bool narrow; /* arguments reach the filter as 32 bits */
	int harmless[4];
};

long probe_native(long nr, const uint64_t args[6]);
long probe_x86(long nr, const uint64_t args[6]);
extern const char probe_native_ip[], probe_x86_ip[];

static const struct call_entry entries[] = {
    {"x86_64", probe_native, probe_native_ip, AUDIT_ARCH_X86_64, false, {39, 102, 104, 110}},
    {"x86", probe_x86, probe_x86_ip, AUDIT_ARCH_I386, true, {20, 24, 47, 64}},
};

/* What parent and child share: the child notes where it is before each call, and what came back. */
struct board {
	volatile size_t at;
	volatile int loaded;
	volatile long results[CALLS];
};

/* What is no known action kills, like the two that say so, and TRAP, which nobody handles here. */
static bool is_deadly(uint32_t verdict)
{
	switch (verdict & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_USER_NOTIF:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_ALLOW:
		return false;
	default:
		return true;
	}
}

/* Is this what a caller sees of a verdict? */
static bool agrees(const struct seccomp_data *call, const struct call_entry *entry, uint32_t verdict, long result)
{
	uint32_t data = verdict & SECCOMP_RET_DATA;
	bool exists = false;

	for (size_t i = 0; i < 4; i++)
		exists = exists || call->nr == entry->harmless[i];
	switch (verdict & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO:
		return result == -(long)(data < 4095 ? data : 4095);
	case SECCOMP_RET_TRACE: /* no tracer, no listener */
	case SECCOMP_RET_USER_NOTIF:
		return result == -ENOSYS;
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_ALLOW:
		return exists ? result >= 0 : result == -ENOSYS;
	default: /* deadly, and the child lived */
		return false;
	}
}

static void child(const struct call_entry *entry, const struct sock_filter *insns, size_t count,
                  const struct seccomp_data *calls, struct board *board)
{
	kernel_prepare_child();
	signal(SIGSYS, SIG_DFL);
	board->loaded = kernel_load(insns, count);
	while (board->loaded == 0 && board->at < CALLS) {
		const struct seccomp_data *call = &calls[board->at];
		uint64_t args[6];
		for (int i = 0; i < 6; i++)
			args[i] = call->args[i];
		long result = entry->call(call->nr, args);
		board->results[board->at] = result;
		board->at = board->at + 1;
	}
	kernel_child_end();
}

/* Calls near the constants of the program, to take both sides of its branches. */
static struct seccomp_data make_call(struct random *random, const struct call_entry *entry,
                                     const struct sock_filter *insns, size_t count)
{
	static const int absent[] = {600, 700, 1000, 5000, 0x3fffffff};
	struct seccomp_data call = {.arch = entry->arch, .instruction_pointer = (uint64_t)(uintptr_t)entry->ip};

	call.nr = random_below(random, 2) ? entry->harmless[random_below(random, 4)] : absent[random_below(random, 5)];
	for (int i = 0; i < 6; i++) {
		uint32_t near = insns[random_below(random, (uint32_t)count)].k + random_below(random, 3) - 1;
		uint32_t high = random_below(random, 3) ? 0 : insns[random_below(random, (uint32_t)count)].k;
		call.args[i] = (uint64_t)high << 32 | (random_below(random, 3) ? near : random_word(random));
		if (entry->narrow)
			call.args[i] &= UINT32_MAX;
	}
	return call;
}

static void report(const struct call_entry *entry, const struct sock_filter *insns, size_t count,
                   const struct seccomp_data *call, uint32_t verdict, long result)
{
	struct callgate_program program = {bpf_host_is_big_endian(), count, (struct sock_filter *)(uintptr_t)insns,
	                                   NULL};
	struct strbuf text = {0};

	bpf_disassemble(&program, &text);
	printf("%s\n%s: nr %d ip 0x%llx", text.text, entry->name, call->nr,
	       (unsigned long long)call->instruction_pointer);
	for (int i = 0; i < 6; i++)
		printf(" 0x%llx", (unsigned long long)call->args[i]);
	printf("\nthe simulator: 0x%08x, the kernel: %ld\n", verdict, result);
	fflush(stdout);
	strbuf_finish(&text);
	ck_abort_msg("the simulator and the kernel differ");
}

/*
 * What the prover makes of the program is the simulator's verdict too, on every call; false if that is too large a
 * diagram.
 */
static bool check_prover(const struct callgate_program *program, const struct seccomp_data *calls)
{
	const struct callgate_program *const list[] = {program};
	struct filter subject = {.programs = list, .program_count = 1};
	uint32_t verdicts[CALLS];

	if (!proved_verdicts(&subject, calls, CALLS, verdicts))
		return false;
	for (size_t i = 0; i < CALLS; i++)
		ck_assert_uint_eq(verdicts[i], bpf_simulate(program, &calls[i], NULL));
	return true;
}

/*
 * Appends program, calls and verdicts, about which the kernel has agreed, to the file CALLGATE_CASES, for the
 * specification of tests/formal; on this machine a call is 64 bytes in the order that the input has.
 */
static void write_cases(const struct callgate_program *program, const struct seccomp_data *calls)
{
	const char *path = getenv("CALLGATE_CASES");
	FILE *file = path ? fopen(path, "a") : NULL;
	struct strbuf text = {0};

	if (!path)
		return;
	ck_assert_ptr_nonnull(file);
	strbuf_append(&text, "callgate-proof 1\norder little\n");
	filter_text_add_program(&text, program);
	for (size_t i = 0; i < CALLS; i++) {
		unsigned char bytes[sizeof(calls[i])];
		memcpy(bytes, &calls[i], sizeof(bytes));
		strbuf_append(&text, "input ");
		for (size_t j = 0; j < sizeof(bytes); j++)
			strbuf_printf(&text, "%02x", bytes[j]);
		/* A verdict that is less strict than ALLOW without data is none to the kernel. */
		uint32_t verdict = bpf_simulate(program, &calls[i], NULL);
		bool counts = (int32_t)(verdict & SECCOMP_RET_ACTION_FULL) < (int32_t)SECCOMP_RET_ALLOW;
		strbuf_printf(&text, "\n# expect 0x%x\n", counts ? verdict : SECCOMP_RET_ALLOW);
	}
	ck_assert_uint_eq(fwrite(text.text, 1, text.length, file), text.length);
	ck_assert_int_eq(fclose(file), 0);
	strbuf_finish(&text);
}

/* Runs children until every call is answered: one that dies where it should goes on behind that call. */
static size_t check_program(const struct call_entry *entry, const struct sock_filter *insns, size_t count,
                            const struct seccomp_data *calls, struct board *board)
{
	struct callgate_program program = {bpf_host_is_big_endian(), count, (struct sock_filter *)(uintptr_t)insns,
	                                   (struct sock_filter *)(uintptr_t)insns};
	size_t deaths = 0;

	for (board->at = 0; board->at < CALLS;) {
		size_t first = board->at;
		int pid = fork();
		ck_assert_int_ge(pid, 0);
		if (pid == 0)
			child(entry, insns, count, calls, board);
		int status = kernel_wait(pid);
		ck_assert_int_eq(board->loaded, 0);
		for (size_t i = first; i < board->at; i++) {
			uint32_t verdict = bpf_simulate(&program, &calls[i], NULL);
			if (!agrees(&calls[i], entry, verdict, board->results[i]))
				report(entry, insns, count, &calls[i], verdict, board->results[i]);
		}
		if (board->at == CALLS)
			break;
		uint32_t verdict = bpf_simulate(&program, &calls[board->at], NULL);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS || !is_deadly(verdict))
			report(entry, insns, count, &calls[board->at], verdict, -1000000 - status);
		deaths++;
		board->at = board->at + 1;
	}
	write_cases(&program, calls);
	return deaths;
}

static void check_entry(const struct call_entry *entry)
{
	struct random random = random_start(entry->name);
	struct board *board = kernel_share(sizeof(*board));
	struct sock_filter insns[LONGEST];
	struct seccomp_data calls[CALLS];
	unsigned long runs = random_runs(400);
	size_t deaths = 0, proved = 0;

	for (unsigned long run = 0; run < runs; run++) {
		size_t count = random_accepted(&random, insns, LONGEST);
		struct callgate_program program = {bpf_host_is_big_endian(), count, insns, NULL};
		for (size_t i = 0; i < CALLS; i++)
			calls[i] = make_call(&random, entry, insns, count);
		proved += check_prover(&program, calls);
		deaths += check_program(entry, insns, count, calls, board);
	}
	printf("%s: %lu programs, %lu calls, %zu of them deadly: no mismatch, nor with the prover for %zu "
	       "programs\n",
	       entry->name, runs, runs * CALLS, deaths, proved);
	ck_assert_uint_gt(proved, runs / 2);
}

START_TEST(verdicts)
{
	check_entry(&entries[_i]);
}
END_TEST

/* Is there a second entry at all? int 0x80 may be compiled out; then it raises SIGSEGV. */
static bool can_call_x86(void)
{
	static const uint64_t none[6];
	int pid = fork();

	if (pid == 0)
		_exit(probe_x86(20, none) == getpid() ? 0 : 1);
	return kernel_wait(pid) == 0;
}

int main(void)
{
	TCase *tcase = tcase_create("kernel verdict");

	if (!kernel_can_filter())
		return 77;
	bool x86 = can_call_x86();
	if (!x86)
		printf("skipped: this kernel has no 32-bit calls, x86 is not compared\n");
	tcase_set_timeout(tcase, 1200);
	tcase_add_loop_test(tcase, verdicts, 0, x86 ? 2 : 1);
	return test_run(tcase);
}
