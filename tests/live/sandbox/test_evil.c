/* Every attack of the evil plugin, from every place where it runs: stopped, named, and the host goes on. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/plugin.h>

#include "leaks.h"
#include "support/run.h"

enum { CALLED, CONSTRUCTOR, IFUNC, PLACES };
static const char *const places[PLACES] = {"call", "constructor", "ifunc"};

/* How each ends, by place: the call that is named, or the reason. */
static const struct {
	const char *attack;
	const char *named;
	enum callgate_exit_kind end, end_while_loading;
} attacks[] = {
    {"open", "openat", CALLGATE_EXIT_FORBIDDEN, CALLGATE_EXIT_FORBIDDEN},
    {"socket", "socket", CALLGATE_EXIT_FORBIDDEN, CALLGATE_EXIT_FORBIDDEN},
    {"execve", "execve", CALLGATE_EXIT_FORBIDDEN, CALLGATE_EXIT_FORBIDDEN},
    {"fork", "clone", CALLGATE_EXIT_FORBIDDEN, CALLGATE_EXIT_FORBIDDEN},
    {"kill", "kill", CALLGATE_EXIT_FORBIDDEN, CALLGATE_EXIT_FORBIDDEN},
    {"ptrace", "ptrace", CALLGATE_EXIT_FORBIDDEN, CALLGATE_EXIT_FORBIDDEN},
    {"write", "write", CALLGATE_EXIT_FORBIDDEN, CALLGATE_EXIT_FORBIDDEN},
    {"loop", NULL, CALLGATE_EXIT_DEADLINE, CALLGATE_EXIT_DEADLINE},
    /* Memory may be had while loading, up to the limit. */
    {"memory", "mmap", CALLGATE_EXIT_FORBIDDEN, CALLGATE_EXIT_CRASHED},
    {"flood", NULL, CALLGATE_EXIT_MALFORMED, CALLGATE_EXIT_MALFORMED},
    {"frames", NULL, CALLGATE_EXIT_MALFORMED, CALLGATE_EXIT_MALFORMED},
};
enum { ATTACKS = sizeof(attacks) / sizeof(attacks[0]) };

static const struct callgate_plugin_options options = {.call_deadline_ms = 1500, .load_deadline_ms = 4000};

static int call_evil(const char *attack, struct callgate_exit_reason *reason)
{
	struct callgate_plugin *plugin = NULL;
	char request[64], response[64];

	if (callgate_plugin_open(EVIL "/evil.so", &options, reason, &plugin) < 0)
		return 1;
	snprintf(request, sizeof(request), "%s %d", attack, (int)getpid());
	int result = callgate_plugin_call(plugin, request, strlen(request), response, sizeof(response), reason);
	/* And it serves again afterwards, when asked for nothing evil. */
	struct callgate_exit_reason again;
	if (callgate_plugin_restart(plugin, &again) < 0 ||
	    callgate_plugin_call(plugin, "nothing", 7, NULL, 0, &again) < 0)
		result = 2;
	callgate_plugin_close(plugin);
	return result;
}

static int load_evil(const char *attack, const char *place, struct callgate_exit_reason *reason)
{
	struct callgate_plugin *plugin = NULL;
	char path[512];

	snprintf(path, sizeof(path), EVIL "/evil-%s-%s.so", place, attack);
	return callgate_plugin_open(path, &options, reason, &plugin);
}

START_TEST(test_attack)
{
	int place = _i / ATTACKS, which = _i % ATTACKS;
	const char *attack = attacks[which].attack;
	struct callgate_exit_reason reason;
	struct leaks before = leaks_now();

	unlink("/tmp/callgate-evil");
	int result = place == CALLED ? call_evil(attack, &reason) : load_evil(attack, places[place], &reason);
	enum callgate_exit_kind expected = place == CALLED ? attacks[which].end : attacks[which].end_while_loading;
	printf("%s from %s: %s\n", attack, places[place], reason.text);
	fflush(stdout);
	ck_assert_msg(result == -EPIPE && reason.kind == expected, "%s from %s: result %d, %s instead of %s: %s",
	              attack, places[place], result, callgate_exit_kind_name(reason.kind),
	              callgate_exit_kind_name(expected), reason.text);
	if (expected == CALLGATE_EXIT_FORBIDDEN) {
		char words[64];
		snprintf(words, sizeof(words), "forbidden call: %s on ", attacks[which].named);
		ck_assert_msg(strstr(reason.text, words) == reason.text, "%s", reason.text);
	}
	if (expected == CALLGATE_EXIT_CRASHED)
		ck_assert_msg(strstr(reason.text, "out of memory") != NULL, "%s", reason.text);
	ck_assert_int_eq(access("/tmp/callgate-evil", F_OK), -1);
	ck_assert(!leaks_any_child());
	ck_assert_int_eq(leaks_now().fds, before.fds);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("evil plugins");

	leaks_grow_stack();
	if (access(EVIL "/evil.so", F_OK) < 0) {
		printf("there is no evil plugin for this architecture\n");
		return 77;
	}
	tcase_add_loop_test(tests, test_attack, 0, PLACES * ATTACKS);
	tcase_set_timeout(tests, 60);
	return test_run(tests);
}
