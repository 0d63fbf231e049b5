/*
 * SCMP_ACT_TRAP turns a forbidden call into a signal, whose handler can say what the call was. The handler may run at
 * any moment, so it only does what is async-signal-safe: the names are looked up before, and it calls write() and
 * _exit().
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

enum { NAMED_CALLS = 1024 };
static char *call_names[NAMED_CALLS];

static const char *const arch_names[] = {"x86_64",  "x86",   "aarch64",     "arm",    "riscv64",
                                         "ppc64le", "s390x", "loongarch64", "mips64", "mipsel64"};
enum { NAMED_ARCHES = sizeof(arch_names) / sizeof(arch_names[0]) };
static uint32_t arch_tokens[NAMED_ARCHES];

static void look_up_names(void)
{
	for (int nr = 0; nr < NAMED_CALLS; nr++)
		call_names[nr] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
	for (int i = 0; i < NAMED_ARCHES; i++)
		arch_tokens[i] = seccomp_arch_resolve_name(arch_names[i]);
}

static void say(const char *text)
{
	(void)!write(STDOUT_FILENO, text, strlen(text));
}

static void on_forbidden_call(int signal, siginfo_t *info, void *machine)
{
	const char *call = NULL, *arch = "another architecture";

	(void)signal, (void)machine;
	for (int i = 0; i < NAMED_ARCHES; i++)
		if (arch_tokens[i] == info->si_arch)
			arch = arch_names[i];
	if (info->si_arch == seccomp_arch_native() && info->si_syscall >= 0 && info->si_syscall < NAMED_CALLS)
		call = call_names[info->si_syscall];
	say("Forbidden call: ");
	say(call ? call : "a call without a name here");
	say(" on ");
	say(arch);
	say("\n");
	_exit(1);
}

int main(void)
{
	static const int allowed[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(rt_sigreturn), SCMP_SYS(exit_group)};
	struct sigaction action = {.sa_sigaction = on_forbidden_call, .sa_flags = SA_SIGINFO};
	int result = -1;

	look_up_names();
	sigaction(SIGSYS, &action, NULL);
	say("No restrictions yet\n");
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	for (size_t i = 0; filter && i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
		if (result < 0)
			break;
	}
	if (result == 0)
		result = seccomp_load(filter);
	if (result < 0) {
		fprintf(stderr, "trap: %s\n", callgate_diagnosis(filter));
		return 1;
	}
	seccomp_release(filter);
	syscall(SYS_getpid);
	say("Nobody ever sees this line\n");
	return 0;
}
