
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/raw.h"
#include "process/child.h"
#include "sandbox/plugin_host.h"

/* Where there is no pidfd, this often the host is looked for. */
enum { LOOK_NS = 100000000 };
/* So long a killed plugin may take to end. After that this process ends, and the kernel kills the plugin for it: PR_SET_PDEATHSIG. */
enum { KILLED_NS = 500000000 };

static volatile sig_atomic_t is_asked_to_end;

static void on_signal(int number)
{
	if (number == SIGTERM)
		is_asked_to_end = 1;
}

/* Signals come while ppoll() waits, and at no other time. */
static void set_signals(sigset_t *ret_awake)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGCHLD, &action, NULL);
	sigdelset(&all, SIGTERM);
	sigdelset(&all, SIGCHLD);
	*ret_awake = all;
}

/* The host sees this end, and takes it for the plugin's. */
static _Noreturn void end_as(const siginfo_t *plugin)
{
	const struct rlimit no_core = {0, 0};
	sigset_t none;

	assert(plugin->si_code == CLD_EXITED || plugin->si_code == CLD_KILLED ||
	       plugin->si_code == CLD_DUMPED);
	if (plugin->si_code == CLD_EXITED)
		_exit(plugin->si_status);
	setrlimit(RLIMIT_CORE, &no_core);
	signal(plugin->si_status, SIG_DFL);
	raise(plugin->si_status);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	_exit(128 + plugin->si_status);
}

static _Noreturn void watch(pid_t plugin, pid_t host, const sigset_t *awake)
{
	bool has_pidfd = fcntl(PLUGIN_HOST_PIDFD, F_GETFD) >= 0, is_killed = false;
	struct pollfd end_of_host = {.fd = has_pidfd ? PLUGIN_HOST_PIDFD : -1, .events = POLLIN};
	const struct timespec look = {.tv_nsec = LOOK_NS}, killed = {.tv_nsec = KILLED_NS};

	close(PLUGIN_REQUEST_FD);
	close(PLUGIN_RESPONSE_FD);
	for (;;) {
		siginfo_t info = {0};
		if (waitid(P_PID, (id_t)plugin, &info, WEXITED | WNOHANG) == 0 && info.si_pid == plugin)
			end_as(&info);
		bool is_over = is_asked_to_end || end_of_host.revents || (!has_pidfd && getppid() != host);
		if (is_over && !is_killed) {
			kill(plugin, SIGKILL);
			is_killed = true;
			end_of_host.fd = -1;
		}
		end_of_host.revents = 0;
		const struct timespec *wait = is_killed ? &killed : has_pidfd ? NULL : &look;
		if (ppoll(&end_of_host, 1, wait, awake) == 0 && is_killed)
			_exit(128 + SIGKILL);
	}
}

int watcher_start(const struct setup *setup)
{
	pid_t watcher = getpid();
	sigset_t awake;
	int result;

	set_signals(&awake);
	if (setup->die_with_thread && (result = child_end_with_parent(SIGTERM)) < 0)
		return result;
	pid_t plugin = fork();
	if (plugin < 0)
		return -errno;
	if (plugin > 0)
		watch(plugin, setup->host, &awake);
	result = child_end_with_parent(SIGKILL);
	if (getppid() != watcher)
		raw_exit(1);
	return result;
}
