/*
 * Any bytes as what decoders get: lines of the audit log, signals, stops, registers, and calls of any kind. A record
 * that the kernel could write comes back as it was, what is refused changes nothing, and the words for a value are
 * the value again. Each text is the same whatever the buffer's size, has no byte that steers a terminal, and
 * names the rule that decides, whatever the arguments are that the report lacks.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

#include <callgate/action.h>
#include <callgate/arch.h>
#include <callgate/decode.h>
#include <callgate/info.h>
#include <callgate/rule.h>
#include <callgate/syscall.h>

#include "fuzz/fuzz.h"

enum { TEXT_SIZE = 4096, LINE_SIZE = 1024, KNOWN_ALL = 0x7f, COMPLETIONS = 8 };

/* ---- what the bytes choose; zeros after the end ---- */

struct bytes {
	const uint8_t *at, *end;
};

static unsigned int take(struct bytes *bytes, unsigned int below)
{
	return bytes->at < bytes->end ? *bytes->at++ % below : 0;
}

static void take_into(struct bytes *bytes, void *to, size_t size)
{
	const size_t left = (size_t)(bytes->end - bytes->at), count = size < left ? size : left;

	memset(to, 0, size);
	if (count > 0)
		memcpy(to, bytes->at, count);
	bytes->at += count;
}

static uint64_t take_value(struct bytes *bytes)
{
	uint64_t value;

	switch (take(bytes, 4)) {
	case 0:
		return take(bytes, 256);
	case 1: /* one bit, or all above it */
		value = UINT64_C(1) << take(bytes, 64);
		return take(bytes, 2) ? -value : value;
	default:
		take_into(bytes, &value, sizeof(value));
		return value;
	}
}

static const struct callgate_arch *take_arch(struct bytes *bytes)
{
	size_t count = 0;

	while (callgate_arch_at(count))
		count++;
	return callgate_arch_at(take(bytes, 255) % count);
}

/* Mostly a call that the architecture has. */
static int32_t take_number(struct bytes *bytes, const struct callgate_arch *arch)
{
	int32_t any;

	if (take(bytes, 8) != 1) {
		const unsigned int first = take(bytes, 256);
		const int newest = callgate_syscall_newest(arch->token);
		for (int i = 0; i <= newest; i++) {
			const int nr = (int)((first + 256 * take(bytes, 3) + (unsigned int)i) % 600);
			if (callgate_syscall_name(arch->token, nr))
				return nr;
		}
	}
	take_into(bytes, &any, sizeof(any));
	return any;
}

/* ---- texts ---- */

/* What a reader of strings gives: any bytes, or that it can't. `data` is where they come from. */
static int read_text(void *data, uint64_t address, char *buffer, size_t size)
{
	struct bytes *bytes = data;
	const size_t length = take(bytes, 200);

	if (address % 5 == 0)
		return -EFAULT;
	take_into(bytes, buffer, length < size ? length : size - 1);
	buffer[length < size ? length : size - 1] = '\0';
	return 0;
}

static void check_shown(const char *text)
{
	for (; *text; text++)
		FUZZ_EXPECT(*text >= ' ' && *text <= '~');
}

/* What a function wrote into `size` bytes, of a text that is `whole` with enough of them. */
static void check_part(const char *whole, size_t length, const char *part, size_t size, size_t returned)
{
	const size_t shown = size == 0 ? 0 : length < size ? length : size - 1;

	FUZZ_EXPECT(returned == length && strlen(whole) == length);
	FUZZ_EXPECT(size == 0 || (memcmp(whole, part, shown) == 0 && part[shown] == '\0'));
}

/* A buffer of just this size, so that a sanitizer sees what is written after it. */
static char *small_buffer(struct bytes *bytes, size_t *ret_size)
{
	*ret_size = take(bytes, 200);
	char *buffer = malloc(*ret_size + (*ret_size == 0));
	FUZZ_EXPECT(buffer != NULL);
	return buffer;
}

static void check_call_text(const struct callgate_call *call, struct bytes bytes)
{
	char whole[TEXT_SIZE];
	size_t size;
	char *part = small_buffer(&bytes, &size);
	struct bytes first = bytes, second = bytes;

	const size_t length = callgate_decode_call(call, read_text, &first, whole, sizeof(whole));
	check_shown(whole);
	check_part(whole, length, part, size, callgate_decode_call(call, read_text, &second, part, size));
	free(part);
}

/* ---- one argument ---- */

/* What a word stands for: a constant or a number. */
static uint64_t value_of_word(uint32_t arch, const char *word)
{
	int64_t constant;
	char *end;

	if (strcmp(word, "NULL") == 0)
		return 0;
	if (callgate_constant(arch, word, &constant) == 0)
		return constant < 0 ? (uint32_t)constant : (uint64_t)constant;
	const uint64_t number = *word == '-' ? (uint64_t)strtoll(word, &end, 0) : strtoull(word, &end, 0);
	FUZZ_EXPECT(end != word && *end == '\0');
	return number;
}

/* The words of a value mean the value, in the bits that the kernel reads of it. */
static void check_argument(struct bytes *bytes)
{
	const struct callgate_arch *arch = take_arch(bytes);
	const char *call = callgate_syscall_name(arch->token, take_number(bytes, arch));
	const unsigned int arg = take(bytes, 7), bits = call ? callgate_argument_bits(arch->token, call, arg) : 0;
	const uint64_t value = take_value(bytes), mask = bits && bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
	char whole[TEXT_SIZE], words[TEXT_SIZE], *rest = words;
	uint64_t meant = 0;
	size_t size;

	const size_t length = callgate_decode_argument(arch->token, call, arg, value, whole, sizeof(whole));
	char *part = small_buffer(bytes, &size);
	check_shown(whole);
	check_part(whole, length, part, size, callgate_decode_argument(arch->token, call, arg, value, part, size));
	free(part);
	strcpy(words, whole);
	for (char *word; (word = strsep(&rest, "|"));)
		meant |= value_of_word(arch->token, word);
	if ((meant ^ value) & mask) {
		fprintf(stderr, "argument %u of %s on %s: 0x%llx of %u bits is \"%s\", which is 0x%llx\n", arg,
		        call ? call : "?", arch->name, (unsigned long long)value, bits, whole,
		        (unsigned long long)meant);
		abort();
	}
}

/* ---- reports ---- */

/* A filter whose rules look at arguments, and its program. They live as long as the process. */
static struct callgate_simulator *simulators[2];

static void make_simulators(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	struct callgate_program *program;

	FUZZ_EXPECT(ctx && seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE) == 0);
	FUZZ_EXPECT(seccomp_arch_add(ctx, SCMP_ARCH_X86_64) == 0 && seccomp_arch_add(ctx, SCMP_ARCH_X86) == 0);
	FUZZ_EXPECT(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 0) == 0);
	FUZZ_EXPECT(seccomp_rule_add(ctx, SCMP_ACT_TRAP, SCMP_SYS(mkdir), 1, SCMP_A1_64(SCMP_CMP_GT, 0755)) == 0);
	FUZZ_EXPECT(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(13), SCMP_SYS(personality), 1, SCMP_A0_64(SCMP_CMP_GT, 8)) ==
	            0);
	FUZZ_EXPECT(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(1), SCMP_SYS(personality), 2, SCMP_A0_64(SCMP_CMP_EQ, 8),
	                             SCMP_A3_64(SCMP_CMP_NE, 1)) == 0);
	FUZZ_EXPECT(seccomp_rule_add(ctx, SCMP_ACT_LOG, SCMP_SYS(close), 1, SCMP_A0_64(SCMP_CMP_MASKED_EQ, 3, 1)) == 0);
	FUZZ_EXPECT(callgate_rule_unknown(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ERRNO(38)) == 0);
	FUZZ_EXPECT(callgate_simulator_new(ctx, &simulators[0]) == 0);
	FUZZ_EXPECT(callgate_program_compile(ctx, &program) == 0);
	FUZZ_EXPECT(callgate_simulator_new_program(program, &simulators[1]) == 0);
	callgate_program_free(program);
	seccomp_release(ctx);
}

static int find_origin(const void *data, uint32_t rule, unsigned int *ret_line, unsigned int *ret_column)
{
	(void)data;
	*ret_line = 100 + rule;
	*ret_column = rule;
	return rule % 2 ? 0 : -ENOENT;
}

/* The report has what the kernel did: `action` could be that, as far as it says. */
static bool could_be(const struct callgate_report *report, uint32_t action)
{
	const uint32_t mask = report->has_data ? UINT32_MAX : 0xffff0000u;

	return !report->has_action || ((report->action ^ action) & mask) == 0;
}

static bool has_word(const char *text, const char *word)
{
	for (const char *at = text; (at = strstr(at, word)); at++)
		if (at[strlen(word)] < '0' || at[strlen(word)] > '9')
			return true;
	return false;
}

/* Whatever the arguments are that are not known, what decides then is named. */
static void check_decision(const struct callgate_report *report, const char *text, struct bytes *bytes)
{
	for (int i = 0; i < COMPLETIONS; i++) {
		struct callgate_call call = report->call;
		struct callgate_verdict verdict;
		char rule[32];
		for (int arg = 0; arg < 6; arg++)
			if (!(report->known >> arg & 1))
				call.args[arg] = take(bytes, 2) ? take_value(bytes) : (uint64_t)(8 * (i % 2));
		FUZZ_EXPECT(callgate_simulator_run(simulators[0], &call, &verdict) == 0);
		if (!could_be(report, verdict.action))
			continue;
		snprintf(rule, sizeof(rule), "rule %u", verdict.rule);
		const char *const words[] = {[CALLGATE_REASON_RULE] = rule,
		                             [CALLGATE_REASON_DEFAULT] = "the default",
		                             [CALLGATE_REASON_UNKNOWN] = "unknown call",
		                             [CALLGATE_REASON_BAD_ARCH] = "architecture"};
		if (has_word(text, words[verdict.reason]))
			continue;
		fprintf(stderr, "%s\n%s decides, and is not named (known: %x)\n", text, words[verdict.reason],
		        report->known);
		abort();
	}
}

static void check_report(const struct callgate_report *report, struct bytes bytes)
{
	char whole[TEXT_SIZE], plain[TEXT_SIZE];
	size_t size;
	char *part = small_buffer(&bytes, &size);
	const unsigned int which = take(&bytes, 3);
	struct bytes first = bytes, second = bytes;
	struct callgate_decoder decoder = {.simulator = which < 2 ? simulators[which] : NULL,
	                                   .origin = take(&bytes, 2) ? find_origin : NULL,
	                                   .file = take(&bytes, 2) ? "p.json" : NULL,
	                                   .reader = read_text,
	                                   .data = &first};

	FUZZ_EXPECT((report->known & ~(unsigned int)KNOWN_ALL) == 0);
	FUZZ_EXPECT(memchr(report->command, '\0', sizeof(report->command)) != NULL);
	const size_t length = callgate_report_text(report, &decoder, whole, sizeof(whole));
	decoder.data = &second;
	check_shown(whole);
	check_part(whole, length, part, size, callgate_report_text(report, &decoder, part, size));
	free(part);
	(void)callgate_report_text(report, NULL, plain, sizeof(plain));
	check_shown(plain);
	if (which == 0)
		check_decision(report, whole, &bytes);
}

/* ---- where reports come from ---- */

/* `untouched` is what the place for a report had. */
static void check_result(int result, const struct callgate_report *report, struct bytes bytes)
{
	struct callgate_report untouched;

	memset(&untouched, 0xa5, sizeof(untouched));
	if (result == 0)
		check_report(report, bytes);
	else
		FUZZ_EXPECT(memcmp(report, &untouched, sizeof(untouched)) == 0);
}

static void *copy_of(const void *bytes, size_t size)
{
	void *copy = malloc(size + (size == 0));

	FUZZ_EXPECT(copy != NULL);
	memcpy(copy, bytes, size);
	return copy;
}

static void check_audit(const char *line, size_t length, struct bytes bytes)
{
	struct callgate_report report;
	char *tight = copy_of(line, length);

	memset(&report, 0xa5, sizeof(report));
	const int result = callgate_report_of_audit(tight, length, &report);
	free(tight);
	FUZZ_EXPECT(result == 0 || result == -ENOENT || result == -EINVAL);
	check_result(result, &report, bytes);
}

/* A process's name as the kernel writes it: in quotes, or in hexadecimal where it has what quotes can't. */
static void print_command(const char *command, char *to)
{
	bool is_plain = true;

	for (const char *at = command; *at; at++)
		is_plain = is_plain && *at > ' ' && *at <= '~' && *at != '"';
	if (is_plain) {
		sprintf(to, "\"%s\"", command);
		return;
	}
	for (; *command; command++, to += 2)
		sprintf(to, "%02X", (unsigned char)*command);
}

/* A record as the kernel writes it is read as it was written; then a changed one is read. */
static void check_record(struct bytes *bytes)
{
	const struct callgate_arch *arch = take_arch(bytes);
	struct callgate_report wanted = {.call = {.arch = arch->audit}, .known = 0x40, .has_action = true}, report;
	char line[LINE_SIZE], command[40];
	size_t kinds = 0;

	wanted.call.nr = take_number(bytes, arch);
	wanted.call.instruction_pointer = take_value(bytes);
	wanted.pid = (int32_t)(take_value(bytes) & INT32_MAX);
	take_into(bytes, wanted.command, sizeof(wanted.command) - 1);
	while (callgate_action_kind_at(kinds))
		kinds++;
	wanted.action = callgate_action_kind_at(take(bytes, 255) % kinds)->action;
	print_command(wanted.command, command);
	const int length = snprintf(
	    line, sizeof(line),
	    "%saudit: type=1326 audit(1700000000.123:%u): auid=1000 uid=1000 gid=1000 ses=3 subj=unconfined pid=%d "
	    "comm=%s exe=\"/usr/bin/x\" sig=31 arch=%x syscall=%d compat=0 ip=0x%llx code=0x%x%s",
	    take(bytes, 2) ? "[   12.345] " : "", take(bytes, 256), wanted.pid, command, wanted.call.arch,
	    wanted.call.nr, (unsigned long long)wanted.call.instruction_pointer, wanted.action,
	    take(bytes, 2) ? "\n" : "");
	FUZZ_EXPECT(length > 0 && (size_t)length < sizeof(line));
	if (take(bytes, 2)) {
		/* The name ends where its zeros begin, and the bytes after them are no part of it. */
		memset(wanted.command + strlen(wanted.command), 0, sizeof(wanted.command) - strlen(wanted.command));
		FUZZ_EXPECT(callgate_report_of_audit(line, (size_t)length, &report) == 0);
		if (memcmp(&report.call, &wanted.call, sizeof(wanted.call)) == 0 && report.known == wanted.known &&
		    report.action == wanted.action && report.has_action && !report.has_data &&
		    report.pid == wanted.pid && strcmp(report.command, wanted.command) == 0) {
			check_report(&report, *bytes);
			return;
		}
		fprintf(stderr, "read otherwise: %s\n", line);
		abort();
	}
	for (unsigned int i = take(bytes, 4); i > 0; i--)
		line[take(bytes, 256) * 2 % (unsigned int)length] = (char)take(bytes, 256);
	check_audit(line, (size_t)length - take(bytes, 64), *bytes);
}

static void check_signal(struct bytes *bytes)
{
	struct callgate_report report;
	siginfo_t *info = malloc(sizeof(*info));
	ucontext_t *context = malloc(sizeof(*context));
	const bool is_real = take(bytes, 8) != 1, has_context = take(bytes, 4) != 1;

	FUZZ_EXPECT(info && context);
	take_into(bytes, info, sizeof(*info));
	take_into(bytes, context, sizeof(*context));
	if (is_real) {
		info->si_signo = SIGSYS;
		info->si_code = 1; /* SYS_SECCOMP */
		if (take(bytes, 4) != 1)
			info->si_arch = take_arch(bytes)->audit;
	}
	memset(&report, 0xa5, sizeof(report));
	const int result = callgate_report_of_signal(info, has_context ? context : NULL, &report);
	FUZZ_EXPECT(result == 0 || (!is_real && result == -ENOENT));
	check_result(result, &report, *bytes);
	if (result == 0)
		FUZZ_EXPECT(report.call.nr == info->si_syscall && report.call.arch == info->si_arch);
	free(info);
	free(context);
}

static void check_structures(struct bytes *bytes)
{
	static const size_t sizes[] = {68, 72, 216, 256, 272, 360, 0, 3};
	const bool is_stop = take(bytes, 2);
	const struct callgate_arch *arch = take_arch(bytes);
	const size_t size = is_stop ? take(bytes, 100) : sizes[take(bytes, 8)];
	struct callgate_report report;
	struct seccomp_notif notification;
	uint8_t any[360];

	take_into(bytes, any, sizeof(any));
	if (is_stop)
		any[0] &= 3;
	void *tight = copy_of(any, size);
	memset(&report, 0xa5, sizeof(report));
	const int result = is_stop ? callgate_report_of_stop(tight, size, &report)
	                           : callgate_report_of_registers(arch->audit, tight, size, &report);
	FUZZ_EXPECT(result == 0 || result == (is_stop ? -EINVAL : -EOPNOTSUPP) || (is_stop && result == -ENOENT));
	check_result(result, &report, *bytes);
	for (int i = 0; result == 0 && !is_stop && arch->register_bits == 32 && i < 6; i++)
		FUZZ_EXPECT(report.call.args[i] <= UINT32_MAX);
	free(tight);
	memcpy(&notification, any, sizeof(notification));
	FUZZ_EXPECT(callgate_report_of_notification(&notification, &report) == 0);
	check_report(&report, *bytes);
}

/* A report of any kind, which somebody has filled in. */
static void check_any_report(struct bytes *bytes)
{
	static const char *const names[] = {"read", "mkdir", "personality", "close", "mmap"};
	struct callgate_report report = {.known = take(bytes, KNOWN_ALL + 1)};
	const unsigned int choice = take(bytes, 8);
	const struct callgate_arch *arch = choice < 6 ? callgate_arch_find(SCMP_ARCH_X86_64) : take_arch(bytes);

	report.call.arch = arch->audit;
	report.call.nr = choice < 5 ? callgate_syscall_number(arch->token, names[choice]) : take_number(bytes, arch);
	for (int i = 0; i < 6; i++)
		report.call.args[i] = report.known >> i & 1 ? take_value(bytes) : 0;
	report.has_action = take(bytes, 2);
	report.has_data = take(bytes, 2);
	take_into(bytes, &report.action, sizeof(report.action));
	if (take(bytes, 4))
		report.action = take(bytes, 2) ? SCMP_ACT_TRAP : SCMP_ACT_ERRNO(take(bytes, 16));
	check_report(&report, *bytes);
	check_call_text(&report.call, *bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, data + size};

	if (!simulators[0])
		make_simulators();
	switch (take(&bytes, 6)) {
	case 0:
		check_audit((const char *)bytes.at, (size_t)(bytes.end - bytes.at), bytes);
		break;
	case 1:
		check_record(&bytes);
		break;
	case 2:
		check_signal(&bytes);
		break;
	case 3:
		check_structures(&bytes);
		break;
	case 4:
		check_any_report(&bytes);
		break;
	default:
		check_argument(&bytes);
	}
	return 0;
}
