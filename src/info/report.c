#include <callgate/decode.h>

#include <errno.h>
#include <linux/ptrace.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/arch.h>
#include <callgate/info.h>
#include <callgate/rule.h>
#include <callgate/syscall.h>

#include "info/tables.h"
#include "info/text.h"

enum { KNOWN_POINTER = 1 << CALLGATE_ARGUMENTS, KNOWN_ALL = CALL_ARGUMENTS | KNOWN_POINTER };

/* ---- records of the audit log ---- */

/* A part of a line, which no null byte ends. */
struct span {
	const char *at;
	size_t length;
};

static bool span_is(struct span span, const char *word)
{
	return span.length == strlen(word) && memcmp(span.at, word, span.length) == 0;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* False: this is no number, or one of more than 64 bits. */
static bool span_number(struct span span, unsigned base, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (base == 16 && span.length > 2 && memcmp(span.at, "0x", 2) == 0)
		span = (struct span){span.at + 2, span.length - 2};
	for (size_t i = 0; i < span.length; i++) {
		const unsigned digit = (unsigned)digit_of(span.at[i]);
		if (digit >= base || number > (UINT64_MAX - digit) / base)
			return false;
		number = number * base + digit;
	}
	*ret_number = number;
	return span.length > 0;
}

/* A text in a buffer, so that it ends; false if it doesn't fit. */
static bool span_copy(struct span span, char *buffer, size_t size)
{
	if (span.length >= size || memchr(span.at, '\0', span.length))
		return false;
	memcpy(buffer, span.at, span.length);
	buffer[span.length] = '\0';
	return true;
}

/*
 * The next KEY=VALUE of a record, whose values have no spaces: the kernel writes what processes choose in quotes, or in
 * hexadecimal where it has quotes, spaces or control characters. False at the end. A newline ends the record.
 */
static bool next_field(struct span *rest, struct span *ret_key, struct span *ret_value)
{
	const char *end = rest->at + rest->length, *at = rest->at;

	while (at < end && *at != '\n') {
		const char *key = at;
		while (at < end && *at != ' ' && *at != '\n' && *at != '=' && *at != '\x1d')
			at++;
		if (at == end || *at != '=') {
			at += at < end && *at != '\n';
			continue;
		}
		*ret_key = (struct span){key, (size_t)(at - key)};
		const char *value = ++at;
		while (at < end && *at != ' ' && *at != '\n' && *at != '\x1d')
			at++;
		*ret_value = (struct span){value, (size_t)(at - value)};
		*rest = (struct span){at, (size_t)(end - at)};
		return true;
	}
	return false;
}

static bool take_arch(struct callgate_report *report, struct span value)
{
	char name[32];
	uint64_t number;

	if (span_number(value, 16, &number) && number <= UINT32_MAX) {
		report->call.arch = (uint32_t)number;
		return true;
	}
	const struct callgate_arch *arch = span_copy(value, name, sizeof(name)) ? callgate_arch_find_name(name) : NULL;
	if (arch)
		report->call.arch = arch->audit;
	return arch != NULL;
}

/* The kernel prints the number as an int. A name is one of the architecture's, which comes before it. */
static bool take_call(struct callgate_report *report, struct span value)
{
	const struct callgate_arch *arch = report->call.arch ? callgate_arch_of_call(report->call.arch, 0) : NULL;
	const bool is_negative = value.length > 1 && *value.at == '-';
	char name[64];
	uint64_t number;

	if (is_negative)
		value = (struct span){value.at + 1, value.length - 1};
	if (span_number(value, 10, &number) && number <= UINT32_MAX) {
		report->call.nr = (int32_t)(uint32_t)(is_negative ? -number : number);
		return true;
	}
	if (!arch || !span_copy(value, name, sizeof(name)))
		return false;
	report->call.nr = callgate_syscall_number(arch->token, name);
	return report->call.nr != __NR_SCMP_ERROR;
}

/* In quotes, in hexadecimal, or "(null)"; ausearch(8) leaves quotes and hexadecimal out. What is cut off is no name. */
static void take_command(struct callgate_report *report, struct span value)
{
	const size_t most = sizeof(report->command) - 1;
	size_t length = 0;

	memset(report->command, 0, sizeof(report->command));
	if (value.length >= 2 && *value.at == '"' && value.at[value.length - 1] == '"') {
		length = value.length - 2 < most ? value.length - 2 : most;
		memcpy(report->command, value.at + 1, length);
		return;
	}
	for (; length < most && 2 * length + 1 < value.length; length++) {
		const int high = digit_of(value.at[2 * length]), low = digit_of(value.at[2 * length + 1]);
		if (high > 15 || low > 15)
			break;
		report->command[length] = (char)(high << 4 | low);
	}
	if (length > 0 && (2 * length == value.length || length == most))
		return;
	memset(report->command, 0, sizeof(report->command));
	if (value.length <= most && *value.at != '"' && *value.at != '(')
		memcpy(report->command, value.at, value.length);
}

/* The kernel leaves the data out, so a number with data is one that is cut off. */
static void take_action(struct callgate_report *report, struct span value)
{
	uint64_t number;

	const struct callgate_action_kind *kind =
	    value.length > 2 && span_number(value, 16, &number) && number <= UINT32_MAX
	        ? callgate_action_kind((uint32_t)number)
	        : NULL;

	report->has_action = kind && kind->action == number;
	report->action = report->has_action ? kind->action : 0;
}

enum { HAS_ARCH = 1, HAS_CALL = 2, HAS_POINTER = 4, HAS_CODE = 8, HAS_PID = 16, HAS_COMMAND = 32 };

/*
 * False: what must be right is not. Of a key that is there twice the first one counts. What ends with the text may be
 * cut off.
 */
static bool take_field(struct callgate_report *report, unsigned *taken, struct span key, struct span value,
                       bool is_last)
{
	static const struct {
		const char *key;
		unsigned bit;
	} keys[] = {{"arch", HAS_ARCH}, {"syscall", HAS_CALL}, {"ip", HAS_POINTER},
	            {"code", HAS_CODE}, {"pid", HAS_PID},      {"comm", HAS_COMMAND}};
	unsigned bit = 0;
	uint64_t number;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (span_is(key, keys[i].key))
			bit = keys[i].bit;
	if (bit & *taken || bit == 0)
		return true;
	*taken |= bit;
	if (value.length == 0 || (is_last && bit != HAS_CODE))
		return !(bit & (HAS_ARCH | HAS_CALL));
	if (bit == HAS_ARCH)
		return take_arch(report, value);
	if (bit == HAS_CALL)
		return take_call(report, value);
	if (bit == HAS_POINTER && span_number(value, 16, &number)) {
		report->call.instruction_pointer = number;
		report->known |= KNOWN_POINTER;
	}
	if (bit == HAS_CODE)
		take_action(report, value);
	if (bit == HAS_PID && span_number(value, 10, &number) && number <= INT32_MAX)
		report->pid = (int32_t)number;
	if (bit == HAS_COMMAND)
		take_command(report, value);
	return true;
}

int callgate_report_of_audit(const char *text, size_t length, struct callgate_report *ret_report)
{
	struct span rest = {text, length}, key, value;
	struct callgate_report report = {.pid = 0};
	unsigned taken = 0;
	bool is_record = false, is_whole = true;

	if (!text || !ret_report)
		return -EINVAL;
	while (is_whole && next_field(&rest, &key, &value)) {
		if (is_record)
			is_whole = take_field(&report, &taken, key, value, rest.length == 0);
		else
			is_record = span_is(key, "type") && (span_is(value, "1326") || span_is(value, "SECCOMP"));
	}
	if (!is_record)
		return -ENOENT;
	if (!is_whole || (taken & (HAS_ARCH | HAS_CALL)) != (HAS_ARCH | HAS_CALL))
		return -EINVAL;
	*ret_report = report;
	return 0;
}

/* ---- structures of the kernel ---- */

int callgate_report_of_notification(const struct seccomp_notif *notification, struct callgate_report *ret_report)
{
	if (!notification || !ret_report)
		return -EINVAL;
	const struct seccomp_data *data = &notification->data;
	struct callgate_report report = {
	    .call = {.arch = data->arch, .nr = data->nr, .instruction_pointer = data->instruction_pointer},
	    .known = KNOWN_ALL,
	    .has_action = true,
	    .action = SCMP_ACT_NOTIFY,
	    .pid = (int32_t)notification->pid};
	for (int i = 0; i < CALLGATE_ARGUMENTS; i++)
		report.call.args[i] = data->args[i];
	*ret_report = report;
	return 0;
}

int callgate_report_of_stop(const void *info, size_t size, struct callgate_report *ret_report)
{
	const size_t entry = offsetof(struct ptrace_syscall_info, entry) + 7 * sizeof(uint64_t);
	struct ptrace_syscall_info stop = {0};

	if (!info || !ret_report || size < offsetof(struct ptrace_syscall_info, entry))
		return -EINVAL;
	memcpy(&stop, info, size < sizeof(stop) ? size : sizeof(stop));
	if (stop.op != PTRACE_SYSCALL_INFO_ENTRY && stop.op != PTRACE_SYSCALL_INFO_SECCOMP)
		return -ENOENT;
	const bool is_filters = stop.op == PTRACE_SYSCALL_INFO_SECCOMP;
	if (size < entry + (is_filters ? sizeof(uint32_t) : 0))
		return -EINVAL;
	struct callgate_report report = {
	    .call = {.arch = stop.arch, .nr = (int32_t)stop.entry.nr, .instruction_pointer = stop.instruction_pointer},
	    .known = KNOWN_ALL,
	    .has_action = is_filters,
	    .has_data = is_filters,
	    .action = is_filters ? SCMP_ACT_TRACE(stop.seccomp.ret_data) : 0};
	for (int i = 0; i < CALLGATE_ARGUMENTS; i++)
		report.call.args[i] = stop.entry.args[i];
	*ret_report = report;
	return 0;
}

static uint64_t register_at(const void *registers, const struct register_set *set, unsigned place)
{
	const char *at = (const char *)registers + (size_t)place * set->word;
	uint64_t wide;
	uint32_t narrow;

	memcpy(&wide, at, set->word == sizeof(wide) ? sizeof(wide) : 0);
	memcpy(&narrow, at, sizeof(narrow));
	return set->word == sizeof(wide) ? wide : narrow;
}

int callgate_report_of_registers(uint32_t arch, const void *registers, size_t size, struct callgate_report *ret_report)
{
	const struct callgate_arch *facts = callgate_arch_of_call(arch, 0);
	size_t at = 0;

	if (!registers || !ret_report)
		return -EINVAL;
	while (at < register_set_count &&
	       (!facts || strcmp(register_sets[at].arch, facts->name) != 0 || register_sets[at].size != size))
		at++;
	if (at == register_set_count)
		return -EOPNOTSUPP;
	const struct register_set *set = &register_sets[at];
	struct callgate_report report = {.known = KNOWN_ALL};
	report.call.arch = facts->audit;
	report.call.nr = (int32_t)(uint32_t)register_at(registers, set, set->nr);
	report.call.instruction_pointer = register_at(registers, set, set->instruction_pointer);
	for (int i = 0; i < CALLGATE_ARGUMENTS; i++) {
		report.call.args[i] = register_at(registers, set, set->args[i]);
		if (facts->register_bits == 32)
			report.call.args[i] &= UINT32_MAX;
	}
	*ret_report = report;
	return 0;
}

/* ---- in words ---- */

/* As callgate_action_text() has it, which is not async-signal-safe. */
static void put_action(struct text *text, uint32_t action, bool has_data)
{
	const struct callgate_action_kind *kind = callgate_action_kind(action);
	const uint32_t data = action & SECCOMP_RET_DATA;
	const bool is_errno = kind && kind->action == SCMP_ACT_ERRNO(0);
	const char *error = is_errno ? callgate_errno_name(SCMP_ARCH_NATIVE, data) : NULL;

	if (!kind) {
		text_put_hex(text, action);
		return;
	}
	text_put(text, kind->name);
	if (!has_data || (!data && !is_errno && kind->action != SCMP_ACT_TRACE(0)))
		return;
	text_put_char(text, '(');
	if (error)
		text_put(text, error);
	else
		text_put_number(text, data, 10);
	text_put_char(text, ')');
}

static void put_rule(struct text *text, const struct callgate_decoder *decoder, uint32_t rule)
{
	unsigned int line, column;

	text_put(text, "rule ");
	text_put_number(text, rule, 10);
	if (!decoder->origin || decoder->origin(decoder->origin_data, rule, &line, &column) < 0)
		return;
	text_put(text, " at ");
	text_put(text, decoder->file ? decoder->file : "line");
	text_put_char(text, decoder->file ? ':' : ' ');
	text_put_number(text, line, 10);
	text_put_char(text, ':');
	text_put_number(text, column, 10);
}

static void put_verdict(struct text *text, const struct callgate_decoder *decoder,
                        const struct callgate_verdict *verdict)
{
	static const char *const reasons[] = {
	    [CALLGATE_REASON_PROGRAM] = "by the program",
	    [CALLGATE_REASON_RULE] = "",
	    [CALLGATE_REASON_DEFAULT] = "the default: no rule matches",
	    [CALLGATE_REASON_UNKNOWN] = "because it is an unknown call, newer than the rules",
	    [CALLGATE_REASON_BAD_ARCH] = "because the filter is not for this architecture",
	};

	put_action(text, verdict->action, true);
	text_put(text, ", ");
	if (verdict->reason == CALLGATE_REASON_RULE && verdict->rule)
		put_rule(text, decoder, verdict->rule);
	else
		text_put(text,
		         reasons[verdict->reason == CALLGATE_REASON_RULE ? CALLGATE_REASON_DEFAULT : verdict->reason]);
}

/* The next rule from `index` on that is for this call; false: there is none. */
static bool next_rule(const struct callgate_simulator *simulator, const struct callgate_call *call, size_t *index,
                      struct callgate_rule *ret_rule)
{
	const struct callgate_arch *arch = callgate_arch_of_call(call->arch, call->nr);

	while (callgate_simulator_rule(simulator, (*index)++, ret_rule) == 0)
		if (arch && ret_rule->arch == arch->token && ret_rule->nr == call->nr)
			return true;
	return false;
}

/* Do the rules for this call look at nothing that the report lacks? A program without rules may look at everything. */
static bool decides(const struct callgate_simulator *simulator, const struct callgate_report *report,
                    enum callgate_reason reason)
{
	struct callgate_rule rule;
	size_t index = 0;

	if (reason == CALLGATE_REASON_PROGRAM)
		return report->known == KNOWN_ALL;
	while (next_rule(simulator, &report->call, &index, &rule))
		for (size_t i = 0; i < rule.condition_count; i++)
			if (!(report->known >> (rule.conditions[i].arg & ~CALLGATE_LOW_HALF) & 1))
				return false;
	return true;
}

static bool is_same_action(const struct callgate_report *report, uint32_t action)
{
	const uint32_t mask = report->has_data ? UINT32_MAX : (uint32_t)SECCOMP_RET_ACTION_FULL;

	return !report->has_action || ((report->action ^ action) & mask) == 0;
}

/* All rules that give the call this action, whatever the arguments are. */
static void put_candidates(struct text *text, const struct callgate_report *report,
                           const struct callgate_decoder *decoder)
{
	struct callgate_rule rule;
	bool any = false, is_closed = false;
	size_t index = 0;
	uint32_t action;

	while (!is_closed && next_rule(decoder->simulator, &report->call, &index, &rule)) {
		is_closed = rule.condition_count == 0;
		if (!is_same_action(report, rule.action))
			continue;
		text_put(text, any ? ", " : "");
		any = true;
		if (rule.id)
			put_rule(text, decoder, rule.id);
		else
			text_put(text, "the default");
	}
	if (!is_closed && callgate_simulator_default(decoder->simulator, CALLGATE_REASON_DEFAULT, 0, &action) == 0 &&
	    is_same_action(report, action)) {
		text_put(text, any ? ", or the default" : "the default: no rule matches");
		any = true;
	}
	if (!any)
		text_put(text, "by another filter");
}

static void put_decision(struct text *text, const struct callgate_report *report,
                         const struct callgate_decoder *decoder)
{
	struct callgate_verdict verdict;

	if (callgate_simulator_run(decoder->simulator, &report->call, &verdict) < 0)
		return;
	const bool decided = decides(decoder->simulator, report, verdict.reason);
	const bool has_rules = verdict.reason != CALLGATE_REASON_PROGRAM;
	text_put(text, decided || has_rules || report->has_action ? ": " : "");
	if (decided && is_same_action(report, verdict.action)) {
		put_verdict(text, decoder, &verdict);
		return;
	}
	if (report->has_action)
		put_action(text, report->action, report->has_data);
	if (decided) {
		text_put(text, ", by another filter; this one gives ");
		put_verdict(text, decoder, &verdict);
		return;
	}
	if (!has_rules)
		return;
	text_put(text, report->has_action ? ", " : "");
	put_candidates(text, report, decoder);
}

size_t callgate_report_text(const struct callgate_report *report, const struct callgate_decoder *decoder, char *buffer,
                            size_t size)
{
	static const struct callgate_decoder none = {0};
	const struct callgate_arch *arch = callgate_arch_of_call(report->call.arch, report->call.nr);
	struct text text = {buffer, size, 0};

	decoder = decoder ? decoder : &none;
	text_put_call(&text, &report->call, report->known, decoder->reader, decoder->data);
	text_put(&text, " on ");
	if (arch)
		text_put(&text, arch->name);
	else
		text_put_hex(&text, report->call.arch);
	if (decoder->simulator) {
		put_decision(&text, report, decoder);
	} else if (report->has_action) {
		text_put(&text, ": ");
		put_action(&text, report->action, report->has_data);
	}
	return text_end(&text);
}
