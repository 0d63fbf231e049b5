/* Reports of decided calls: records of the audit log, notifications, stops, registers; and what is said about them. */
#include <check.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/ptrace.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/arch.h>
#include <callgate/decode.h>
#include <callgate/syscall.h>

#include "support/simulated.h"

#define RECORD                                                                                             \
	"type=1326 audit(1580000000.123:456): auid=1000 uid=1000 gid=1000 ses=3 subj==unconfined pid=812 " \
	"comm=\"app\" exe=\"/usr/bin/app\" sig=31 arch=c000003e syscall=250 compat=0 ip=0x7f00deadbeef "   \
	"code=0x80000000"

static int read_audit(const char *text, struct callgate_report *ret_report)
{
	return callgate_report_of_audit(text, strlen(text), ret_report);
}

static void check_text(const struct callgate_report *report, const struct callgate_decoder *decoder, const char *words)
{
	char text[1000];
	size_t length = callgate_report_text(report, decoder, text, sizeof(text));

	ck_assert_str_eq(text, words);
	ck_assert_uint_eq(length, strlen(words));
	for (size_t size = 0; size < 20; size++) {
		memset(text, '#', sizeof(text));
		ck_assert_uint_eq(callgate_report_text(report, decoder, text, size), length);
		ck_assert_int_eq(text[size], '#');
	}
}

START_TEST(audit_record)
{
	static const char *const forms[] = {
	    RECORD,
	    RECORD "\n",
	    "<5>[   12.345678] audit: " RECORD "\ntype=1326 arch=0 syscall=1",
	    "Nov 30 16:00:00 host kernel: [   12.345678] audit: " RECORD,
	    ("type=SECCOMP msg=audit(1580000000.123:456): auid=1000 pid=812 comm=617070 exe=\"/a\" sig=31 "
	     "arch=c000003e syscall=250 compat=0 ip=0x7f00deadbeef code=0x80000000\x1d"
	     "ARCH=x86_64 SYSCALL=x"),
	    ("type=SECCOMP msg=audit(01/02/26 03:04:05.678:9) : auid=me uid=me gid=me ses=3 pid=812 comm=app "
	     "exe=/a sig=SIGSYS arch=x86_64 syscall=keyctl compat=0 ip=0x7f00deadbeef code=0x80000000"),
	};
	struct callgate_report report;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		memset(&report, 0x55, sizeof(report));
		ck_assert_int_eq(read_audit(forms[i], &report), 0);
		ck_assert_uint_eq(report.call.arch, SCMP_ARCH_X86_64);
		ck_assert_int_eq(report.call.nr, 250);
		ck_assert_uint_eq(report.call.instruction_pointer, 0x7f00deadbeef);
		ck_assert_uint_eq(report.known, 1 << 6);
		ck_assert(report.has_action && !report.has_data);
		ck_assert_uint_eq(report.action, SCMP_ACT_KILL_PROCESS);
		ck_assert_int_eq(report.pid, 812);
		ck_assert_str_eq(report.command, "app");
		check_text(&report, NULL, "keyctl(...) on x86_64: KILL_PROCESS");
	}
}
END_TEST

START_TEST(audit_commands)
{
	static const struct {
		const char *field, *name;
	} names[] = {{"\"a\"", "a"},
	             {"612062", "a b"},
	             {"0AFF1B5B324A", "\n\xff\x1b[2J"},
	             {"303132333435363738393A3B3C3D3E", "0123456789:;<=>"},
	             {"303132333435363738393A3B3C3D3E3F40", "0123456789:;<=>"},
	             {"(null)", ""},
	             {"\"", ""},
	             {"\"cut", ""},
	             {"\"\"", ""},
	             {"61zz", "61zz"},
	             {"612", "612"}};
	struct callgate_report report;
	char text[200];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text), "type=1326 pid=1 comm=%s arch=c000003e syscall=1 code=0x8000",
		         names[i].field);
		ck_assert_int_eq(read_audit(text, &report), 0);
		ck_assert_str_eq(report.command, names[i].name);
		ck_assert(!report.has_action);
	}
}
END_TEST

START_TEST(not_a_record)
{
	static const char *const nothing[] = {"",
	                                      "\n",
	                                      "type=1300 arch=c000003e syscall=1",
	                                      "xtype=1326 arch=c000003e syscall=1",
	                                      "type=13260",
	                                      "type=1326x a=b",
	                                      "arch=c000003e syscall=1",
	                                      "\ntype=1326 arch=c000003e syscall=1"};
	static const char *const broken[] = {"type=1326",
	                                     "type=1326 arch=c000003e",
	                                     "type=1326 syscall=1",
	                                     "type=1326 arch=c000003e syscall=1",
	                                     "type=1326 arch= syscall=1 ",
	                                     "type=1326 arch=c000003e syscall= ",
	                                     "type=1326 arch=c000003e syscall=0x1 ",
	                                     "type=1326 arch=c000003e syscall=4294967296 ",
	                                     "type=1326 arch=1c000003e syscall=1 ",
	                                     "type=1326 arch=nonsense syscall=1 ",
	                                     "type=1326 arch=x86_64 syscall=nonsense ",
	                                     "type=1326 syscall=read arch=x86_64 ",
	                                     "type=1326 arch=99999999999999999999999999 syscall=1 "};
	struct callgate_report report, before;

	memset(&report, 0x55, sizeof(report));
	memcpy(&before, &report, sizeof(report));
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
		ck_assert_int_eq(read_audit(nothing[i], &report), -ENOENT);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		ck_assert_int_eq(read_audit(broken[i], &report), -EINVAL);
	ck_assert_int_eq(callgate_report_of_audit(NULL, 0, &report), -EINVAL);
	ck_assert_int_eq(callgate_report_of_audit(RECORD, sizeof(RECORD) - 1, NULL), -EINVAL);
	ck_assert_int_eq(memcmp(&report, &before, sizeof(report)), 0);
}
END_TEST

/*
 * Every truncation, from memory of just this size: what is said of it is what the whole record says, or nothing. And
 * each byte as any other one: whatever comes of it, a success is a whole report.
 */
START_TEST(hostile_records)
{
	const size_t length = sizeof(RECORD) - 1;
	struct callgate_report report;
	char text[200];
	size_t good = 0;

	for (size_t cut = 0; cut <= length; cut++) {
		char *tight = malloc(cut ? cut : 1);
		ck_assert_ptr_nonnull(tight);
		memcpy(tight, RECORD, cut);
		const int result = callgate_report_of_audit(tight, cut, &report);
		ck_assert(result == 0 || result == (cut < strlen("type=1326") ? -ENOENT : -EINVAL));
		good += result == 0;
		if (result == 0) {
			ck_assert_int_eq(report.call.nr, 250);
			ck_assert_str_eq(report.command, "app");
			ck_assert(!report.has_action || report.action == SCMP_ACT_KILL_PROCESS);
			ck_assert(!report.known || report.call.instruction_pointer == 0x7f00deadbeef);
		}
		free(tight);
	}
	ck_assert_uint_gt(good, 20);
	for (size_t at = 0; at < length; at++)
		for (int byte = 0; byte < 256; byte++) {
			char changed[sizeof(RECORD)];
			memcpy(changed, RECORD, sizeof(RECORD));
			changed[at] = (char)byte;
			if (callgate_report_of_audit(changed, length, &report) == 0) {
				ck_assert_ptr_nonnull(memchr(report.command, '\0', sizeof(report.command)));
				ck_assert_uint_gt(callgate_report_text(&report, NULL, text, sizeof(text)), 3);
			}
		}
}
END_TEST

START_TEST(giant_records)
{
	const size_t size = 8 << 20;
	char *giant = malloc(size);
	struct callgate_report report;

	ck_assert_ptr_nonnull(giant);
	memset(giant, 'x', size);
	memcpy(giant, "type=1326 comm=", 15);
	ck_assert_int_eq(callgate_report_of_audit(giant, size, &report), -EINVAL);
	memcpy(giant + size - 30, " arch=c000003e syscall=0 ip=0x1", 30);
	ck_assert_int_eq(callgate_report_of_audit(giant, size, &report), 0);
	ck_assert_str_eq(report.command, "");
	memset(giant + 15, '0', size - 60);
	ck_assert_int_eq(callgate_report_of_audit(giant, size, &report), 0);
	memset(giant + 5, '=', size - 5);
	ck_assert_int_eq(callgate_report_of_audit(giant, size, &report), -ENOENT);
	free(giant);
}
END_TEST

START_TEST(notification)
{
	struct seccomp_notif request = {
	    .pid = 7,
	    .data = {.nr = 83, .arch = SCMP_ARCH_X86_64, .instruction_pointer = 5, .args = {0x1000, 0755, 0, 0, 0, 9}}};
	struct callgate_report report;

	ck_assert_int_eq(callgate_report_of_notification(&request, &report), 0);
	ck_assert_int_eq(report.pid, 7);
	ck_assert_uint_eq(report.call.args[5], 9);
	ck_assert_uint_eq(report.call.instruction_pointer, 5);
	check_text(&report, NULL, "mkdir(0x1000, 0755) on x86_64: NOTIFY");
	ck_assert_int_eq(callgate_report_of_notification(NULL, &report), -EINVAL);
	ck_assert_int_eq(callgate_report_of_notification(&request, NULL), -EINVAL);
}
END_TEST

START_TEST(stops)
{
	struct ptrace_syscall_info info = {.op = PTRACE_SYSCALL_INFO_SECCOMP,
	                                   .arch = SCMP_ARCH_AARCH64,
	                                   .seccomp = {.nr = 34, .args = {0xffffff9c, 0, 0700}, .ret_data = 3}};
	struct callgate_report report;

	ck_assert_int_eq(callgate_report_of_stop(&info, 84, &report), 0);
	check_text(&report, NULL, "mkdirat(AT_FDCWD, NULL, 0700) on aarch64: TRACE(3)");
	ck_assert_int_eq(callgate_report_of_stop(&info, 83, &report), -EINVAL);
	ck_assert_int_eq(callgate_report_of_stop(&info, 23, &report), -EINVAL);
	ck_assert_int_eq(callgate_report_of_stop(&info, 0, &report), -EINVAL);
	info.op = PTRACE_SYSCALL_INFO_ENTRY;
	ck_assert_int_eq(callgate_report_of_stop(&info, 80, &report), 0);
	check_text(&report, NULL, "mkdirat(AT_FDCWD, NULL, 0700) on aarch64");
	ck_assert_int_eq(callgate_report_of_stop(&info, 79, &report), -EINVAL);
	info.op = PTRACE_SYSCALL_INFO_EXIT;
	ck_assert_int_eq(callgate_report_of_stop(&info, sizeof(info), &report), -ENOENT);
	info.op = 77;
	ck_assert_int_eq(callgate_report_of_stop(&info, sizeof(info), &report), -ENOENT);
	ck_assert_int_eq(callgate_report_of_stop(NULL, 84, &report), -EINVAL);
}
END_TEST

/* Of registers that have their places as values. */
START_TEST(registers)
{
	static const struct {
		uint32_t arch;
		size_t size, word;
		int32_t nr;
		uint64_t args[6];
	} sets[] = {
	    {SCMP_ARCH_X86_64, 216, 8, 15, {14, 13, 12, 7, 9, 8}}, {SCMP_ARCH_X32, 216, 8, 15, {14, 13, 12, 7, 9, 8}},
	    {SCMP_ARCH_X86, 216, 8, 15, {5, 11, 12, 13, 14, 4}},   {SCMP_ARCH_X86, 68, 4, 11, {0, 1, 2, 3, 4, 5}},
	    {SCMP_ARCH_AARCH64, 272, 8, 8, {0, 1, 2, 3, 4, 5}},    {SCMP_ARCH_ARM, 72, 4, 7, {17, 1, 2, 3, 4, 5}}};
	uint64_t wide[50];
	uint32_t narrow[50];
	struct callgate_report report;

	for (size_t i = 0; i < 50; i++) {
		wide[i] = i | 0xabcd00000000;
		narrow[i] = (uint32_t)i;
	}
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		const void *from = sets[i].word == 8 ? (void *)wide : (void *)narrow;
		const bool is_32 = callgate_arch_find(sets[i].arch)->register_bits == 32;
		ck_assert_int_eq(callgate_report_of_registers(sets[i].arch, from, sets[i].size, &report), 0);
		ck_assert_int_eq(report.call.nr, sets[i].nr);
		for (int arg = 0; arg < 6; arg++)
			ck_assert_uint_eq(report.call.args[arg], sets[i].args[arg] | (is_32 ? 0 : 0xabcd00000000));
		ck_assert_int_eq(callgate_report_of_registers(sets[i].arch, from, sets[i].size - 1, &report),
		                 -EOPNOTSUPP);
	}
	ck_assert_int_eq(callgate_report_of_registers(SCMP_ARCH_S390X, wide, 216, &report), -EOPNOTSUPP);
	ck_assert_int_eq(callgate_report_of_registers(1, wide, 216, &report), -EOPNOTSUPP);
	ck_assert_int_eq(callgate_report_of_registers(SCMP_ARCH_X86_64, NULL, 216, &report), -EINVAL);
}
END_TEST

/* ---- which rule ---- */

static int origin_of(const void *data, uint32_t rule, unsigned int *ret_line, unsigned int *ret_column)
{
	(void)data;
	*ret_line = 10 * rule;
	*ret_column = rule;
	return rule == 3 ? -ENOENT : 0;
}

static struct callgate_simulator *simulator_of_rules(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	struct callgate_simulator *simulator;

	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_TRAP, SCMP_SYS(mkdir), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(1), SCMP_SYS(rmdir), 0), 0);
	ck_assert_int_eq(
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(1), SCMP_SYS(personality), 1, SCMP_A0_64(SCMP_CMP_EQ, 8, 0)), 0);
	ck_assert_int_eq(
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(13), SCMP_SYS(personality), 1, SCMP_A0_64(SCMP_CMP_GT, 8, 0)), 0);
	ck_assert_int_eq(callgate_simulator_new(ctx, &simulator), 0);
	seccomp_release(ctx);
	return simulator;
}

static struct callgate_report report_of(const char *call, unsigned known, uint64_t arg, uint32_t action)
{
	return (struct callgate_report){
	    .call = {.arch = SCMP_ARCH_X86_64, .nr = callgate_syscall_number(SCMP_ARCH_X86_64, call), .args = {arg}},
	    .known = known,
	    .has_action = action != 0x12345,
	    .action = action};
}

START_TEST(deciding_rules)
{
	const struct callgate_decoder decoder = {.simulator = simulator_of_rules(),
	                                         .origin = origin_of,
	                                         .file = "p.json"},
	                              no_places = {.simulator = decoder.simulator},
	                              no_file = {.simulator = decoder.simulator, .origin = origin_of};
	const uint32_t unknown = 0x12345;
	const struct {
		struct callgate_report report;
		const char *words;
	} cases[] = {
	    {report_of("mkdir", 0x7f, 0x10, SCMP_ACT_TRAP), "mkdir(0x10, 0) on x86_64: TRAP, rule 2 at p.json:20:2"},
	    {report_of("mkdir", 0, 0, unknown), "mkdir(...) on x86_64: TRAP, rule 2 at p.json:20:2"},
	    {report_of("rmdir", 0, 0, unknown), "rmdir(...) on x86_64: ERRNO(EPERM), rule 3"},
	    {report_of("getpid", 0, 0, SCMP_ACT_KILL_PROCESS),
	     "getpid() on x86_64: KILL_PROCESS, the default: no rule matches"},
	    {report_of("read", 0, 0, SCMP_ACT_KILL_PROCESS),
	     "read(...) on x86_64: KILL_PROCESS, by another filter; this one gives ALLOW, rule 1 at "
	     "p.json:10:1"},
	    {report_of("personality", 0x7f, 8, unknown),
	     "personality(0x8) on x86_64: ERRNO(EPERM), rule 4 at p.json:40:4"},
	    {report_of("personality", 1, 9, SCMP_ACT_ERRNO(0)),
	     "personality(0x9) on x86_64: ERRNO(EACCES), rule 5 at p.json:50:5"},
	    {report_of("personality", 0, 0, SCMP_ACT_ERRNO(0)),
	     "personality(...) on x86_64: ERRNO, rule 4 at p.json:40:4, rule 5 at p.json:50:5"},
	    {report_of("personality", 0, 0, SCMP_ACT_KILL_PROCESS),
	     "personality(...) on x86_64: KILL_PROCESS, the default: no rule matches"},
	    {report_of("personality", 0, 0, SCMP_ACT_LOG), "personality(...) on x86_64: LOG, by another filter"},
	    {report_of("personality", 0, 0, unknown),
	     "personality(...) on x86_64: rule 4 at p.json:40:4, rule 5 at p.json:50:5, or the default"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_text(&cases[i].report, &decoder, cases[i].words);
	check_text(&cases[0].report, &no_places, "mkdir(0x10, 0) on x86_64: TRAP, rule 2");
	check_text(&cases[0].report, &no_file, "mkdir(0x10, 0) on x86_64: TRAP, rule 2 at line 20:2");
	struct callgate_report foreign = cases[0].report;
	foreign.call.arch = SCMP_ARCH_S390X;
	foreign.has_action = false;
	foreign.call.nr = 39;
	check_text(&foreign, &decoder,
	           "mkdir(0x10, 0) on s390x: KILL, because the filter is not for this architecture");
	foreign.call.arch = 0x1234;
	check_text(&foreign, NULL, "39(0x10, 0x0, 0x0, 0x0, 0x0, 0x0) on 0x1234");
	callgate_simulator_free(decoder.simulator);
}
END_TEST

/* A program has no rules to name: what it answers is certain only with everything that it may look at. */
START_TEST(programs)
{
	struct sock_filter insns[] = {{BPF_RET | BPF_K, 0, 0, SCMP_ACT_ERRNO(13)}};
	struct callgate_program *program;
	struct callgate_decoder decoder = {.simulator = NULL};
	struct callgate_report report = report_of("rmdir", 0, 0, SCMP_ACT_ERRNO(0));

	simulated_byte_order(SCMP_ARCH_X86_64, insns, 1);
	ck_assert_int_eq(callgate_program_new(insns, sizeof(insns), SCMP_ARCH_X86_64, &program), 0);
	ck_assert_int_eq(callgate_simulator_new_program(program, &decoder.simulator), 0);
	check_text(&report, &decoder, "rmdir(...) on x86_64: ERRNO");
	report.has_action = false;
	check_text(&report, &decoder, "rmdir(...) on x86_64");
	report.known = 0x7f;
	check_text(&report, &decoder, "rmdir(NULL) on x86_64: ERRNO(EACCES), by the program");
	callgate_simulator_free(decoder.simulator);
	callgate_program_free(program);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("report");

	tcase_add_test(tests, audit_record);
	tcase_add_test(tests, audit_commands);
	tcase_add_test(tests, not_a_record);
	tcase_add_test(tests, hostile_records);
	tcase_add_test(tests, giant_records);
	tcase_add_test(tests, notification);
	tcase_add_test(tests, stops);
	tcase_add_test(tests, registers);
	tcase_add_test(tests, deciding_rules);
	tcase_add_test(tests, programs);
	return simulated_run(tests);
}
