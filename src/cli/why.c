#include "cli/why.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <callgate/action.h>
#include <callgate/arch.h>
#include <callgate/decode.h>
#include <callgate/diagnosis.h>
#include <callgate/info.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>

#include "base/vec.h"
#include "cli/execute.h"
#include "cli/print.h"
#include "trace/traced_filter.h"
#include "trace/tracer.h"

enum { CALL_TEXT = 400, NAME_TEXT = 64, PLACE_TEXT = 300, PAGE = 4096 };

/* What is counted as one: the same call, denied by the same rule. */
struct denial {
	struct callgate_call call; /* the first one */
	struct callgate_verdict verdict;
	unsigned long count;
};

struct why {
	const struct filter *filter;
	const struct why_settings *settings;
	struct callgate_simulator *simulator;
	struct traced_filter *traced;
	VEC(struct denial) denials;
	unsigned long count, printed;
	bool out_of_memory;
};

/* ---- about the thread that has stopped ---- */

/* The thread is there as long as it is stopped; a file that can't be read leaves a "?". */
static FILE *open_of(pid_t tid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
	return fopen(path, "re");
}

/* Names are the process's own choice: nothing of them may move a terminal's cursor. */
static void make_printable(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if (*c < ' ' || *c >= 0x7f)
			*c = '?';
}

static void name_of(pid_t tid, char ret_name[NAME_TEXT])
{
	FILE *file = open_of(tid, "comm");

	if (!file || !fgets(ret_name, NAME_TEXT, file))
		strcpy(ret_name, "?");
	ret_name[strcspn(ret_name, "\n")] = '\0';
	make_printable(ret_name);
	if (file)
		fclose(file);
}

static void ids_of(pid_t tid, int *ret_pid, int *ret_parent)
{
	FILE *file = open_of(tid, "status");
	char line[200];

	*ret_pid = *ret_parent = 0;
	while (file && fgets(line, sizeof(line), file)) {
		sscanf(line, "Tgid: %d", ret_pid);
		sscanf(line, "PPid: %d", ret_parent);
	}
	if (file)
		fclose(file);
}

/* "libc.so.6+0x1a3c": where in which file the instruction is. A path can be longer than any buffer, and look like the next line of the list. */
static void place_of(pid_t tid, uint64_t instruction, char *ret_place, size_t size)
{
	FILE *file = open_of(tid, "maps");
	unsigned long long first, end, offset;
	char *line = NULL;
	size_t room = 0;

	snprintf(ret_place, size, "0x%llx", (unsigned long long)instruction);
	while (file && getline(&line, &room, file) > 0) {
		int path = 0;
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%llx-%llx %*s %llx %*s %*s %n", &first, &end, &offset, &path) < 3 ||
		    instruction < first || instruction >= end)
			continue;
		const char *slash = strrchr(line + path, '/'), *name = slash ? slash + 1 : line + path;
		if (path > 0 && *name)
			snprintf(ret_place, size, "%.255s+0x%llx", name, instruction - first + offset);
		break;
	}
	make_printable(ret_place);
	free(line);
	if (file)
		fclose(file);
}

/* A string in the memory of the thread, as far as its page goes and then the next one's. */
static int read_text(void *data, uint64_t address, char *buffer, size_t size)
{
	const pid_t tid = *(pid_t *)data;
	size_t length = 0;

	while (length < size) {
		const size_t in_page = PAGE - (address + length) % PAGE;
		const size_t wanted = size - length < in_page ? size - length : in_page;
		struct iovec here = {buffer + length, wanted},
		             there = {(void *)(uintptr_t)(address + length), wanted};
		const ssize_t got = process_vm_readv(tid, &here, 1, &there, 1, 0);
		if (got <= 0)
			return -EFAULT;
		if (memchr(buffer + length, '\0', (size_t)got))
			return 0;
		length += (size_t)got;
	}
	buffer[size - 1] = '\0';
	return 0;
}

/* ---- what is printed ---- */

/* "EPERM", "killed", "SIGSYS": what the program gets. */
static void put_outcome(FILE *out, const struct denial *denial)
{
	const uint32_t action = denial->verdict.action, number = action & SECCOMP_RET_DATA;
	const char *name = callgate_errno_name(SCMP_ARCH_NATIVE, number);

	if ((action & SECCOMP_RET_ACTION_FULL) != SCMP_ACT_ERRNO(0))
		fprintf(out, "%s",
		        (action & SECCOMP_RET_ACTION_FULL) == SCMP_ACT_TRACE(0) ? "ENOSYS (no tracer)"
		                                                                : "SIGSYS");
	else if (name)
		fprintf(out, "%s", name);
	else
		fprintf(out, "error %u", number);
}

static bool names_call(const struct why *why, const struct callgate_call *call)
{
	const struct callgate_arch *arch = callgate_arch_of_call(call->arch, call->nr);
	struct callgate_rule rule;

	for (size_t i = 0; callgate_simulator_rule(why->simulator, i, &rule) == 0; i++)
		if (arch && rule.arch == arch->token && rule.nr == call->nr)
			return true;
	return false;
}

/* The rule or default that decided, with its place. */
static void put_reason(FILE *out, const struct why *why, const struct denial *denial)
{
	const char *path = why->filter->path;
	const struct callgate_arch *arch = callgate_arch_of_call(denial->call.arch, denial->call.nr);
	const char *name = arch ? callgate_syscall_name(arch->token, denial->call.nr) : NULL;
	unsigned line, column;

	switch (denial->verdict.reason) {
	case CALLGATE_REASON_RULE:
		if (callgate_profile_rule_origin(why->filter->profile, denial->verdict.rule, &line,
		                                 &column) == 0)
			fprintf(out, "%s:%u:%u: rule for %s", path, line, column,
			        name ? name : "this number");
		else
			fprintf(out, "rule %u of %s", denial->verdict.rule, path);
		return;
	case CALLGATE_REASON_BAD_ARCH:
		fprintf(out, "%s has no architecture %s", path, arch ? arch->name : "of this kind");
		return;
	case CALLGATE_REASON_UNKNOWN:
		fprintf(out, "no rule of %s names %s, which is newer than all calls that this version knows",
		        path, name ? name : "it");
		return;
	case CALLGATE_REASON_DEFAULT:
	case CALLGATE_REASON_PROGRAM:
		break;
	}
	fprintf(out, "default action of %s: %s %s", path,
	        names_call(why, &denial->call) ? "these arguments match no rule for" : "no rule names",
	        name ? name : "the number");
}

/* What is known of the thread that made the call. */
struct caller {
	char name[NAME_TEXT], parent_name[NAME_TEXT], place[PLACE_TEXT];
	int pid, parent;
};

static struct caller caller_of(pid_t tid, uint64_t instruction)
{
	struct caller caller;

	name_of(tid, caller.name);
	ids_of(tid, &caller.pid, &caller.parent);
	name_of(caller.parent, caller.parent_name);
	place_of(tid, instruction, caller.place, sizeof(caller.place));
	return caller;
}

static void put_object(FILE *out, const struct why *why, pid_t tid, const struct denial *denial,
                       const char *decoded)
{
	const struct caller caller = caller_of(tid, denial->call.instruction_pointer);
	const bool has_rule = denial->verdict.reason == CALLGATE_REASON_RULE;
	struct json json = {.out = out};
	unsigned line = 0, column = 0;

	if (has_rule)
		(void)callgate_profile_rule_origin(why->filter->profile, denial->verdict.rule, &line,
		                                   &column);
	json_open(&json, NULL, "{}");
	json_number(&json, "v", 1);
	json_text(&json, "ev", "denied");
	json_number(&json, "pid", caller.pid);
	json_number(&json, "tid", tid);
	json_number(&json, "ppid", caller.parent);
	json_text(&json, "comm", caller.name);
	json_call(&json, &denial->call, ~0U);
	json_text(&json, "decoded", decoded);
	json_text(&json, "object", caller.place);
	json_action(&json, "action", denial->verdict.action);
	json_bool(&json, "default", !has_rule);
	json_text(&json, "file", why->filter->path);
	json_number(&json, "line", line);
	json_number(&json, "column", column);
	json_close(&json);
}

static void put_words(FILE *out, const struct why *why, pid_t tid, const struct denial *denial,
                      const char *decoded)
{
	const struct caller caller = caller_of(tid, denial->call.instruction_pointer);

	fprintf(out, "callgate: DENIED %s -> ", decoded);
	put_outcome(out, denial);
	fprintf(out, "  %s[%d]", caller.name, caller.pid);
	if (caller.parent > 0 && caller.parent != getpid())
		fprintf(out, " (child of %s[%d])", caller.parent_name, caller.parent);
	fprintf(out, " %s\ncallgate:   ", caller.place);
	put_reason(out, why, denial);
	fputc('\n', out);
}

/* At once, so that no output of the command comes in between. */
static void print_denial(const struct why *why, pid_t tid, const struct denial *denial)
{
	char decoded[CALL_TEXT], *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	(void)callgate_decode_call(&denial->call, read_text, &tid, decoded, sizeof(decoded));
	(why->settings->json ? put_object : put_words)(out, why, tid, denial, decoded);
	if (fclose(out) == 0)
		fwrite(text, 1, size, stderr);
	free(text);
}

/* ---- counting ---- */

static bool has_name(const struct callgate_call *call)
{
	const struct callgate_arch *arch = callgate_arch_of_call(call->arch, call->nr);

	return arch && callgate_syscall_name(arch->token, call->nr);
}

/* All numbers without a name are one kind: there are too many for a list that a command can make grow. */
static bool is_same(const struct denial *a, const struct denial *b)
{
	return a->call.arch == b->call.arch &&
	       (a->call.nr == b->call.nr || (!has_name(&a->call) && !has_name(&b->call))) &&
	       a->verdict.reason == b->verdict.reason && a->verdict.rule == b->verdict.rule &&
	       a->verdict.action == b->verdict.action;
}

static void note(struct why *why, const struct trace_stop *stop, const struct callgate_verdict *verdict)
{
	const struct denial found = {.call = stop->call, .verdict = *verdict, .count = 1};
	const bool each = why->settings->which == WHY_EACH;
	size_t at = 0;

	why->count++;
	while (at < why->denials.count && !is_same(&why->denials.items[at], &found))
		at++;
	const bool is_first = at == why->denials.count;
	if (is_first)
		why->out_of_memory |= !vec_push(&why->denials, found);
	else
		why->denials.items[at].count++;
	if (why->settings->which == WHY_SUMMARY || (!is_first && !each) ||
	    (why->settings->limit && why->printed >= why->settings->limit))
		return;
	why->printed++;
	print_denial(why, stop->tid, &found);
}

static void print_summary(const struct why *why, const struct trace_result *result)
{
	char decoded[CALL_TEXT];

	for (size_t i = 0; i < why->denials.count && !why->settings->json; i++) {
		const struct denial *denial = &why->denials.items[i];
		if (why->settings->which != WHY_SUMMARY && denial->count == 1)
			continue;
		(void)callgate_decode_call(&denial->call, NULL, NULL, decoded, sizeof(decoded));
		fprintf(stderr, "callgate: %lu times: %s -> ", denial->count, decoded);
		put_outcome(stderr, denial);
		fputs("; ", stderr);
		put_reason(stderr, why, denial);
		fputc('\n', stderr);
	}
	const int status =
	    WIFSIGNALED(result->status) ? 128 + WTERMSIG(result->status) : WEXITSTATUS(result->status);
	if (!why->settings->json) {
		fprintf(stderr,
		        "callgate: %lu denial%s (%zu distinct) in %u process%s; exit status %d is the "
		        "command's own\n",
		        why->count, why->count == 1 ? "" : "s", why->denials.count, result->processes,
		        result->processes == 1 ? "" : "es", status);
		return;
	}
	struct json json = {.out = stderr};
	json_open(&json, NULL, "{}");
	json_number(&json, "v", 1);
	json_text(&json, "ev", "end");
	json_number(&json, "denials", (long long)why->count);
	json_number(&json, "distinct", (long long)why->denials.count);
	json_number(&json, "processes", result->processes);
	json_number(&json, "status", status);
	json_close(&json);
}

/* ---- the calls ---- */

/* The profile's word, whatever filter has stopped the call: the program's own can do so, too. */
static struct callgate_verdict verdict_on(struct why *why, const struct callgate_call *call)
{
	struct callgate_verdict verdict = {.action = SCMP_ACT_KILL_PROCESS};

	if (callgate_simulator_run(why->simulator, call, &verdict) < 0)
		why->out_of_memory = true;
	return verdict;
}

static bool kills(uint32_t action)
{
	const uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind == SCMP_ACT_KILL_PROCESS || kind == SCMP_ACT_KILL_THREAD || kind == SCMP_ACT_TRAP;
}

/* The profile allows it. */
static void print_refusal(const struct why *why, const struct trace_stop *stop, int error)
{
	const char *name = callgate_errno_name(SCMP_ARCH_NATIVE, (unsigned)error);
	struct json json = {.out = stderr};
	char decoded[CALL_TEXT];

	(void)callgate_decode_call(&stop->call, NULL, NULL, decoded, sizeof(decoded));
	if (!why->settings->json) {
		cli_error("%s is refused with %s under --why, which could not watch what comes after it",
		          decoded, name);
		return;
	}
	json_open(&json, NULL, "{}");
	json_number(&json, "v", 1);
	json_text(&json, "ev", "refused");
	json_number(&json, "tid", stop->tid);
	json_call(&json, &stop->call, ~0U);
	json_text(&json, "decoded", decoded);
	json_text(&json, "errno", name);
	json_close(&json);
}

/* Without this tracer the program's own SECCOMP_RET_TRACE, and the profile's, give ENOSYS. */
static struct trace_answer called(void *data, const struct trace_stop *stop)
{
	struct why *why = data;
	const struct callgate_verdict verdict = verdict_on(why, &stop->call);
	const uint32_t kind = verdict.action & SECCOMP_RET_ACTION_FULL;

	if (kind == SCMP_ACT_ERRNO(0)) {
		note(why, stop, &verdict);
		return (struct trace_answer){.result = -(long)(verdict.action & SECCOMP_RET_DATA)};
	}
	if (kind == SCMP_ACT_TRACE(0) || kills(verdict.action)) {
		note(why, stop, &verdict);
		return (struct trace_answer){.result = kills(verdict.action) ? -EPERM : -ENOSYS};
	}
	const int error = stop->data == TRACED_FILTER_DATA ? traced_filter_guards(&stop->call) : 0;
	if (!error)
		return (struct trace_answer){.result = -ENOSYS};
	print_refusal(why, stop, error);
	return (struct trace_answer){.result = -error};
}

static void trapped(void *data, const struct trace_stop *stop)
{
	const struct callgate_verdict verdict = verdict_on(data, &stop->call);

	if ((verdict.action & SECCOMP_RET_ACTION_FULL) == SCMP_ACT_TRAP)
		note(data, stop, &verdict);
}

static void killed(void *data, const struct trace_stop *stop)
{
	const struct callgate_verdict verdict = verdict_on(data, &stop->call);

	if (kills(verdict.action) && (verdict.action & SECCOMP_RET_ACTION_FULL) != SCMP_ACT_TRAP)
		note(data, stop, &verdict);
}

static int prepare(struct why *why)
{
	int result = callgate_simulator_new(why->filter->ctx, &why->simulator);

	if (result < 0) {
		cli_error("%s", callgate_diagnosis(why->filter->ctx));
		return result;
	}
	result = traced_filter_new(why->filter->ctx, why->settings->keep_going, &why->traced);
	if (result < 0)
		cli_error("%s", result == -EOPNOTSUPP ? "a profile with SCMP_ACT_NOTIFY can't be watched: "
		                                        "its supervisor is asked, and not this tracer"
		                                      : strerror(-result));
	return result;
}

int why_run(const struct filter *filter, const struct why_settings *settings, const char *path, char **argv)
{
	struct why why = {.filter = filter, .settings = settings};
	const struct trace_watcher watcher = {called, trapped, killed, &why};
	struct trace_result result = {0};
	int status = prepare(&why);

	if (status == 0 && settings->keep_going)
		cli_error("what the profile kills or traps is answered with EPERM: this is another run than "
		          "one without --keep-going");
	struct watched_command watched = {why.traced, path, argv};
	const struct trace_command command = {execute_watched, &watched};
	if (status == 0 && (status = trace_run(&command, &watcher, &result)) < 0)
		cli_error("can't watch the command: %s", execute_unwatched(status));
	if (status == 0)
		print_summary(&why, &result);
	if (why.out_of_memory)
		cli_error("out of memory: some denials were not counted");
	callgate_simulator_free(why.simulator);
	traced_filter_free(why.traced);
	vec_finish(&why.denials);
	return status == 0 ? execute_end_as(result.status) : RUN_FAILED;
}
