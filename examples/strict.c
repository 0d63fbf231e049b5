/*
 * The kernel's strict mode: after callgate_strict_enter() this thread may read, write, exit and return from signal
 * handlers. getpid() is none of these, so the kernel kills the program with SIGKILL and never says why.
 */
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/strict.h>

/* printf() would hold the text in a buffer that dies with the program, and may have to ask for memory. */
static void say(const char *text)
{
	(void)callgate_strict_write(STDOUT_FILENO, text, strlen(text));
}

int main(void)
{
	say("Step 1: no restrictions yet\n");
	say("Step 2: entering strict mode: read, write, exit and sigreturn are all that is left\n");
	if (callgate_strict_enter() < 0) {
		say(callgate_diagnosis(NULL));
		say("\n");
		return 1;
	}
	syscall(SYS_getpid);
	say("Step 3: nobody ever sees this line\n");
	callgate_strict_exit(0);
}
