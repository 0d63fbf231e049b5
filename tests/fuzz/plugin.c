/*
 * Any bytes as what a plugin's process writes to the program that has opened it, and how it ends: a hostile process
 * (hostile_host.c) takes the place of callgate-plugin-host. A second judgement of the bytes, here, says what each
 * function returns and gives as the reason. Nothing is read that was not sent, no descriptor or process is left, and
 * all texts can be shown.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/plugin.h>

#include "base/confine.h"
#include "fuzz/fuzz.h"
#include "fuzz/hostile_host.h"
#include "process/child.h"

enum { CHUNKS_MAX = 6, CHUNK_MAX = 2048, TRIES = 3, PATIENCE_MS = 600000, WORDS_MAX = CALLGATE_EXIT_REASON_TEXT - 33 };

struct chunk {
	struct hostile_chunk head;
	uint8_t bytes[CHUNK_MAX];
};

/* What the process does, as the bytes of an input choose it; `head.chunks` may be more than the host lets it do. */
struct plan {
	struct hostile_script head;
	size_t capacity; /* of the response's buffer */
	struct chunk chunks[CHUNKS_MAX];
};

/* What a function of <callgate/plugin.h> returns and gives as the reason; of its text, what the process chose. */
struct outcome {
	int result;
	bool alive;
	struct callgate_exit_reason reason;
	size_t surplus; /* bytes that nobody asked for */
};

/* ---- what the bytes choose; zeros after the end ---- */

struct bytes {
	const uint8_t *at, *end;
};

static unsigned int take(struct bytes *bytes, unsigned int below)
{
	return bytes->at < bytes->end ? *bytes->at++ % below : 0;
}

static uint64_t take_number(struct bytes *bytes)
{
	static const uint64_t edges[] = {1, 22, 4095, 4096, 223, 224, 0xffffffff, 0x100000001, INT64_MAX, UINT64_MAX};
	const unsigned int choice = take(bytes, 64);

	return choice < sizeof(edges) / sizeof(edges[0]) ? edges[choice] : choice - 10;
}

/* A report with some of its fields as they should be. */
static size_t take_report(struct bytes *bytes, uint64_t sequence, uint8_t *to)
{
	const unsigned int wrong = take(bytes, 64);
	struct report report = {.magic = wrong == 1 ? take(bytes, 256) : REPORT_MAGIC,
	                        .kind = take(bytes, 10),
	                        .value = (int64_t)take_number(bytes),
	                        .detail = (int32_t)take_number(bytes),
	                        .arch = wrong == 2 ? (uint32_t)take_number(bytes) : SCMP_ARCH_X86_64};
	const size_t follows = take(bytes, 256);

	report.size = wrong & 8 ? take_number(bytes) : follows;
	report.sequence = wrong == 3 ? take_number(bytes) : sequence;
	memcpy(to, &report, sizeof(report));
	for (size_t i = 0; i < follows; i++)
		to[sizeof(report) + i] = (uint8_t)take(bytes, 256);
	return sizeof(report) + follows;
}

static void take_chunk(struct bytes *bytes, uint64_t sequence, struct chunk *chunk)
{
	size_t size = 0;

	switch (take(bytes, 4)) {
	case 0: /* any bytes */
		size = take(bytes, 256);
		for (size_t i = 0; i < size; i++)
			chunk->bytes[i] = (uint8_t)take(bytes, 256);
		break;
	case 1: /* more than one report */
		size = take_report(bytes, sequence, chunk->bytes);
		size += take_report(bytes, sequence + 1, chunk->bytes + size);
		break;
	default:
		size = take_report(bytes, sequence, chunk->bytes);
	}
	/* What is surplus comes at once with what is not: else it is a matter of time whether it is seen. */
	chunk->head = (struct hostile_chunk){(uint32_t)size, take(bytes, sizeof(struct report) + 1)};
}

static struct plan *take_plan(const uint8_t *data, size_t size)
{
	static const int signals[] = {0, 0, 0, 0, SIGKILL, SIGSEGV, SIGSYS, SIGXCPU, SIGTERM, SIGABRT};
	struct bytes bytes = {data, data + size};
	struct plan *plan = calloc(1, sizeof(*plan));

	FUZZ_EXPECT(plan != NULL);
	plan->head.signal = signals[take(&bytes, sizeof(signals) / sizeof(signals[0]))];
	plan->head.status = (int32_t)take(&bytes, 256);
	plan->capacity = take(&bytes, 256);
	plan->head.chunks = take(&bytes, CHUNKS_MAX + 1);
	/* A plugin that is not ready is not worth much. */
	const bool is_ready = take(&bytes, 8) != 0;
	for (uint32_t i = 0; i < plan->head.chunks; i++) {
		const struct report ready = {.magic = REPORT_MAGIC, .kind = REPORT_READY};
		struct chunk *chunk = &plan->chunks[i];
		if (i == 0 && is_ready) {
			memcpy(chunk->bytes, &ready, sizeof(ready));
			chunk->head.size = sizeof(ready);
		} else {
			take_chunk(&bytes, i, chunk);
		}
	}
	return plan;
}

/* ---- the second judgement ---- */

static struct outcome outcome_of(int result, enum callgate_exit_kind kind)
{
	return (struct outcome){.result = result, .alive = result != -EPIPE, .reason = {.kind = kind}};
}

/* It has ended, and there is nothing more to be read. */
static struct outcome ended(const struct plan *plan)
{
	const int number = plan->head.signal;
	struct outcome outcome = outcome_of(-EPIPE, number == 0         ? CALLGATE_EXIT_EXITED
	                                            : number == SIGKILL ? CALLGATE_EXIT_KILLED
	                                            : number == SIGXCPU ? CALLGATE_EXIT_CPU
	                                            : number == SIGSYS  ? CALLGATE_EXIT_FORBIDDEN
	                                                                : CALLGATE_EXIT_CRASHED);

	outcome.reason.signal = number;
	outcome.reason.value = number ? 0 : plan->head.status;
	outcome.reason.syscall = number == SIGSYS ? -1 : 0;
	return outcome;
}

static struct outcome forbidden(const struct report *report)
{
	struct outcome outcome = outcome_of(-EPIPE, CALLGATE_EXIT_FORBIDDEN);

	outcome.reason.syscall = report->detail;
	outcome.reason.arch = report->arch;
	return outcome;
}

/* The chunk that is expected next; one without bytes where there are no more. */
static const struct chunk *chunk_at(const struct plan *plan, uint32_t index)
{
	static const struct chunk none;

	return index < plan->head.chunks ? &plan->chunks[index] : &none;
}

static const char *error_text(int error)
{
	return -error == CONFINE_FAKED ? CONFINE_FAKED_TEXT : strerror(error);
}

/* Of an error that has no name, strerror(3) gives a text that lasts until the next one. */
static void judge_unlimited(const struct report *report, struct callgate_exit_reason *reason)
{
	const size_t length = (size_t)snprintf(reason->text, sizeof(reason->text),
	                                       ": Landlock: %s; opening them for it: ", error_text((int)report->value));

	snprintf(reason->text + length, sizeof(reason->text) - length, "%s", error_text(report->detail));
}

static void judge_words(const char *words, size_t size, struct callgate_exit_reason *reason)
{
	const size_t length = (size_t)snprintf(reason->text, sizeof(reason->text), "can't be loaded: ");

	for (size_t i = 0; i < size && words[i]; i++)
		reason->text[length + i] = words[i] >= ' ' && words[i] <= '~' ? words[i] : '?';
}

static struct outcome judge_loading(const struct plan *plan)
{
	const struct chunk *chunk = chunk_at(plan, 0);
	const size_t follows = chunk->head.size - sizeof(struct report);
	struct outcome outcome = outcome_of(-EPIPE, CALLGATE_EXIT_REFUSED);
	struct report report;
	size_t words;

	if (chunk->head.size < sizeof(report))
		return ended(plan);
	memcpy(&report, chunk->bytes, sizeof(report));
	if (report.magic != REPORT_MAGIC)
		return outcome_of(-EPIPE, CALLGATE_EXIT_MALFORMED);
	switch (report.kind) {
	case REPORT_READY:
		outcome = outcome_of(0, CALLGATE_EXIT_NONE);
		outcome.surplus = follows;
		return outcome;
	case REPORT_NO_LIMIT:
		outcome.result = -EOPNOTSUPP;
		judge_unlimited(&report, &outcome.reason);
		return outcome;
	case REPORT_REFUSED:
		words = report.size < WORDS_MAX ? (size_t)report.size : WORDS_MAX;
		judge_words((const char *)chunk->bytes + sizeof(report), words, &outcome.reason);
		return follows < words ? ended(plan) : outcome;
	case REPORT_FORBIDDEN:
		return forbidden(&report);
	case REPORT_FAILED:
		if (report.value > 0 && report.value < 4096)
			return outcome;
		/* fall through */
	default:
		return outcome_of(-EPIPE, CALLGATE_EXIT_MALFORMED);
	}
}

/* `before` is what the last function gave. */
static struct outcome judge_call(const struct plan *plan, uint32_t index, const struct outcome *before)
{
	const struct chunk *chunk = chunk_at(plan, index);
	struct outcome outcome;
	struct report report;

	if (!before->alive) {
		outcome = *before;
		outcome.result = -EPIPE;
		return outcome;
	}
	if (before->surplus)
		return outcome_of(-EPIPE, CALLGATE_EXIT_MALFORMED);
	if (chunk->head.size < sizeof(report))
		return ended(plan);
	memcpy(&report, chunk->bytes, sizeof(report));
	const size_t follows = chunk->head.size - sizeof(report);
	const bool fits = report.size <= plan->capacity;
	if (report.magic == REPORT_MAGIC && report.kind == REPORT_FORBIDDEN)
		return forbidden(&report);
	if (report.magic != REPORT_MAGIC || report.sequence != index ||
	    report.kind != (fits ? REPORT_VALUE : REPORT_TOO_LARGE))
		return outcome_of(-EPIPE, CALLGATE_EXIT_MALFORMED);
	if (fits && follows < report.size)
		return ended(plan);
	outcome = fits ? outcome_of(0, CALLGATE_EXIT_VALUE) : outcome_of(-EMSGSIZE, CALLGATE_EXIT_TOO_LARGE);
	outcome.reason.value = fits ? report.value : 0;
	outcome.reason.output_size = report.size < SIZE_MAX ? (size_t)report.size : SIZE_MAX;
	outcome.surplus = fits ? follows - (size_t)report.size : follows;
	return outcome;
}

/*
 * A process that waits for a request while the host waits for more of it would wait for ever: it ends where the host
 * still expects bytes.
 */
static void shorten(struct plan *plan)
{
	struct outcome outcome = judge_loading(plan);
	uint32_t index = 1;

	for (; index < plan->head.chunks && outcome.alive; index++)
		outcome = judge_call(plan, index, &outcome);
	if (plan->head.chunks > index)
		plan->head.chunks = index;
}

/* ---- the process ---- */

static char folder[] = "/tmp/callgate-fuzz-XXXXXX", script[sizeof(folder) + 8];
static pid_t owner;

static void remove_folder(void)
{
	if (getpid() != owner)
		return;
	unlink(script);
	rmdir(folder);
}

static void write_script(const struct plan *plan)
{
	if (!owner) {
		FUZZ_EXPECT(mkdtemp(folder) != NULL);
		snprintf(script, sizeof(script), "%s/script", folder);
		owner = getpid();
		atexit(remove_folder);
	}
	FILE *file = fopen(script, "we");
	FUZZ_EXPECT(file != NULL);
	FUZZ_EXPECT(fwrite(&plan->head, sizeof(plan->head), 1, file) == 1);
	for (uint32_t i = 0; i < plan->head.chunks; i++) {
		FUZZ_EXPECT(fwrite(&plan->chunks[i].head, sizeof(struct hostile_chunk), 1, file) == 1);
		fwrite(plan->chunks[i].bytes, 1, plan->chunks[i].head.size, file);
	}
	FUZZ_EXPECT(fclose(file) == 0);
}

static int count_descriptors(void)
{
	DIR *list = opendir("/proc/self/fd");
	int count = 0;

	FUZZ_EXPECT(list != NULL);
	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

/* ---- comparing ---- */

static void check_text(const struct callgate_exit_reason *reason)
{
	const size_t length = strnlen(reason->text, sizeof(reason->text));
	const bool has_text = reason->kind != CALLGATE_EXIT_NONE && reason->kind != CALLGATE_EXIT_VALUE;

	FUZZ_EXPECT(length < sizeof(reason->text) && has_text == (length > 0));
	for (size_t i = 0; i < length; i++)
		FUZZ_EXPECT(reason->text[i] >= ' ' && reason->text[i] <= '~');
	FUZZ_EXPECT(strcmp(callgate_exit_kind_name(reason->kind), "?") != 0);
}

static bool is_as_judged(const char *what, const struct outcome *judged, int result,
                         const struct callgate_exit_reason *reason)
{
	const struct callgate_exit_reason *wanted = &judged->reason;

	check_text(reason);
	FUZZ_EXPECT(result == 0 || *callgate_diagnosis(NULL));
	if (result == judged->result && reason->kind == wanted->kind && reason->signal == wanted->signal &&
	    reason->syscall == wanted->syscall && reason->arch == wanted->arch && reason->value == wanted->value &&
	    reason->output_size == wanted->output_size && strstr(reason->text, wanted->text))
		return true;
	fprintf(stderr, "%s gives %d, %s, signal %d, call %d, arch %x, value %lld, size %zu: %s\n", what, result,
	        callgate_exit_kind_name(reason->kind), reason->signal, reason->syscall, reason->arch,
	        (long long)reason->value, reason->output_size, reason->text);
	fprintf(stderr, "not %d, %s, signal %d, call %d, arch %x, value %lld, size %zu: %s\n", judged->result,
	        callgate_exit_kind_name(wanted->kind), wanted->signal, wanted->syscall, wanted->arch,
	        (long long)wanted->value, wanted->output_size, wanted->text);
	return false;
}

static bool check_calls(const struct plan *plan, struct callgate_plugin *plugin, struct outcome outcome)
{
	/* Of just this size, so that a sanitizer sees what is written past it. */
	uint8_t *response = malloc(plan->capacity + 1), *request = calloc(1, 100);
	bool same = true;

	FUZZ_EXPECT(response && request);
	response = realloc(response, plan->capacity ? plan->capacity : 1);
	/* Once more than there are chunks: what is gone stays gone, for the same reason. */
	for (uint32_t i = 1; same && i <= plan->head.chunks + 2; i++) {
		struct callgate_exit_reason reason;
		outcome = judge_call(plan, i, &outcome);
		int result = callgate_plugin_call(plugin, request, i * 13 % 100, response, plan->capacity, &reason);
		same = is_as_judged("a call", &outcome, result, &reason);
		FUZZ_EXPECT(!same || callgate_plugin_alive(plugin) == outcome.alive);
		if (same && result == 0)
			FUZZ_EXPECT(
			    memcmp(response, plan->chunks[i].bytes + sizeof(struct report), reason.output_size) == 0);
	}
	free(response);
	free(request);
	return same;
}

/* Was any left? */
static bool collect_children(void)
{
	bool any = false;

	for (;;) {
		const pid_t child = waitpid(-1, NULL, __WALL);
		if (child < 0 && errno == ECHILD)
			return any;
		FUZZ_EXPECT(child > 0 || errno == EINTR);
		fprintf(stderr, "a process is left: %s\n", callgate_diagnosis(NULL));
		any = true;
	}
}

/* False: something is not as it was judged. */
static bool run(const struct plan *plan)
{
	const struct callgate_plugin_options options = {
	    .helper = HOSTILE_HOST, .load_deadline_ms = PATIENCE_MS, .call_deadline_ms = PATIENCE_MS};
	const struct outcome loading = judge_loading(plan);
	const int descriptors = count_descriptors();
	struct callgate_plugin *plugin = NULL;
	struct callgate_exit_reason reason;

	write_script(plan);
	int result = callgate_plugin_open(script, &options, &reason, &plugin);
	FUZZ_EXPECT((result == 0) == (plugin != NULL));
	bool same = is_as_judged("opening", &loading, result, &reason);
	if (plugin && same)
		same = check_calls(plan, plugin, loading);
	/* What has happened is no matter to another process. */
	if (plugin && same)
		same = is_as_judged("starting again", &loading, callgate_plugin_restart(plugin, &reason), &reason);
	callgate_plugin_close(plugin);
	FUZZ_EXPECT(count_descriptors() == descriptors);
	return !collect_children() && same;
}

/*
 * A process that has closed its descriptors, or was killed, gets a second to end, which a busy machine may not give it:
 * so what is not as it was judged is tried again.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan *plan = take_plan(data, size);
	bool same = false;

	shorten(plan);
	for (int i = 0; !same && i < TRIES; i++)
		same = run(plan);
	FUZZ_EXPECT(same);
	free(plan);
	return 0;
}
