/*
 * usage: behaviour: counts what a program sees of signals, stops, timers and exit statuses, one line each. A run that
 * is watched has to print what a run without a tracer prints (test_behaviour.sh). Nothing here depends on how fast the
 * machine is.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 30 };

static volatile sig_atomic_t caught;

static void count(int number)
{
	(void)number;
	caught++;
}

static void handle(int number, int flags)
{
	struct sigaction action = {.sa_handler = count, .sa_flags = flags};

	sigaction(number, &action, NULL);
	caught = 0;
}

static void report(const char *what, long number)
{
	printf("%s: %ld\n", what, number);
	fflush(stdout);
}

/* Waits until the process sleeps in a call: 'S', also where it is traced. */
static void wait_for_sleep(pid_t pid)
{
	char path[64], state = 'R';

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	while (state != 'S') {
		FILE *file = fopen(path, "re");
		if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 'R';
		if (file)
			fclose(file);
		usleep(2000);
	}
}

/* A child that sends a signal whenever this process sleeps, and a byte after it if it is asked to. */
static pid_t start_sender(int number, int rounds, int fd)
{
	const pid_t parent = getpid(), child = fork();

	if (child != 0)
		return child;
	for (int i = 0; i < rounds; i++) {
		wait_for_sleep(parent);
		kill(parent, number);
		usleep(1000);
		if (fd >= 0 && write(fd, "", 1) != 1)
			_exit(1);
	}
	_exit(0);
}

/* ---- interrupted calls ---- */

enum wait_kind { BY_READ, BY_POLL, BY_NANOSLEEP, BY_PAUSE };

static int wait_once(enum wait_kind kind, int fd)
{
	const struct timespec long_time = {100, 0};
	struct pollfd readable = {fd, POLLIN, 0};
	struct timespec left = {0, 0};
	char byte;

	switch (kind) {
	case BY_READ:
		return (int)read(fd, &byte, 1);
	case BY_POLL:
		return poll(&readable, 1, 100000);
	case BY_NANOSLEEP:
		return nanosleep(&long_time, &left) < 0 && left.tv_sec > 50 ? -1 : 0;
	case BY_PAUSE:
		break;
	}
	return pause();
}

static void count_interruptions(const char *what, enum wait_kind kind)
{
	int ends[2], interrupted = 0;

	if (pipe(ends) < 0)
		return;
	handle(SIGUSR1, 0);
	const pid_t sender = start_sender(SIGUSR1, ROUNDS, -1);
	for (int i = 0; i < ROUNDS; i++)
		interrupted += wait_once(kind, ends[0]) < 0 && errno == EINTR;
	waitpid(sender, NULL, 0);
	report(what, interrupted);
	close(ends[0]);
	close(ends[1]);
}

static void count_restarts(void)
{
	int ends[2], whole = 0;
	char byte;

	if (pipe(ends) < 0)
		return;
	handle(SIGUSR1, SA_RESTART);
	const pid_t sender = start_sender(SIGUSR1, ROUNDS, ends[1]);
	for (int i = 0; i < ROUNDS; i++)
		whole += read(ends[0], &byte, 1) == 1;
	while (waitpid(sender, NULL, 0) < 0 && errno == EINTR)
		;
	report("reads that a handler with SA_RESTART left whole", whole);
	close(ends[0]);
	close(ends[1]);
}

/* Calls that do not wait are never interrupted, allowed or denied. */
static void count_strange_answers(void)
{
	struct itimerval timer = {{0, 300}, {0, 300}}, none = {{0, 0}, {0, 0}};
	int strange = 0;

	handle(SIGALRM, 0);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (int i = 0; i < 5000; i++) {
		strange += syscall(SYS_getppid) < 0;
		strange += chmod("/nowhere/at/all", 0) != -1 || errno == EINTR;
	}
	setitimer(ITIMER_REAL, &none, NULL);
	report("strange answers under a timer", strange);
}

/* ---- children ---- */

static void count_statuses(void)
{
	struct rlimit no_core = {0, 0};
	int status, right = 0, killed = 0;

	setrlimit(RLIMIT_CORE, &no_core);
	for (int i = 0; i < 256; i += 5) {
		const pid_t child = fork();
		if (child == 0)
			_exit(i);
		right += waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == i;
	}
	for (int number = 1; number < 32; number++) {
		const pid_t child = fork();
		if (child == 0) {
			signal(number, SIG_DFL);
			raise(number);
			_exit(0);
		}
		waitpid(child, &status, WUNTRACED);
		killed += WIFSIGNALED(status) ? WTERMSIG(status) : WIFSTOPPED(status) ? 1000 : 0;
		if (WIFSTOPPED(status)) {
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
		}
	}
	report("exit statuses", right);
	report("signals that end or stop", killed);
}

/* The child goes on when it is told so: a stop that comes at once would take the word of the continuation away. */
static void stop_twice(int go)
{
	char byte;

	for (int i = 0; i < 2; i++) {
		raise(SIGSTOP);
		while (read(go, &byte, 1) < 0)
			;
	}
}

static void count_stops(void)
{
	int status, stopped = 0, continued = 0, ended = 0, go[2];

	if (pipe(go) < 0)
		return;
	for (int i = 0; i < ROUNDS; i++) {
		const pid_t child = fork();
		if (child == 0) {
			stop_twice(go[0]);
			_exit(i);
		}
		for (int stops = 0; stops < 2; stops++) {
			stopped += waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) &&
			           WSTOPSIG(status) == SIGSTOP;
			kill(child, SIGWINCH); /* changes nothing while it is stopped */
			kill(child, SIGCONT);
			continued += waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status);
			if (write(go[1], "", 1) != 1)
				break;
		}
		ended += waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == i;
	}
	report("stops", stopped);
	report("continues", continued);
	report("exits after them", ended);
}

static void count_children(void)
{
	int status;

	handle(SIGCHLD, SA_RESTART);
	for (int i = 0; i < ROUNDS; i++) {
		const pid_t child = fork();
		if (child == 0)
			_exit(0);
		while (waitpid(child, &status, 0) < 0)
			;
	}
	report("SIGCHLD", caught);
	signal(SIGCHLD, SIG_DFL);
}

/* ---- signals that wait ---- */

static void count_queued(void)
{
	struct signalfd_siginfo info;
	sigset_t set;
	long sum = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 1; i <= ROUNDS; i++)
		sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = i});
	const int fd = signalfd(-1, &set, 0);
	for (int i = 1; i <= ROUNDS / 2; i++)
		sum = read(fd, &info, sizeof(info)) == sizeof(info) && (int)info.ssi_int == i ? sum + i : -1000;
	for (int i = ROUNDS / 2 + 1; i <= ROUNDS; i++) {
		siginfo_t got;
		sum = sigwaitinfo(&set, &got) == SIGRTMIN + 1 && got.si_value.sival_int == i ? sum + i : -1000;
	}
	close(fd);
	report("queued signals, in order", sum);
}

static void count_timers(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 2};
	const struct itimerspec soon = {{0, 0}, {0, 2000000}};
	int expired = 0, number;
	sigset_t set;
	timer_t timer;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
		return;
	for (int i = 0; i < ROUNDS; i++) {
		timer_settime(timer, 0, &soon, NULL);
		expired += sigwait(&set, &number) == 0 && number == SIGRTMIN + 2;
	}
	timer_delete(timer);
	report("timers", expired);
}

static void *wait_in_thread(void *data)
{
	pause();
	return data;
}

/* A signal for one thread interrupts that one. */
static void count_in_threads(void)
{
	int ended = 0;

	handle(SIGUSR2, 0);
	for (int i = 0; i < 10; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, wait_in_thread, NULL) != 0)
			continue;
		usleep(1000);
		while (pthread_kill(thread, SIGUSR2) == 0 && pthread_tryjoin_np(thread, NULL) != 0)
			usleep(2000);
		ended++;
	}
	report("threads that a signal woke", ended);
}

int main(void)
{
	count_interruptions("interrupted reads", BY_READ);
	count_interruptions("interrupted polls", BY_POLL);
	count_interruptions("interrupted sleeps", BY_NANOSLEEP);
	count_interruptions("interrupted pauses", BY_PAUSE);
	count_restarts();
	count_strange_answers();
	count_statuses();
	count_stops();
	count_children();
	count_queued();
	count_timers();
	count_in_threads();
	return 3;
}
