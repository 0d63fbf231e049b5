/* callgate dump: the filters of a live process, and what they are. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <callgate/arch.h>
#include <callgate/diagnosis.h>
#include <callgate/prove.h>
#include <callgate/syscall.h>

#include "base/strbuf.h"
#include "cli/filter_file.h"
#include "cli/output.h"
#include "cli/print.h"
#include "trace/live_filters.h"
#include "trace/process_facts.h"

enum { DIFFERENCES = 3 };

struct settings {
	bool all, subset;
	unsigned int disasm;
	const char *against, *output;
};

static const struct option_row options[] = {
    {"all", 0, NULL, take_flag, offsetof(struct settings, all),
     "list every process that has a filter, one per line; no PID"},
    {"against", 0, "PROFILE", take_text, offsetof(struct settings, against),
     "compare all filters together with PROFILE; exit status 0: equal, 1: not"},
    {"subset", 0, NULL, take_flag, offsetof(struct settings, subset),
     "with --against: only check that they allow nothing that PROFILE denies"},
    {"disasm", 0, "N", take_number, offsetof(struct settings, disasm), "list the instructions of filter N", .least = 1,
     .most = INT_MAX},
    {"output", 'o', "DIR", take_text, offsetof(struct settings, output), "writes each filter to DIR/N.bpf"},
    {0},
};

static void print_process(const struct process_facts *process)
{
	static const char *const modes[] = {"no filter", "strict mode", "filters"};

	print_safely(stdout, "%s[%d]: ", process->name, process->pid);
	if (process->mode == 2 && process->filters >= 0)
		printf("%d filter%s", process->filters, process->filters == 1 ? "" : "s");
	else
		printf("%s", process->mode < 0 || process->mode > 2 ? "unknown" : modes[process->mode]);
	if (process->mode == 2)
		printf(", %s",
		       process->no_new_privileges == 1 ? "no_new_privs" : "privileges can be gained (no no_new_privs)");
	if (process->threads > 1)
		printf(", %d threads", process->threads);
	putchar('\n');
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static int is_number(const struct dirent *entry)
{
	return entry->d_name[strspn(entry->d_name, "0123456789")] == '\0';
}

static int dump_all(void)
{
	struct dirent **entries;
	const int count = scandir("/proc", &entries, is_number, by_number);
	struct process_facts process;

	if (count < 0) {
		cli_error("/proc: %s", strerror(errno));
		return CLI_FAILED;
	}
	for (int i = 0; i < count; i++) {
		if (process_facts_read(atoi(entries[i]->d_name), &process) && process.mode > 0)
			print_process(&process);
		free(entries[i]);
	}
	free(entries);
	return CLI_OK;
}

/* ---- what a filter is ---- */

static struct callgate_filter one(const struct live_filter *filter)
{
	const struct callgate_program *const *program = (const struct callgate_program *const *)&filter->program;

	return (struct callgate_filter){.programs = program, .program_count = 1};
}

/* What a filter may be: a profile or a program, in an environment. */
struct candidate {
	struct filter filter;
	const char *in; /* what is said of the environment */
};

struct candidates {
	VEC(struct candidate) items;
};

/* What can't be read is none. */
static void add_candidate(struct candidates *candidates, const char *path, const struct environment *environment,
                          const char *in)
{
	struct candidate candidate = {.in = in};

	if (!filter_open(&candidate.filter, path, environment) || !vec_push(&candidates->items, candidate))
		filter_close(&candidate.filter);
}

static bool says_capabilities(const struct environment *environment)
{
	for (size_t i = 0; i < environment->settings.count; i++)
		if (strcmp(environment->settings.items[i].option->name, "cap") == 0)
			return true;
	return false;
}

/* Entries of profiles depend on capabilities: a container with none is common. */
static void add_profile(struct candidates *candidates, const char *path, const struct environment *environment)
{
	struct environment none = {.source = environment->source};
	bool done = !says_capabilities(environment);

	add_candidate(candidates, path, environment, "");
	for (size_t i = 0; done && i < environment->settings.count; i++)
		done = vec_push(&none.settings, environment->settings.items[i]);
	if (done && environment_add(&none, "cap", "none", 0))
		add_candidate(candidates, path, &none, " with no capabilities");
	vec_finish(&none.settings);
}

static int is_profile(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".json") == 0;
}

/* The profiles that were installed with this program, wherever that is. */
static void add_installed(struct candidates *candidates, const struct environment *environment)
{
	static const char profiles[] = "/../share/callgate/profiles";
	char folder[PATH_MAX], path[2 * PATH_MAX];
	struct dirent **entries;
	const ssize_t length = readlink("/proc/self/exe", folder, sizeof(folder) - sizeof(profiles));

	if (length < 0)
		return;
	folder[length] = '\0';
	char *slash = strrchr(folder, '/');
	strcpy(slash ? slash : folder, profiles);
	const int count = scandir(folder, &entries, is_profile, alphasort);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		add_profile(candidates, path, environment);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void candidates_finish(struct candidates *candidates)
{
	for (size_t i = 0; i < candidates->items.count; i++)
		filter_close(&candidates->items.items[i].filter);
	vec_finish(&candidates->items);
}

/* The first that the filter is proved to be equal to; NULL: none. */
static const struct candidate *recognise(const struct live_filter *live, const struct candidates *candidates)
{
	const struct callgate_filter filter = one(live);
	struct callgate_comparison *comparison;
	bool found = false;
	size_t i = 0;

	for (; i < candidates->items.count && !found; i++) {
		const struct callgate_filter other = filter_side(&candidates->items.items[i].filter);
		if (callgate_compare(&filter, &other, 1, &comparison) < 0)
			continue;
		found = comparison->relation == CALLGATE_RELATION_EQUAL;
		callgate_comparison_free(comparison);
	}
	return found ? &candidates->items.items[i - 1] : NULL;
}

/* ---- what filters do ---- */

static const struct callgate_number_range *find_range(const struct callgate_numbers *numbers, uint32_t nr)
{
	size_t i = 0;

	while (numbers->ranges[i].last < nr)
		i++;
	return &numbers->ranges[i];
}

/*
 * Calls of this machine that have names: allowed and denied whatever their arguments are, and the rest; and which ones
 * are denied, or allowed, if they are few.
 */
static void print_effect(const struct callgate_filter *filter)
{
	enum { ALLOWED, DENIED, CONDITIONAL, KINDS, FEW = 10 };
	static const char *const words[] = {"allowed", "denied", "by argument"};
	struct callgate_numbers *numbers;
	struct strbuf names[KINDS] = {{0}};
	unsigned counts[KINDS] = {0};
	const char *name;

	if (callgate_numbers_find(filter, SCMP_ARCH_NATIVE, &numbers) < 0) {
		printf("%s\n", callgate_diagnosis(NULL));
		return;
	}
	for (size_t i = 0; (name = callgate_syscall_name_at(i)); i++) {
		const int nr = callgate_syscall_number(SCMP_ARCH_NATIVE, name);
		if (nr < 0)
			continue;
		const struct callgate_number_range *range = find_range(numbers, (uint32_t)nr);
		const int kind = !range->ever_allowed ? DENIED : range->ever_denied ? CONDITIONAL : ALLOWED;
		if (counts[kind]++ < FEW)
			strbuf_printf(&names[kind], " %s", name);
	}
	callgate_numbers_free(numbers);
	printf("on %s: %u calls allowed, %u denied, %u by argument", callgate_arch_find(SCMP_ARCH_NATIVE)->name,
	       counts[ALLOWED], counts[DENIED], counts[CONDITIONAL]);
	for (int kind = 0; kind < KINDS; kind++) {
		if (counts[kind] > 0 && counts[kind] <= FEW && names[kind].text)
			printf("; %s:%s", words[kind], names[kind].text);
		strbuf_finish(&names[kind]);
	}
	putchar('\n');
}

static void print_filters(const struct live_filters *live, const struct call *call)
{
	struct candidates candidates = {0};

	for (size_t i = 1; i < call->operand_count; i++)
		add_profile(&candidates, call->operands[i], &call->environment);
	add_installed(&candidates, &call->environment);
	for (size_t i = 0; i < live->filters.count; i++) {
		const struct live_filter *filter = &live->filters.items[i];
		const struct callgate_filter alone = one(filter);
		const struct candidate *known = recognise(filter, &candidates);
		printf("%3zu  %4zu instructions%s%s: ", i + 1, callgate_program_length(filter->program),
		       i == 0 ? ", the oldest" : "",
		       !filter->has_flags ? ", flags unknown"
		       : filter->logs     ? ", flag LOG"
		                          : "");
		if (known)
			print_safely(stdout, "equal to %s%s, proved\n", known->filter.path, known->in);
		else
			print_effect(&alone);
	}
	candidates_finish(&candidates);
}

/* ---- the answers ---- */

static int write_filters(const struct live_filters *live, const char *folder)
{
	for (size_t i = 0; i < live->filters.count; i++) {
		const struct callgate_program *program = live->filters.items[i].program;
		struct output output;
		char path[PATH_MAX];
		snprintf(path, sizeof(path), "%s/%zu.bpf", folder, i + 1);
		if (!output_open(&output, path))
			return CLI_FAILED;
		fwrite(callgate_program_bytes(program), 8, callgate_program_length(program), output.stream);
		if (!output_commit(&output))
			return CLI_FAILED;
	}
	return CLI_OK;
}

static int disassemble(const struct live_filters *live, size_t number)
{
	if (number > live->filters.count) {
		cli_error("there are %zu filters", live->filters.count);
		return CLI_FAILED;
	}
	return disasm_print(live->filters.items[number - 1].program, true) ? CLI_OK : CLI_FAILED;
}

static int compare(const struct callgate_filter *filter, const struct settings *settings,
                   const struct environment *environment)
{
	struct filter profile = {0};
	struct callgate_comparison *comparison = NULL;
	int status = CLI_FAILED;

	if (filter_explain(&profile, filter_open(&profile, settings->against, environment))) {
		const struct callgate_filter side = filter_side(&profile);
		if (callgate_compare(filter, &side, DIFFERENCES, &comparison) < 0)
			cli_error("%s", callgate_diagnosis(NULL));
	}
	if (comparison) {
		const enum callgate_relation relation = comparison->relation;
		const bool is_equal = relation == CALLGATE_RELATION_EQUAL;
		const bool is_subset =
		    is_equal || relation == CALLGATE_RELATION_SUBSET || relation == CALLGATE_RELATION_SAME_ALLOWED;
		const bool is_unknown = relation == CALLGATE_RELATION_UNKNOWN ||
		                        relation == CALLGATE_RELATION_REFUSED ||
		                        (settings->subset && relation == CALLGATE_RELATION_DIFFERENT);
		const bool holds = settings->subset ? is_subset : is_equal;
		for (size_t i = 0; !holds && i < comparison->count; i++)
			puts(comparison->differences[i].text);
		if (is_unknown)
			cli_error("%s", callgate_diagnosis(NULL));
		else
			print_safely(stdout, "the process's filters %s %s%s\n",
			             settings->subset ? (holds ? "allow nothing that is denied by" : "allow more than")
			                              : (holds ? "are equal to" : "are not equal to"),
			             settings->against, holds ? ", proved" : "");
		status = is_unknown ? CLI_FAILED : holds ? CLI_OK : CLI_NO;
	}
	callgate_comparison_free(comparison);
	filter_close(&profile);
	return status;
}

/* The kernel asks for two things, and says EACCES for both. */
static const char *missing_condition(void)
{
	struct process_facts own;
	const bool is_filtered = process_facts_read(getpid(), &own) && own.mode > 0;

	return is_filtered ? "reading filters needs CAP_SYS_ADMIN in the first user namespace, and callgate itself "
	                     "under no filter: it runs under one"
	                   : "reading filters needs CAP_SYS_ADMIN in the first user namespace, which callgate does "
	                     "not have";
}

static const char *why_not(int error)
{
	switch (-error) {
	case EACCES:
		return missing_condition();
	case EPERM:
		return "the process is another user's, it is traced already, or it has ended";
	case EOPNOTSUPP:
		return "the kernel can't tell (CONFIG_CHECKPOINT_RESTORE)";
	case ESRCH:
		return "the process has ended";
	default:
		return strerror(-error);
	}
}

/* The programs as the kernel applies them. */
static int answer(const struct live_filters *live, const struct call *call)
{
	const struct settings *settings = call->settings;
	const struct callgate_program **programs = malloc((live->filters.count + 1) * sizeof(*programs));
	const struct callgate_filter all = {.programs = programs, .program_count = live->filters.count};
	int status = CLI_OK;

	if (!programs) {
		cli_error("out of memory");
		return CLI_FAILED;
	}
	for (size_t i = 0; i < live->filters.count; i++)
		programs[i] = live->filters.items[i].program;
	if (settings->disasm)
		status = disassemble(live, settings->disasm);
	else {
		print_filters(live, call);
		printf("together, ");
		print_effect(&all);
		if (settings->against)
			status = compare(&all, settings, &call->environment);
		if (settings->output && write_filters(live, settings->output) != CLI_OK)
			status = CLI_FAILED;
	}
	free(programs);
	return status;
}

static bool are_same(const struct live_filters *a, const struct live_filters *b)
{
	bool same = a->filters.count == b->filters.count;

	for (size_t i = 0; same && i < a->filters.count; i++) {
		const struct callgate_program *x = a->filters.items[i].program, *y = b->filters.items[i].program;
		const size_t length = callgate_program_length(x);
		same = length == callgate_program_length(y) &&
		       memcmp(callgate_program_bytes(x), callgate_program_bytes(y), length * 8) == 0;
	}
	return same;
}

/* A filter is a thread's: what was said of this one holds for the process if all others have the same. */
static int compare_threads(int pid, const struct live_filters *live)
{
	struct dirent **entries;
	char path[64];
	int status = CLI_OK;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	const int count = scandir(path, &entries, is_number, by_number);
	for (int i = 0; i < count; i++) {
		const int tid = atoi(entries[i]->d_name);
		struct live_filters other = {0};
		const int result = tid == pid ? -ESRCH : live_filters_read(tid, &other);
		if (result == 0 && !are_same(live, &other)) {
			printf("thread %d has other filters (%zu)\n", tid, other.filters.count);
			status = CLI_NO;
		} else if (result < 0 && result != -ESRCH) {
			cli_error("thread %d: %s", tid, why_not(result));
			status = status == CLI_NO ? CLI_NO : CLI_FAILED;
		}
		live_filters_finish(&other);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return count < 0 ? CLI_FAILED : status;
}

static int dump(int pid, const struct call *call)
{
	const struct settings *settings = call->settings;
	struct live_filters live = {0};
	struct process_facts process;
	int status = CLI_FAILED;

	errno = 0;
	if (!process_facts_read(pid, &process)) {
		cli_error(errno == ENOMEM ? "out of memory for the facts of process %d" : "there is no process %d",
		          pid);
		return CLI_FAILED;
	}
	if (!settings->disasm)
		print_process(&process);
	if (process.mode != 2)
		return settings->against || settings->disasm ? CLI_FAILED : CLI_OK;
	fflush(stdout);
	const int result = live_filters_read(pid, &live);
	if (result < 0)
		cli_error("%s[%d]: %s", process.name, pid, why_not(result));
	else
		status = answer(&live, call);
	if (result == 0 && !settings->disasm) {
		const int threads = compare_threads(pid, &live);
		if (settings->against && status == CLI_OK)
			status = threads;
	}
	live_filters_finish(&live);
	return status;
}

static int run(struct call *call)
{
	const struct settings *settings = call->settings;
	char *end = NULL;

	if (settings->all && call->operand_count == 0)
		return dump_all();
	if (settings->all || call->operand_count == 0) {
		cli_error("which process? Give a PID, or --all");
		return CLI_FAILED;
	}
	errno = 0;
	const long pid = strtol(call->operands[0], &end, 10);
	if (errno || *end || pid < 1 || pid > INT_MAX) {
		cli_error("\"%s\" is no PID", call->operands[0]);
		return CLI_FAILED;
	}
	return dump((int)pid, call);
}

const struct command cmd_dump = {
    .name = "dump",
    .what = "show the filters of a live process",
    .synopsis = "[OPTION]... PID [PROFILE|PROGRAM]...\n[OPTION]... --all",
    .help = "Shows the filters of a process, oldest first, which of the given profiles each of them is, and "
            "what they do together. This needs CAP_SYS_ADMIN; without it, only the number of filters is shown. Exit "
            "status 0; 1 if --against or --subset does not hold; 2 if there is no answer.\n",
    .options = options,
    .environment = environment_options,
    .settings_size = sizeof(struct settings),
    .operands_least = 0,
    .operands_most = UINT_MAX,
    .question = "which process?",
    .run = run,
};
