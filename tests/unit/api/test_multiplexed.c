/*
 * The socket and ipc families on all architectures that multiplex them: names, pseudo numbers, the direct and the
 * multiplexed call, and what becomes of comparisons. Call numbers are those of the kernel's <linux/net.h> and
 * <linux/ipc.h>, written down here once more.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "asking.h"
#include "support/run.h"

static const struct {
	const char *name;
	int pseudo;
} calls[] = {
    {"socket", -101},      {"bind", -102},        {"connect", -103},    {"listen", -104},     {"accept", -105},
    {"getsockname", -106}, {"getpeername", -107}, {"socketpair", -108}, {"send", -109},       {"recv", -110},
    {"sendto", -111},      {"recvfrom", -112},    {"shutdown", -113},   {"setsockopt", -114}, {"getsockopt", -115},
    {"sendmsg", -116},     {"recvmsg", -117},     {"accept4", -118},    {"recvmmsg", -119},   {"sendmmsg", -120},
    {"semop", -201},       {"semget", -202},      {"semctl", -203},     {"semtimedop", -204}, {"msgsnd", -211},
    {"msgrcv", -212},      {"msgget", -213},      {"msgctl", -214},     {"shmat", -221},      {"shmdt", -222},
    {"shmget", -223},      {"shmctl", -224},
};
enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

static const struct {
	uint32_t token;
	int socketcall, ipc;
} multiplexers[] = {
    {SCMP_ARCH_X86, 102, 117},      {SCMP_ARCH_M68K, 102, 117}, {SCMP_ARCH_MIPS, 4102, 4117},
    {SCMP_ARCH_MIPSEL, 4102, 4117}, {SCMP_ARCH_PPC, 102, 117},  {SCMP_ARCH_PPC64, 102, 117},
    {SCMP_ARCH_PPC64LE, 102, 117},  {SCMP_ARCH_S390, 102, 117}, {SCMP_ARCH_S390X, 102, 117},
    {SCMP_ARCH_SHEB, 102, 117},     {SCMP_ARCH_SH, 102, 117},
};
enum { MULTIPLEXERS = sizeof(multiplexers) / sizeof(multiplexers[0]) };

static bool is_socket(int call)
{
	return calls[call].pseudo > -200;
}

/* The architecture's own number for the direct call; -1 where there is none. */
static int direct_number(uint32_t token, const char *name)
{
	int base = token == SCMP_ARCH_MIPS || token == SCMP_ARCH_MIPSEL ? 4000 : 0;

	for (int nr = base; nr < base + 600; nr++) {
		char *found = seccomp_syscall_resolve_num_arch(token, nr);
		bool same = found && strcmp(found, name) == 0;
		free(found);
		if (same)
			return nr;
	}
	return -1;
}

static uint32_t ask_with(scmp_filter_ctx ctx, uint32_t arch, int nr, uint64_t a0, uint64_t a1)
{
	struct callgate_call call = {.arch = arch, .nr = nr, .args = {a0, a1}};
	struct callgate_verdict verdict;

	ck_assert_int_eq(callgate_simulate(ctx, &call, &verdict), 0);
	return verdict.action;
}

START_TEST(names)
{
	uint32_t token = multiplexers[_i / CALLS].token;
	int call = _i % CALLS,
	    multiplexed = is_socket(call) ? multiplexers[_i / CALLS].socketcall : multiplexers[_i / CALLS].ipc;
	char *name = seccomp_syscall_resolve_num_arch(token, calls[call].pseudo);

	ck_assert_pstr_eq(name, calls[call].name);
	ck_assert_int_eq(seccomp_syscall_resolve_name_arch(token, calls[call].name), calls[call].pseudo);
	ck_assert_int_eq(seccomp_syscall_resolve_name_rewrite(token, calls[call].name), multiplexed);
	free(name);
}
END_TEST

/* A rule without comparisons allows both ways and no other call through them. */
START_TEST(both_ways)
{
	uint32_t token = multiplexers[_i / CALLS].token;
	int call = _i % CALLS,
	    multiplexed = is_socket(call) ? multiplexers[_i / CALLS].socketcall : multiplexers[_i / CALLS].ipc;
	int number = -calls[call].pseudo % (is_socket(call) ? 100 : 200),
	    direct = direct_number(token, calls[call].name);
	scmp_filter_ctx ctx = make(token, 0);

	ck_assert_int_eq(seccomp_rule_add_exact(ctx, E(5), seccomp_syscall_resolve_name(calls[call].name), 0), 0);
	for (int other = 0; other < 40; other++)
		ck_assert_uint_eq(ask_with(ctx, token, multiplexed, (uint64_t)other, 0),
		                  other == number ? E(5) : DEFAULT);
	if (direct >= 0)
		ck_assert_uint_eq(ask_with(ctx, token, direct, 77, 88), E(5));
	seccomp_release(ctx);
}
END_TEST

/*
 * The call number is compared as wide as the kernel reads it, for each of its bits: socketcall's is an int, of ipc's
 * unsigned int the upper half is a version. On 32-bit architectures the kernel passes no more than 32 bits of a
 * register.
 */
START_TEST(width_of_the_call_number)
{
	uint32_t token = multiplexers[_i / CALLS].token;
	int call = _i % CALLS,
	    multiplexed = is_socket(call) ? multiplexers[_i / CALLS].socketcall : multiplexers[_i / CALLS].ipc;
	uint64_t number = (uint64_t)(-calls[call].pseudo % (is_socket(call) ? 100 : 200));
	unsigned width = is_socket(call) ? 32 : 16;
	scmp_filter_ctx ctx = make(token, 0);

	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), seccomp_syscall_resolve_name(calls[call].name), 0), 0);
	for (unsigned bit = 0; bit < 64; bit++)
		ck_assert_uint_eq(ask_with(ctx, token, multiplexed, number ^ UINT64_C(1) << bit, 0),
		                  bit < width ? DEFAULT : E(5));
	seccomp_release(ctx);
}
END_TEST

/*
 * With comparisons: argument 0 gives way to the call number that the multiplexed call makes, argument 1 stays; the
 * direct call has both.
 */
START_TEST(comparisons)
{
	uint32_t token = multiplexers[_i / CALLS].token;
	int call = _i % CALLS,
	    multiplexed = is_socket(call) ? multiplexers[_i / CALLS].socketcall : multiplexers[_i / CALLS].ipc;
	int nr = seccomp_syscall_resolve_name(calls[call].name), direct = direct_number(token, calls[call].name);
	uint64_t number = (uint64_t)(-calls[call].pseudo % (is_socket(call) ? 100 : 200));
	scmp_filter_ctx ctx = make(token, 0);

	ck_assert_int_eq(seccomp_rule_add_exact(ctx, E(5), nr, 1, SCMP_A1(SCMP_CMP_GT, 3)), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), nr, 2, SCMP_A1(SCMP_CMP_GT, 3), SCMP_A0(SCMP_CMP_EQ, 77)), 0);
	ck_assert_uint_eq(ask_with(ctx, token, multiplexed, number, 4), E(5));
	ck_assert_uint_eq(ask_with(ctx, token, multiplexed, number, 3), DEFAULT);
	ck_assert_uint_eq(ask_with(ctx, token, multiplexed, 77, 4), DEFAULT);
	if (direct >= 0) {
		ck_assert_uint_eq(ask_with(ctx, token, direct, 77, 4), E(5));
		ck_assert_uint_eq(ask_with(ctx, token, direct, 77, 3), DEFAULT);
		ck_assert_uint_eq(ask_with(ctx, token, direct, number, 4), DEFAULT);
	}
	seccomp_release(ctx);
}
END_TEST

/* The comparison that a generated rule makes: of a whole register where it has 32 bits, else of its low half. */
static struct scmp_arg_cmp call_number(uint32_t token, scmp_datum_t value)
{
	if (token & 0x80000000u)
		return (struct scmp_arg_cmp){0, SCMP_CMP_MASKED_EQ, UINT32_MAX, value};
	return (struct scmp_arg_cmp){0, SCMP_CMP_EQ, value, 0};
}

/* Rules on the multiplexed call itself are ordinary ones, and meet the generated ones. */
START_TEST(the_door_itself)
{
	uint32_t token = multiplexers[_i].token;
	int nr = multiplexers[_i].socketcall;
	scmp_filter_ctx ctx = make(token, 0);

	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(connect), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), SCMP_SYS(socketcall), 1, call_number(token, 3)), -EEXIST);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), SCMP_SYS(socketcall), 1, call_number(token, 4)), 0);
	ck_assert_uint_eq(ask_with(ctx, token, nr, 3, 0), E(5));
	ck_assert_uint_eq(ask_with(ctx, token, nr, 4, 0), E(6));
	ck_assert_int_eq(seccomp_rule_add(ctx, E(7), SCMP_SYS(socketcall), 0), 0);
	ck_assert_uint_eq(ask_with(ctx, token, nr, 3, 0), E(7));
	ck_assert_int_eq(seccomp_rule_add(ctx, E(8), SCMP_SYS(bind), 0), 0);
	ck_assert_uint_eq(ask_with(ctx, token, nr, 2, 0), E(7));
	seccomp_release(ctx);
}
END_TEST

/*
 * Numbers of the ranges that are no call's pass where the architecture is native, and have no name to be translated by.
 */
START_TEST(numbers_of_no_call)
{
	static const int numbers[] = {-100, -121, -199, -200, -205, -225, -10255};
	scmp_filter_ctx native = make(SCMP_ARCH_NATIVE, 0), ctx = make(multiplexers[_i].token, 0);

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		ck_assert_int_eq(seccomp_rule_add(native, E(5), numbers[i], 0), 0);
		if (multiplexers[_i].token != seccomp_arch_native())
			ck_assert_int_eq(seccomp_rule_add(ctx, E(5), numbers[i], 0), -EFAULT);
	}
	seccomp_release(native);
	seccomp_release(ctx);
}
END_TEST

/*
 * Where nothing is multiplexed, names are ordinary ones, and what is absent is stored, told in the text, and in no
 * program.
 */
START_TEST(elsewhere)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_AARCH64, 0);
	size_t empty = 0, size = 0;

	ck_assert_int_eq(seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, "socket"), 41);
	ck_assert_int_eq(seccomp_syscall_resolve_name_arch(SCMP_ARCH_AARCH64, "socket"), 198);
	ck_assert_int_eq(seccomp_syscall_resolve_name_rewrite(SCMP_ARCH_AARCH64, "send"), -109);
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, NULL, &empty), 0);
	ck_assert_int_eq(seccomp_rule_add_exact(ctx, E(5), SCMP_SYS(send), 0), -EDOM);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(send), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(open), 0), 0);
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, NULL, &size), 0);
	ck_assert_uint_eq(size, empty);
	ck_assert_ptr_nonnull(strstr(text_of(ctx), "\"send\" (4294967187)"));
	ck_assert_ptr_nonnull(strstr(text_of(ctx), "\"open\" (4294957130)"));
	seccomp_release(ctx);
	/* on an architecture that multiplexes others there is no trace at all */
	ctx = make(SCMP_ARCH_X86, 0);
	ck_assert_int_eq(seccomp_rule_add_exact(ctx, E(5), SCMP_SYS(arch_prctl), 0), 0);
	ck_assert_int_eq(seccomp_rule_add_exact(ctx, E(5), SCMP_SYS(sysmips), 0), -EDOM);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(sysmips), 0), 0);
	ck_assert_ptr_null(strstr(text_of(ctx), "sysmips"));
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("multiplexed");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, names, 0, MULTIPLEXERS * CALLS);
	tcase_add_loop_test(tests, both_ways, 0, MULTIPLEXERS * CALLS);
	tcase_add_loop_test(tests, width_of_the_call_number, 0, MULTIPLEXERS * CALLS);
	tcase_add_loop_test(tests, comparisons, 0, MULTIPLEXERS * CALLS);
	tcase_add_loop_test(tests, the_door_itself, 0, MULTIPLEXERS);
	tcase_add_loop_test(tests, numbers_of_no_call, 0, MULTIPLEXERS);
	tcase_add_test(tests, elsewhere);
	return test_run(tests);
}
