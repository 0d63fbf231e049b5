/* callgate decode: lines of logs and of strace, and what a filter did there. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <callgate/arch.h>
#include <callgate/decode.h>
#include <callgate/diagnosis.h>
#include <callgate/info.h>
#include <callgate/syscall.h>

#include "base/vec.h"
#include "cli/filter_file.h"
#include "cli/print.h"

enum { LINE_MOST = 1 << 20, NAME_MOST = 64, REPORT_TEXT = 2000, PROCESSES_MOST = 10000 };

struct settings {
	const char *profile;
	bool json, only;
};

static const struct option_row options[] = {
    {"profile", 0, "FILE", take_text, offsetof(struct settings, profile),
     "the filter of the process, a profile (JSON), a policy or a program: says which rule decided, and where it "
     "stands"},
    {"only", 0, NULL, take_flag, offsetof(struct settings, only),
     "leaves out the lines that were read, and prints what they mean"},
    {"json", 0, NULL, take_flag, offsetof(struct settings, json), "a JSON object for each call, a line each"},
    {0},
};

/* The call that a process has begun or made last, as strace printed it. */
struct last_call {
	int pid; /* 0: strace did not say */
	struct callgate_report report;
};

/* A rule can be in a file that a policy includes: the decoder names that one then. */
struct rule_places {
	const struct callgate_profile *profile;
	struct callgate_decoder *decoder;
};

struct decoding {
	const struct settings *settings;
	uint32_t arch;
	struct callgate_decoder decoder;
	struct rule_places places;
	VEC(struct last_call) calls;
	unsigned long line, found;
	bool out_of_memory;
};

/* ---- what is printed ---- */

static void print_json(const struct decoding *d, const struct callgate_report *report, const char *text)
{
	struct callgate_verdict verdict;
	unsigned int line, column;
	struct json json = {.out = stdout};
	const bool is_known = d->decoder.simulator && (report->known & 0x3f) == 0x3f &&
	                      callgate_simulator_run(d->decoder.simulator, &report->call, &verdict) == 0;
	const bool has_place = is_known && d->decoder.origin && verdict.rule &&
	                       d->decoder.origin(d->decoder.origin_data, verdict.rule, &line, &column) == 0;

	json_open(&json, NULL, "{}");
	json_number(&json, "v", 1);
	json_number(&json, "input_line", (long long)d->line);
	json_text(&json, "text", text);
	json_number(&json, "pid", report->pid);
	json_text(&json, "comm", *report->command ? report->command : NULL);
	json_call(&json, &report->call, report->known);
	if (report->has_action)
		json_action(&json, "action", report->action);
	json_text(&json, "file", has_place ? d->decoder.file : NULL);
	json_number(&json, "line", has_place ? line : 0);
	json_number(&json, "column", has_place ? column : 0);
	json_close(&json);
}

/* A process's name is its own choice: nothing of it may move a terminal's cursor. */
static void print_name(const char *name)
{
	for (; *name; name++)
		putchar(*name >= ' ' && *name < 0x7f ? *name : '?');
}

static void print_report(struct decoding *d, const struct callgate_report *report)
{
	char text[REPORT_TEXT];

	(void)callgate_report_text(report, &d->decoder, text, sizeof(text));
	d->found++;
	if (d->settings->json) {
		print_json(d, report, text);
		return;
	}
	printf("callgate: ");
	print_name(report->command);
	if (report->pid)
		printf("[%d]", report->pid);
	print_safely(stdout, "%s%s\n", *report->command || report->pid ? ": " : "", text);
}

/* ---- lines of strace ---- */

/* Moves *at past `word` if it is there. */
static bool skip(const char **at, const char *word)
{
	const size_t length = strlen(word);

	if (strncmp(*at, word, length) != 0)
		return false;
	*at += length;
	return true;
}

/*
 * The process, in the forms "[pid 12] " and "12 "; and the time, "12:00:00.123 " or "1600000000.5 ", which strace -t
 * prints.
 */
static int read_prefix(const char **at)
{
	int pid = 0, length = 0;

	if (sscanf(*at, "[pid %d] %n", &pid, &length) == 1 && length > 0)
		*at += length;
	else if (sscanf(*at, "%d %n", &pid, &length) == 1 && length > 0 && (*at)[strspn(*at, "0123456789")] == ' ')
		*at += length;
	else
		pid = 0;
	const size_t digits = strspn(*at, "0123456789:.");
	if (digits > 0 && (*at)[digits] == ' ')
		*at += digits + 1;
	*at += strspn(*at, " ");
	return pid;
}

/*
 * "O_RDONLY|O_CLOEXEC", "0644", "AT_FDCWD", "-1", "NULL", "3</tmp>": false where it is something else, such as a string
 * or a structure.
 */
static bool read_value(uint32_t arch, const char *text, size_t length, uint64_t *ret_value)
{
	uint64_t value = 0;

	while (length > 0) {
		const size_t part = strcspn(text, "|") < length ? strcspn(text, "|") : length;
		char word[NAME_MOST], *end;
		int64_t constant;
		if (part == 0 || part >= sizeof(word))
			return false;
		memcpy(word, text, part);
		word[part] = '\0';
		const unsigned long long number = strtoull(word, &end, 0);
		if (strcmp(word, "NULL") == 0)
			constant = 0;
		else if (end != word && (*end == '\0' || *end == '<'))
			constant = (int64_t)number;
		else if (callgate_constant(arch, word, &constant) < 0)
			return false;
		value |= (uint64_t)constant;
		text += part + (part < length);
		length -= part + (part < length);
	}
	*ret_value = value;
	return true;
}

/*
 * The end of an argument that begins here: a comma or the closing parenthesis that is in no string and no other
 * brackets.
 */
static const char *end_of_argument(const char *at)
{
	int depth = 0;

	for (bool is_quoted = false; *at; at++) {
		if (*at == '\\' && is_quoted && at[1])
			at++;
		else if (*at == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && strchr("({[", *at))
			depth++;
		else if (!is_quoted && depth > 0 && strchr(")}]", *at))
			depth--;
		else if (!is_quoted && depth == 0 && (*at == ',' || *at == ')'))
			break;
	}
	return at;
}

/*
 * "openat(AT_FDCWD, "/x", O_RDONLY) = -1 EPERM (...)": the call, and at what *ret_rest is after the parenthesis; false:
 * this is no call.
 */
static bool read_call(uint32_t arch, const char *at, struct callgate_report *ret_report, const char **ret_rest)
{
	const size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_");
	struct callgate_report report = {.known = 0};
	char name[NAME_MOST];

	if (length == 0 || length >= sizeof(name) || at[length] != '(')
		return false;
	memcpy(name, at, length);
	name[length] = '\0';
	report.call.nr = callgate_syscall_number(arch, name);
	if (report.call.nr < 0)
		return false;
	report.call.arch = callgate_arch_find(arch)->audit;
	at += length + 1;
	for (unsigned i = 0; *at && *at != ')'; i++) {
		at += strspn(at, " ");
		const char *end = end_of_argument(at);
		size_t size = (size_t)(end - at);
		while (size > 0 && at[size - 1] == ' ')
			size--;
		if (i < CALLGATE_ARGUMENTS && read_value(arch, at, size, &report.call.args[i]))
			report.known |= 1u << i;
		at = *end == ',' ? end + 1 : end;
	}
	for (unsigned i = 0; i < CALLGATE_ARGUMENTS; i++) /* what the call has not is not looked at */
		report.known |= callgate_argument_bits(arch, name, i) == 0 ? 1u << i : 0;
	*ret_report = report;
	*ret_rest = *at == ')' ? at + 1 : at;
	return true;
}

static struct last_call *find_last(struct decoding *d, int pid)
{
	for (size_t i = d->calls.count; i-- > 0;)
		if (d->calls.items[i].pid == pid)
			return &d->calls.items[i];
	return NULL;
}

static void keep(struct decoding *d, const struct callgate_report *report)
{
	struct last_call *last = find_last(d, report->pid);

	if (last)
		last->report = *report;
	else if (d->calls.count < PROCESSES_MOST)
		d->out_of_memory |= !vec_push(&d->calls, ((struct last_call){report->pid, *report}));
}

/* Would the profile give this error for such a call? The kernel gives errors of its own, which are no filter's. */
static bool is_filters_error(struct decoding *d, const struct callgate_report *report)
{
	struct callgate_verdict verdict;
	struct callgate_rule rule;
	uint32_t action;
	const struct callgate_simulator *simulator = d->decoder.simulator;

	if (!simulator || callgate_simulator_run(d->decoder.simulator, &report->call, &verdict) < 0)
		return false;
	if (verdict.action == report->action)
		return true;
	if ((report->known & 0x3f) == 0x3f || verdict.reason == CALLGATE_REASON_PROGRAM)
		return false;
	for (size_t i = 0; callgate_simulator_rule(simulator, i, &rule) == 0; i++)
		if (rule.nr == report->call.nr && rule.action == report->action)
			return true;
	return callgate_simulator_default(simulator, CALLGATE_REASON_DEFAULT, 0, &action) == 0 &&
	       action == report->action;
}

static void take_result(struct decoding *d, struct callgate_report *report, const char *rest)
{
	char error[NAME_MOST];

	keep(d, report);
	rest += strspn(rest, " ");
	if (sscanf(rest, "= -1 %60[A-Z0-9]", error) != 1)
		return;
	const int number = callgate_errno_number(d->arch, error);
	if (number < 0)
		return;
	report->has_action = report->has_data = true;
	report->action = SCMP_ACT_ERRNO((uint32_t)number);
	if (is_filters_error(d, report))
		print_report(d, report);
}

/*
 * "--- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP, si_call_addr=0x7f, si_syscall=__NR_mkdir,
 * si_arch=AUDIT_ARCH_X86_64} ---"
 */
static bool take_signal(struct decoding *d, const char *at, int pid)
{
	const char *name = strstr(at, "si_syscall=__NR_");
	const struct last_call *last = find_last(d, pid);
	struct callgate_report report = {.pid = pid, .has_action = true, .action = SCMP_ACT_TRAP};

	if (!strstr(at, "si_code=SYS_SECCOMP") || !name)
		return false;
	char call[NAME_MOST] = "";
	sscanf(name, "si_syscall=__NR_%63[a-z0-9_]", call);
	report.call.nr = callgate_syscall_number(d->arch, call);
	report.call.arch = callgate_arch_find(d->arch)->audit;
	if (report.call.nr < 0)
		return false;
	if (last && last->report.call.nr == report.call.nr) {
		report.call = last->report.call;
		report.known = last->report.known;
	}
	print_report(d, &report);
	return true;
}

static void take_strace(struct decoding *d, const char *line)
{
	const char *at = line, *rest;
	const int pid = read_prefix(&at);
	struct callgate_report report;

	if (skip(&at, "--- SIGSYS {")) {
		(void)take_signal(d, at, pid);
	} else if (skip(&at, "+++ killed by SIGSYS")) {
		const struct last_call *last = find_last(d, pid);
		if (last)
			print_report(d, &last->report);
	} else if (skip(&at, "<... ")) { /* NAME resumed>...) = RESULT */
		const struct last_call *last = find_last(d, pid);
		report = last ? last->report : (struct callgate_report){.pid = pid};
		rest = strstr(at, ") ");
		if (last && rest)
			take_result(d, &report, rest + 1);
	} else if (read_call(d->arch, at, &report, &rest)) {
		report.pid = pid;
		take_result(d, &report, rest);
	}
}

/* ---- the input ---- */

static void take_line(struct decoding *d, const char *line, size_t length)
{
	struct callgate_report report;
	const int result = length < LINE_MOST ? callgate_report_of_audit(line, length, &report) : -ENOENT;

	d->line++;
	if (!d->settings->only && !d->settings->json) {
		if (isatty(STDOUT_FILENO))
			print_bytes(stdout, line, length);
		else /* what reads them gets what came */
			fwrite(line, 1, length, stdout);
		if (length > 0 && line[length - 1] != '\n')
			putchar('\n');
	}
	if (result == 0)
		print_report(d, &report);
	else if (result == -EINVAL)
		cli_error("line %lu: this record of a filter is cut off or broken", d->line);
	else if (length < LINE_MOST && strlen(line) == length)
		take_strace(d, line);
}

static bool read_lines(struct decoding *d)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t length;

	errno = 0;
	while ((length = getline(&line, &capacity, stdin)) >= 0 && !d->out_of_memory) {
		take_line(d, line, (size_t)length);
		fflush(stdout); /* of a log that goes on, each line is shown when it comes */
		errno = 0;
	}
	const int error = errno;
	free(line);
	if (d->out_of_memory || error)
		cli_error("standard input: %s", strerror(d->out_of_memory ? ENOMEM : error));
	return !d->out_of_memory && !error;
}

static int find_origin(const void *data, uint32_t rule, unsigned int *ret_line, unsigned int *ret_column)
{
	const struct rule_places *places = data;

	return callgate_profile_rule_place(places->profile, rule, &places->decoder->file, ret_line, ret_column);
}

static bool open_filter(struct decoding *d, struct filter *filter, const struct call *call)
{
	struct callgate_decoder *decoder = &d->decoder;

	if (!d->settings->profile)
		return true;
	if (strcmp(d->settings->profile, "-") == 0) {
		cli_error("standard input has the lines: the profile is to be in a file");
		return false;
	}
	if (!filter_explain(filter, filter_open(filter, d->settings->profile, &call->environment)))
		return false;
	const int result = filter->ctx ? callgate_simulator_new(filter->ctx, &decoder->simulator)
	                               : callgate_simulator_new_program(filter->programs[0], &decoder->simulator);
	if (result < 0)
		cli_error("%s", callgate_diagnosis(filter->ctx));
	decoder->origin = filter->profile ? find_origin : NULL;
	d->places = (struct rule_places){filter->profile, decoder};
	decoder->origin_data = &d->places;
	decoder->file = filter->path;
	return result == 0;
}

static int run(struct call *call)
{
	struct filter filter = {0};
	struct decoding d = {.settings = call->settings, .arch = environment_arch(&call->environment)};
	bool done = open_filter(&d, &filter, call) && read_lines(&d);

	if (done && d.found == 0)
		cli_error("nothing in the input is said to be a filter's doing%s",
		          d.settings->profile ? "" : "; errors of strace are looked at with --profile");
	callgate_simulator_free(d.decoder.simulator);
	vec_finish(&d.calls);
	filter_close(&filter);
	return !done ? CLI_FAILED : d.found ? CLI_OK : CLI_NO;
}

const struct command cmd_decode = {
    .name = "decode",
    .what = "explain what filters did, from logs and strace's output",
    .synopsis = "[--profile FILE] [--only] [--json] [OPTION]... <LOG",
    .help = "Reads lines of the audit log (ausearch, /var/log/audit), of the kernel's log (dmesg, journalctl -k) "
            "and "
            "of strace from standard input, and prints them with a line after each in which a filter denied a "
            "call: the call in words, the action, and with --profile the rule that decided and where it stands. "
            "Exit status 1 if there is no such line.\n",
    .options = options,
    .environment = environment_options,
    .settings_size = sizeof(struct settings),
    .question = "decode takes no argument: it reads standard input",
    .run = run,
};
