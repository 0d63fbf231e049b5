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

/* "EPERM", "SIGSYS": what the program gets. NULL: an error without a name. */
static const char *outcome(const struct denial *denial)
{
	const uint32_t action = denial->verdict.action, kind = action & SECCOMP_RET_ACTION_FULL;

	if (kind == SCMP_ACT_ERRNO(0))
		return callgate_errno_name(SCMP_ARCH_NATIVE, action & SECCOMP_RET_DATA);
	return kind == SCMP_ACT_TRACE(0) ? "ENOSYS (no tracer)" : "SIGSYS";
}

/* "EPERM"; "SIGSYS (TRAP)", as several actions have this outcome. */
static void put_outcome(FILE *out, const struct denial *denial)
{
	const char *name = outcome(denial);
	char action[CALLGATE_ACTION_TEXT];

	callgate_action_text(denial->verdict.action, action);
	if (!name)
		fprintf(out, "error %u", denial->verdict.action & SECCOMP_RET_DATA);
	else if (strcmp(name, "SIGSYS") == 0)
		fprintf(out, "%s (%s)", name, action);
	else
		fprintf(out, "%s", name);
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
	const char *path = why->filter->path, *file;
	const struct callgate_arch *arch = callgate_arch_of_call(denial->call.arch, denial->call.nr);
	const char *name = call_name(&denial->call);
	unsigned line, column;

	switch (denial->verdict.reason) {
	case CALLGATE_REASON_RULE:
		if (callgate_profile_rule_place(why->filter->profile, denial->verdict.rule, &file, &line, &column) == 0)
			print_safely(out, "%s:%u:%u: rule for %s", file, line, column, name ? name : "this number");
		else
			print_safely(out, "rule %u of %s", denial->verdict.rule, path);
		return;
	case CALLGATE_REASON_BAD_ARCH:
		print_safely(out, "%s has no architecture %s", path, arch ? arch->name : "of this kind");
		return;
	case CALLGATE_REASON_UNKNOWN:
		print_safely(out, "no rule of %s names %s, which is newer than all calls that this version knows", path,
		             name ? name : "it");
		return;
	case CALLGATE_REASON_DEFAULT:
	case CALLGATE_REASON_PROGRAM:
		break;
	}
	print_safely(out, "default action of %s: %s %s", path,
	             names_call(why, &denial->call) ? "these arguments match no rule for" : "no rule names",
	             name ? name : "the number");
}

/* Is an argument with this name a descriptor that is open? Those of dup2(2) and close_range(2) need not be. */
static bool is_descriptor(const char *name)
{
	const size_t length = strlen(name);

	return strcmp(name, "newfd") != 0 && strcmp(name, "max_fd") != 0 &&
	       ((length >= 2 && strcmp(name + length - 2, "fd") == 0) || strncmp(name, "fd_", 3) == 0);
}

static void find_descriptors(struct denial *denial)
{
	struct denial_facts *facts = &denial->facts;
	const struct callgate_arch *arch = callgate_arch_of_call(denial->call.arch, denial->call.nr);
	const char *syscall = call_name(&denial->call), *name;

	for (unsigned int arg = 0; syscall && arg < CALLGATE_ARGUMENTS; arg++) {
		const size_t count = facts->descriptor_count;
		const int fd = (int)(uint32_t)denial->call.args[arg];
		if (!(name = callgate_argument_name(arch->token, syscall, arg)) || !is_descriptor(name) ||
		    (count && facts->descriptors[count - 1].fd == fd) ||
		    !process_descriptor(facts->tid, fd, facts->descriptors[count].path))
			continue;
		facts->descriptors[facts->descriptor_count++].fd = fd;
	}
}

void why_find_facts(pid_t tid, struct denial *denial)
{
	struct denial_facts *facts = &denial->facts;

	facts->tid = tid;
	(void)callgate_decode_call(&denial->call, process_text, &tid, facts->decoded, sizeof(facts->decoded));
	(void)process_facts_read(tid, &facts->caller);
	if (facts->caller.parent > 0 && facts->caller.parent != getpid())
		(void)process_facts_read(facts->caller.parent, &facts->parent);
	process_place(tid, denial->call.instruction_pointer, facts->place);
	find_descriptors(denial);
}

static void put_descriptors(struct json *json, const struct denial_facts *facts)
{
	char key[16];

	json_open(json, "descriptors", "{}");
	for (size_t i = 0; i < facts->descriptor_count; i++) {
		snprintf(key, sizeof(key), "%d", facts->descriptors[i].fd);
		json_text(json, key, facts->descriptors[i].path);
	}
	json_close(json);
}

static void put_object(FILE *out, const struct why *why, const struct denial *denial, const char *event)
{
	const struct denial_facts *facts = &denial->facts;
	const struct callgate_arch *arch = callgate_arch_of_call(denial->call.arch, denial->call.nr);
	const bool has_rule = denial->verdict.reason == CALLGATE_REASON_RULE;
	char since[CALLGATE_SINCE_TEXT] = "";
	const char *file = why->filter->path;
	unsigned line = 0, column = 0;
	struct json json = {.out = out};

	if (has_rule)
		(void)callgate_profile_rule_place(why->filter->profile, denial->verdict.rule, &file, &line, &column);
	if (arch)
		callgate_syscall_since_text(arch->token, denial->call.nr, since);
	json_open(&json, NULL, "{}");
	json_number(&json, "v", 1);
	json_text(&json, "ev", event);
	json_number(&json, "pid", facts->caller.pid);
	json_number(&json, "tid", facts->tid);
	json_number(&json, "ppid", facts->caller.parent);
	json_text(&json, "comm", facts->caller.name);
	json_call(&json, &denial->call, ~0U);
	json_text(&json, "decoded", facts->decoded);
	put_descriptors(&json, facts);
	json_text(&json, "object", facts->place);
	json_action(&json, "action", denial->verdict.action);
	json_text(&json, "gets", outcome(denial));
	json_bool(&json, "default", !has_rule);
	json_text(&json, "file", file);
	json_number(&json, "line", line);
	json_number(&json, "column", column);
	json_text(&json, "since", *since ? since : NULL);
	json_text(&json, "allow", denial->addition);
	json_number(&json, "count", (long long)denial->count);
	json_bool(&json, "certain", !why->is_uncertain);
	json_close(&json);
}

/* A word as a shell takes it, if all of it can be seen. */
static void put_word(FILE *out, const char *word)
{
	struct strbuf quoted = {0};

	if (word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+=:,@%")] == '\0') {
		fputs(word, out);
		return;
	}
	for (; *word; word++)
		strbuf_printf(&quoted, *word == '\'' ? "'\\%c'" : "%c", *word);
	print_safely(out, "'%s'", text_of(&quoted, ""));
	strbuf_finish(&quoted);
}

/* A policy is changed by its reader: the first line that matches decides. */
static void put_addition(FILE *out, const struct why *why, const struct denial *denial)
{
	const bool is_policy = callgate_profile_form(why->filter->profile) == CALLGATE_PROFILE_FORM_POLICY;
	const char *addition = denial->addition;

	if (is_policy) {
		print_safely(out, "callgate:   allow exactly this: add the line `%s -> ALLOW`%s\n", addition,
		             denial->verdict.reason == CALLGATE_REASON_RULE ? ", before the one that decides" : "");
		return;
	}
	fputs("callgate:   allow exactly this: callgate profile allow ", out);
	put_word(out, why->filter->path);
	fputc(' ', out);
	put_word(out, addition);
	fputc('\n', out);
}

/* "3.17..4.0" is a release between the two. */
static void put_since(FILE *out, const struct callgate_call *call)
{
	const struct callgate_arch *arch = callgate_arch_of_call(call->arch, call->nr);
	char since[CALLGATE_SINCE_TEXT] = "";

	if (arch)
		callgate_syscall_since_text(arch->token, call->nr, since);
	const char *bounds = strstr(since, "..");
	if (bounds)
		fprintf(out, "; since Linux %s at the latest", bounds + strlen(".."));
	else if (*since && strcmp(since, "never") != 0)
		fprintf(out, "; since Linux %s", since);
}

/* The call, who made it, and how often so far. */
static void put_line(FILE *out, const struct why *why, const struct denial *denial)
{
	const struct denial_facts *facts = &denial->facts;

	print_safely(out, "callgate: DENIED%s %s -> ", why->is_uncertain ? " (uncertain)" : "", facts->decoded);
	put_outcome(out, denial);
	print_safely(out, "  %s[%d]", facts->caller.name, facts->caller.pid);
	if (*facts->parent.name)
		print_safely(out, " (child of %s[%d])", facts->parent.name, facts->caller.parent);
	print_safely(out, " %s  x%lu\n", facts->place, denial->count);
}

/* Why it was denied, and what would allow it. */
static void put_explanation(FILE *out, const struct why *why, const struct denial *denial)
{
	const struct denial_facts *facts = &denial->facts;

	fputs("callgate:   ", out);
	put_reason(out, why, denial);
	for (size_t i = 0; i < facts->descriptor_count; i++)
		print_safely(out, "; descriptor %d is %s", facts->descriptors[i].fd, facts->descriptors[i].path);
	put_since(out, &denial->call);
	fputc('\n', out);
	if (denial->addition)
		put_addition(out, why, denial);
}

void why_print_denial(const struct why *why, const struct denial *denial)
{
	char *text = NULL;
	size_t size;
	FILE *out = memory_open(&text, &size);

	if (!out) {
		cli_lacks_memory();
		return;
	}
	if (why->settings->json)
		put_object(out, why, denial, "denied");
	else
		put_line(out, why, denial);
	if (!why->settings->json && denial->count == 1)
		put_explanation(out, why, denial);
	if (fclose(out) == 0)
		fwrite(text, 1, size, stderr);
	else
		cli_lacks_memory();
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

/* What happened more than once, or was not printed when it happened. */
static void print_total(const struct why *why, const struct denial *denial)
{
	if (why->settings->json) {
		put_object(stderr, why, denial, "total");
	} else if (why->settings->which == WHY_SUMMARY) {
		put_line(stderr, why, denial);
		put_explanation(stderr, why, denial);
	} else {
		print_safely(stderr, "callgate: %lu times: %s -> ", denial->count, denial->facts.decoded);
		put_outcome(stderr, denial);
		fputs("; ", stderr);
		put_reason(stderr, why, denial);
		fputc('\n', stderr);
	}
}

void why_print_summary(const struct why *why, const struct trace_result *result)
{
	const int status = WIFSIGNALED(result->status) ? 128 + WTERMSIG(result->status) : WEXITSTATUS(result->status);
	struct json json = {.out = stderr};

	for (size_t i = 0; i < why->denials.count; i++)
		if (why->settings->which == WHY_SUMMARY || why->denials.items[i].count > 1)
			print_total(why, &why->denials.items[i]);
	if (!why->settings->json) {
		print_end(why, result, status);
		return;
	}
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
	char decoded[DENIAL_CALL];

	(void)callgate_decode_call(&stop->call, NULL, NULL, decoded, sizeof(decoded));
	if (!why->settings->json) {
		cli_error("%s is refused with %s under --why, which could not watch what comes after it", decoded,
		          name);
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
