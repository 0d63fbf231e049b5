/* What `callgate run --why` prints of denied calls: words, or an object a line. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <callgate/action.h>
#include <callgate/arch.h>
#include <callgate/decode.h>
#include <callgate/info.h>
#include <callgate/syscall.h>

#include "cli/print.h"
#include "cli/why.h"
#include "trace/process_facts.h"

enum { CALL_TEXT = 400 };

/* "EPERM", "SIGSYS": what the program gets. NULL: an error without a name. */
static const char *outcome(const struct denial *denial)
{
	const uint32_t action = denial->verdict.action, kind = action & SECCOMP_RET_ACTION_FULL;

	if (kind == SCMP_ACT_ERRNO(0))
		return callgate_errno_name(SCMP_ARCH_NATIVE, action & SECCOMP_RET_DATA);
	return kind == SCMP_ACT_TRACE(0) ? "ENOSYS (no tracer)" : "SIGSYS";
}

static void put_outcome(FILE *out, const struct denial *denial)
{
	const char *name = outcome(denial);

	if (name)
		fprintf(out, "%s", name);
	else
		fprintf(out, "error %u", denial->verdict.action & SECCOMP_RET_DATA);
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
	const char *name = call_name(&denial->call);
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

/* What is known of a denied call. */
struct report {
	pid_t tid;
	const struct denial *denial;
	char decoded[CALL_TEXT];
	struct process_facts caller;
	char place[PROCESS_PLACE];
};

/* Is an argument with this name a descriptor that is open? Those of dup2(2) and close_range(2) need not be. */
static bool is_descriptor(const char *name)
{
	const size_t length = strlen(name);

	return strcmp(name, "newfd") != 0 && strcmp(name, "max_fd") != 0 &&
	       ((length >= 2 && strcmp(name + length - 2, "fd") == 0) || strncmp(name, "fd_", 3) == 0);
}

/* What an argument is open on, if it is a descriptor of the caller. */
static bool find_descriptor(const struct report *report, unsigned int arg, int *ret_fd,
                            char ret_path[PROCESS_PLACE])
{
	const struct callgate_call *call = &report->denial->call;
	const struct callgate_arch *arch = callgate_arch_of_call(call->arch, call->nr);
	const char *syscall = call_name(call);
	const char *name = syscall ? callgate_argument_name(arch->token, syscall, arg) : NULL;

	*ret_fd = (int)(uint32_t)call->args[arg];
	return name && is_descriptor(name) && process_descriptor(report->tid, *ret_fd, ret_path);
}

static void put_descriptors(FILE *out, const struct report *report)
{
	char path[PROCESS_PLACE];
	int fd;

	for (unsigned int arg = 0; arg < CALLGATE_ARGUMENTS; arg++)
		if (find_descriptor(report, arg, &fd, path))
			fprintf(out, "; descriptor %d is %s", fd, path);
}

static void put_descriptors_object(struct json *json, const struct report *report)
{
	char path[PROCESS_PLACE], key[16];
	int fd, last = -1;

	json_open(json, "descriptors", "{}");
	for (unsigned int arg = 0; arg < CALLGATE_ARGUMENTS; arg++)
		if (find_descriptor(report, arg, &fd, path) && fd != last) {
			snprintf(key, sizeof(key), "%d", fd);
			json_text(json, key, path);
			last = fd;
		}
	json_close(json);
}

static void put_object(FILE *out, const struct why *why, const struct report *report)
{
	const struct denial *denial = report->denial;
	const struct callgate_arch *arch = callgate_arch_of_call(denial->call.arch, denial->call.nr);
	const bool has_rule = denial->verdict.reason == CALLGATE_REASON_RULE;
	char since[CALLGATE_SINCE_TEXT] = "";
	struct json json = {.out = out};
	unsigned line = 0, column = 0;

	if (has_rule)
		(void)callgate_profile_rule_origin(why->filter->profile, denial->verdict.rule, &line,
		                                   &column);
	if (arch)
		callgate_syscall_since_text(arch->token, denial->call.nr, since);
	json_open(&json, NULL, "{}");
	json_number(&json, "v", 1);
	json_text(&json, "ev", "denied");
	json_number(&json, "pid", report->caller.pid);
	json_number(&json, "tid", report->tid);
	json_number(&json, "ppid", report->caller.parent);
	json_text(&json, "comm", report->caller.name);
	json_call(&json, &denial->call, ~0U);
	json_text(&json, "decoded", report->decoded);
	put_descriptors_object(&json, report);
	json_text(&json, "object", report->place);
	json_action(&json, "action", denial->verdict.action);
	json_text(&json, "gets", outcome(denial));
	json_bool(&json, "default", !has_rule);
	json_text(&json, "file", why->filter->path);
	json_number(&json, "line", line);
	json_number(&json, "column", column);
	json_text(&json, "since", *since ? since : NULL);
	json_text(&json, "allow", denial->addition);
	json_bool(&json, "certain", !why->is_uncertain);
	json_close(&json);
}

/* A word as a shell takes it. */
static void put_word(FILE *out, const char *word)
{
	if (word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+=:,@%")] ==
	    '\0') {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++)
		fprintf(out, *word == '\'' ? "'\\%c'" : "%c", *word);
	fputc('\'', out);
}

static void put_addition(FILE *out, const struct why *why, const char *addition)
{
	fputs("callgate:   allow exactly this: callgate profile allow ", out);
	put_word(out, why->filter->path);
	fputc(' ', out);
	put_word(out, addition);
	fputc('\n', out);
}

/* "3.17..4.0" is a release between the two: old calls, of which nobody asks since when they are there. */
static void put_since(FILE *out, const struct callgate_call *call)
{
	const struct callgate_arch *arch = callgate_arch_of_call(call->arch, call->nr);
	char since[CALLGATE_SINCE_TEXT] = "";

	if (arch)
		callgate_syscall_since_text(arch->token, call->nr, since);
	if (*since && !strstr(since, ".."))
		fprintf(out, "; since Linux %s", since);
}

static void put_words(FILE *out, const struct why *why, const struct report *report)
{
	const struct process_facts *caller = &report->caller;
	struct process_facts parent;

	fprintf(out, "callgate: DENIED%s %s -> ", why->is_uncertain ? " (uncertain)" : "", report->decoded);
	put_outcome(out, report->denial);
	fprintf(out, "  %s[%d]", caller->name, caller->pid);
	if (caller->parent > 0 && caller->parent != getpid() && process_facts_read(caller->parent, &parent))
		fprintf(out, " (child of %s[%d])", parent.name, caller->parent);
	fprintf(out, " %s\ncallgate:   ", report->place);
	put_reason(out, why, report->denial);
	put_descriptors(out, report);
	put_since(out, &report->denial->call);
	fputc('\n', out);
	if (report->denial->addition)
		put_addition(out, why, report->denial->addition);
}

void why_print_denial(const struct why *why, pid_t tid, const struct denial *denial)
{
	struct report report = {.tid = tid, .denial = denial};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	(void)callgate_decode_call(&denial->call, process_text, &tid, report.decoded, sizeof(report.decoded));
	(void)process_facts_read(tid, &report.caller);
	process_place(tid, denial->call.instruction_pointer, report.place);
	(why->settings->json ? put_object : put_words)(out, why, &report);
	if (fclose(out) == 0)
		fwrite(text, 1, size, stderr);
	free(text);
}

/* A shell has the status of a command that SIGSYS has ended. */
static void print_end(const struct why *why, const struct trace_result *result, int status)
{
	if (why->is_uncertain && status == 128 + SIGSYS)
		fprintf(stderr, "callgate: SIGSYS has ended the command or one of its children: by a call "
		                "that the profile "
		                "kills or traps for; which one is not known without ptrace(2)\n");
	fprintf(stderr, "callgate: %lu denial%s (%zu distinct)", why->count, why->count == 1 ? "" : "s",
	        why->denials.count);
	if (result->processes > 0)
		fprintf(stderr, " in %u process%s", result->processes, result->processes == 1 ? "" : "es");
	fprintf(stderr, "; exit status %d is the command's own\n", status);
}

void why_print_summary(const struct why *why, const struct trace_result *result)
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
		if (why->settings->which == WHY_SUMMARY && denial->addition)
			put_addition(stderr, why, denial->addition);
	}
	const int status =
	    WIFSIGNALED(result->status) ? 128 + WTERMSIG(result->status) : WEXITSTATUS(result->status);
	if (!why->settings->json) {
		print_end(why, result, status);
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

void why_print_refusal(const struct why *why, const struct trace_stop *stop, int error)
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
