#include "cli/filter_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <callgate/arch.h>
#include <callgate/diagnosis.h>

#include "cli/print.h"

/* ---- the environment of a profile ---- */

/* Are all values what their options take? False after a message was printed. */
static bool check(const struct environment *environment);

static bool take_setting(const struct option_row *row, void *target, const char *value)
{
	struct environment *environment = target;
	struct setting setting = {.option = row, .value = value};

	if (vec_push(&environment->settings, setting))
		return check(environment);
	cli_error("out of memory");
	return false;
}

/* What an unknown word or architecture could be is said at once. */
static bool take_known_word(const struct option_row *row, void *target, const char *value)
{
	int index;

	return take_word(row, &index, value) && take_setting(row, target, value);
}

static bool take_known_arch(const struct option_row *row, void *target, const char *value)
{
	uint32_t token;

	return take_arch(row, &token, value) && take_setting(row, target, value);
}

/* "all" is for headers alone, which have a program for each: no profile can be read with it. */
static bool take_arch_or_all(const struct option_row *row, void *target, const char *value)
{
	return strcmp(value, "all") == 0 ? take_setting(row, target, value) : take_known_arch(row, target, value);
}

static const char *const same_argument[] = {"or", "and", NULL}; /* ORDER callgate_same_argument */
static const char *const unknown_calls[] = {"auto", "enosys", "default", "named",
                                            NULL}; /* ORDER callgate_unknown_calls */
static const char *const likes[] = {"auto", "docker", "podman", "runc", "crun", NULL}; /* ORDER callgate_profile_like */
static const char *const socketcall[] = {"deny", "open", NULL};

enum { CAP, KERNEL, MACHINE, ARCH, LIKE, DEFAULT_ERRNO, SAME_ARGUMENT, UNKNOWN_CALLS, SOCKETCALL, STRICT, OPTIONS };

const struct option_row environment_options[OPTIONS + 1] = {
    [CAP] = {"cap", 0, "CAP", take_setting, 0,
             "a capability that the command has (repeatable); none: the empty set; default: the ones that this "
             "process is permitted, and none for lint, convert and headers"},
    [KERNEL] = {"kernel", 0, "VERSION", take_setting, 0,
                "the version for minKernel; default: that of the running kernel. \">=5.10\": the oldest version that "
                "the filter is for; newer calls get ENOSYS"},
    [MACHINE] = {"machine", 0, "ARCH", take_known_arch, 0,
                 "the architecture of the machine: the filter is for it, and for those in the profile's list that such "
                 "a machine runs; default: this machine's"},
    [ARCH] = {"arch", 0, "ARCH", take_arch_or_all, 0,
              "an architecture that the filter is for, in place of the profile's list (repeatable; without --machine "
              "the first one is the machine)"},
    [LIKE] = {"like", 0, "auto|docker|podman|runc|crun", take_known_word, 0,
              "the program whose reading of profiles to follow, which sets the defaults of the next three options; "
              "default: depends on the profile's keys",
              .words = likes},
    [DEFAULT_ERRNO] = {"default-errno", 0, "E", take_setting, 0,
                       "the error of ERRNO and TRACE actions without a number, as a name or a number; default: EPERM"},
    [SAME_ARGUMENT] = {"same-argument", 0, "or|and", take_known_word, 0,
                       "how several conditions on one argument of one entry are combined; default: or",
                       .words = same_argument},
    [UNKNOWN_CALLS] = {"unknown-calls", 0, "auto|enosys|default|named", take_known_word, 0,
                       "which calls without a rule get ENOSYS; enosys: those newer than all known calls; named: those "
                       "newer than all calls that the profile names; default: none; auto, which is the default: named "
                       "for runc and docker, none for crun and podman",
                       .words = unknown_calls},
    [SOCKETCALL] =
        {"socketcall", 0, "deny|open", take_known_word, 0,
         "what happens to calls through socketcall(2) and ipc(2) whose arguments rules compare; default: deny",
         .words = socketcall},
    [STRICT] = {"strict", 0, NULL, take_setting, 0, "unknown names are errors"},
};

bool environment_add(struct environment *environment, const char *option, const char *value, unsigned int line)
{
	for (const struct option_row *row = environment_options; row->name; row++)
		if (strcmp(row->name, option) == 0)
			return vec_push(&environment->settings, ((struct setting){row, value, line}));
	return false;
}

bool environment_take_no_capabilities(struct environment *environment)
{
	for (size_t i = 0; i < environment->settings.count; i++)
		if (environment->settings.items[i].option == &environment_options[CAP])
			return true;
	if (environment_add(environment, "cap", "none", 0))
		return true;
	cli_error("out of memory");
	return false;
}

uint32_t environment_arch(const struct environment *environment)
{
	for (const struct option_row *row = &environment_options[ARCH]; row >= &environment_options[MACHINE]; row--)
		for (size_t i = 0; i < environment->settings.count; i++) {
			const struct setting *setting = &environment->settings.items[i];
			const struct callgate_arch *arch =
			    setting->option == row ? callgate_arch_find_name(setting->value) : NULL;
			if (arch)
				return arch->token;
		}
	return SCMP_ARCH_NATIVE;
}

const char *filter_like(const struct filter *filter)
{
	return likes[callgate_profile_like(filter->profile)];
}

/* Sets the error, if memory allows; always false. */
__attribute__((format(printf, 2, 3))) static bool fail(struct filter *filter, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	if (vasprintf(&filter->error, format, list) < 0)
		filter->error = NULL;
	va_end(list);
	return false;
}

/* "file.test:3: " comes before an error there. */
static bool fail_setting(struct filter *filter, const struct environment *environment, const struct setting *setting,
                         const char *text)
{
	if (setting->line)
		return fail(filter, "%s:%u: %s", environment->source, setting->line, text);
	return fail(filter, "%s", text);
}

/*
 * The number of a word in the row's list, of an errno, or 1 for an option without a value; negative: the value is none.
 */
static int value_number(const struct setting *setting)
{
	const char *const *words = setting->option->words;

	if (!setting->option->value)
		return 1;
	if (!words)
		return callgate_profile_errno(setting->value);
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], setting->value) == 0)
			return i;
	return -1;
}

static bool set_option(struct filter *filter, const struct environment *environment, const struct setting *setting)
{
	static const enum callgate_profile_option options[] = {
	    [LIKE] = CALLGATE_PROFILE_LIKE,
	    [DEFAULT_ERRNO] = CALLGATE_PROFILE_DEFAULT_ERRNO,
	    [SAME_ARGUMENT] = CALLGATE_PROFILE_SAME_ARGUMENT,
	    [UNKNOWN_CALLS] = CALLGATE_PROFILE_UNKNOWN_CALLS,
	    [SOCKETCALL] = CALLGATE_PROFILE_OPEN_SOCKETCALL,
	    [STRICT] = CALLGATE_PROFILE_STRICT,
	};
	int number = value_number(setting);
	char *text;

	if (number >= 0 && callgate_profile_set_option(filter->profile, options[setting->option - environment_options],
	                                               (uint32_t)number) == 0)
		return true;
	if (asprintf(&text, "\"%s\" is no value of the option %s", setting->value, setting->option->name) < 0)
		return false;
	fail_setting(filter, environment, setting, text);
	free(text);
	return false;
}

static bool is_all_archs(const struct setting *setting)
{
	return setting->option == &environment_options[ARCH] && strcmp(setting->value, "all") == 0;
}

static bool apply(struct filter *filter, const struct environment *environment, const struct setting *setting)
{
	struct callgate_profile *profile = filter->profile;
	const char *value = setting->value;
	const struct callgate_arch *arch;
	int result;

	switch (setting->option - environment_options) {
	case CAP:
		result = callgate_profile_add_capability(profile, strcmp(value, "none") == 0 ? NULL : value);
		break;
	case KERNEL:
		result = callgate_profile_set_kernel(profile, value);
		break;
	case MACHINE:
	case ARCH:
		if (is_all_archs(setting))
			return true;
		arch = callgate_arch_find_name(value);
		if (!arch)
			return fail_setting(filter, environment, setting, "there is no such architecture");
		result = setting->option == &environment_options[ARCH]
		             ? callgate_profile_add_arch(profile, arch->token)
		             : callgate_profile_set_machine(profile, arch->token);
		break;
	default:
		return set_option(filter, environment, setting);
	}
	return result == 0 || fail_setting(filter, environment, setting, callgate_profile_diagnosis(profile));
}

/* Makes the profile, which is not read yet. */
static bool start_profile(struct filter *filter, const struct environment *environment)
{
	assert(!filter->profile && !filter->ctx && filter->program_count == 0);
	if (callgate_profile_new(&filter->profile) < 0)
		return false;
	for (size_t i = 0; environment && i < environment->settings.count; i++)
		if (!apply(filter, environment, &environment->settings.items[i]))
			return false;
	return true;
}

/* The same, for a filter that is opened: one filter is not for all architectures. */
static bool start_filter(struct filter *filter, const struct environment *environment)
{
	for (size_t i = 0; environment && i < environment->settings.count; i++)
		if (is_all_archs(&environment->settings.items[i]))
			return fail_setting(filter, environment, &environment->settings.items[i],
			                    "--arch all is for compile --format header");
	return start_profile(filter, environment);
}

/* "none" is the empty set, and so nothing that goes with another. */
static bool has_contradiction(const struct environment *environment)
{
	bool none = false, some = false;

	for (size_t i = 0; i < environment->settings.count; i++) {
		const struct setting *setting = &environment->settings.items[i];
		bool is_none = setting->option == &environment_options[CAP] && strcmp(setting->value, "none") == 0;
		none = none || is_none;
		some = some || (setting->option == &environment_options[CAP] && !is_none);
	}
	return none && some;
}

static bool check(const struct environment *environment)
{
	struct filter probe = {0};
	bool fits = start_profile(&probe, environment);

	if (!fits)
		cli_error("%s", probe.error ? probe.error : "out of memory");
	filter_close(&probe);
	if (fits && has_contradiction(environment))
		cli_error("--cap none and another capability contradict each other");
	return fits && !has_contradiction(environment);
}

/* ---- profiles ---- */

static bool set_path(struct filter *filter, const char *path)
{
	free(filter->path);
	filter->path = strdup(strcmp(path, "-") == 0 ? "standard input" : path);
	return filter->path != NULL;
}

/* What a policy includes has been read, too. */
static void note_included(const struct filter *filter)
{
	const char *path;

	for (size_t i = 0; (path = callgate_profile_included(filter->profile, i)); i++)
		output_note_input(path);
}

int filter_read(struct filter *filter, const char *path, const struct environment *environment)
{
	if (!set_path(filter, path))
		return -ENOMEM;
	if (!start_filter(filter, environment))
		return filter->error ? -EINVAL : -ENOMEM;
	int result = strcmp(path, "-") == 0 ? callgate_profile_read_fd(filter->profile, STDIN_FILENO, "standard input")
	                                    : callgate_profile_read_file(filter->profile, path);
	output_note_input(path);
	note_included(filter);
	return result;
}

/* The context of a profile that was read with this result. */
static bool make_context(struct filter *filter, int result)
{
	const struct callgate_profile_message *message;

	if (filter->error || !filter->profile)
		return false;
	bool is_read = result == 0;
	if (is_read)
		result = callgate_profile_context(filter->profile, &filter->ctx);
	if (result == 0)
		return true;
	for (size_t i = 0; !is_read && (message = callgate_profile_message(filter->profile, i)); i++)
		if (message->severity == CALLGATE_SEVERITY_ERROR) {
			filter->is_placed = true;
			return fail(filter, "%s:%u:%u: %s", message->file, message->line, message->column,
			            message->text);
		}
	if (is_read)
		return fail(filter, "%s: %s", filter->path, callgate_profile_diagnosis(filter->profile));
	return fail(filter, "%s", callgate_profile_diagnosis(filter->profile));
}

bool filter_open_profile(struct filter *filter, const char *path, const struct environment *environment)
{
	return make_context(filter, filter_read(filter, path, environment));
}

bool filter_open_text(struct filter *filter, const char *name, const char *text, size_t size,
                      const struct environment *environment)
{
	if (!set_path(filter, name) || !start_filter(filter, environment))
		return false;
	int result = callgate_profile_read_memory(filter->profile, text, size, name);
	note_included(filter);
	return make_context(filter, result);
}

const char *filter_severity(const struct callgate_profile_message *message)
{
	static const char *const words[] = {"note", "warning", "error"}; /* ORDER callgate_severity */

	return words[message->severity];
}

void filter_print_messages(const struct filter *filter, size_t first, FILE *out)
{
	const struct callgate_profile_message *message;

	for (size_t i = first; (message = callgate_profile_message(filter->profile, i)); i++)
		print_safely(out, "%s:%u:%u: %s: %s\n", message->file, message->line, message->column,
		             filter_severity(message), message->text);
}

bool filter_explain(const struct filter *filter, bool opened)
{
	if (filter->profile)
		filter_print_messages(filter, 0, stderr);
	if (!opened && filter->is_placed)
		cli_error("%s can't be used", filter->path);
	else if (!opened)
		cli_error("%s", filter->error ? filter->error : "out of memory");
	return opened;
}

/* ---- programs ---- */

static const char a_profile[] = "a profile, and no program: `callgate compile` makes one of it";

static const char byte_order_mark[] = "\xef\xbb\xbf";

/* A policy begins with its default action, after comments. */
static bool is_policy(int fd)
{
	char bytes[4096];
	ssize_t length = pread(fd, bytes, sizeof(bytes), 0);
	const char *at = bytes, *end = bytes + (length > 0 ? length : 0);

	at += end - at >= 3 && memcmp(at, byte_order_mark, 3) == 0 ? 3 : 0;
	while (at < end && ((*at && strchr(" \t\r\n", *at)) || *at == '#'))
		if (*at++ == '#')
			while (at < end && *at != '\n')
				at++;
	return end - at >= 7 && memcmp(at, "default", 7) == 0 && (end - at == 7 || memchr(" \t\r\n", at[7], 4));
}

/* What a file is that is no program, in which the first instructions have zero bytes. NULL: it may be one. */
static const char *other_kind(int fd)
{
	char bytes[64] = "";
	ssize_t length = pread(fd, bytes, sizeof(bytes) - 1, 0);
	const size_t mark = strncmp(bytes, byte_order_mark, 3) == 0 ? 3 : 0;
	const char *first = bytes + mark + strspn(bytes + mark, " \t\r\n");
	size_t printable = mark;

	while (bytes[printable] >= ' ' || (bytes[printable] && strchr("\t\r\n", bytes[printable])))
		printable++;
	if (length <= 0)
		return NULL;
	if (*first == '{' || *first == '[' || is_policy(fd))
		return a_profile;
	if (memcmp(bytes, "\177ELF", 4) == 0)
		return "an ELF file, and no program of BPF";
	return printable == (size_t)length ? "text, and no program" : NULL;
}

bool filter_open_program(struct filter *filter, const char *path, uint32_t arch)
{
	struct callgate_program **grown =
	    reallocarray(filter->programs, filter->program_count + 1, sizeof(*filter->programs));
	bool is_stdin = strcmp(path, "-") == 0;

	assert(!filter->profile);
	if (!grown || !set_path(filter, path)) {
		filter->programs = grown ? grown : filter->programs;
		return false;
	}
	filter->programs = grown;
	output_note_input(path);
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(filter, "%s: %s", filter->path, strerror(errno));
	const char *other = other_kind(fd);
	int result = other ? -EINVAL : callgate_program_read(fd, arch, &grown[filter->program_count]);
	if (other)
		fail(filter, "%s: this is %s", filter->path, other);
	else if (result < 0)
		fail(filter, "%s: %s", filter->path, callgate_diagnosis(NULL));
	filter->program_count += result == 0;
	if (!is_stdin)
		close(fd);
	return result == 0;
}

/* A file with the name or the beginning of JSON is a profile, so that mistakes in it are reported as such. */
static bool is_profile(const char *path)
{
	size_t length = strlen(path);
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool has_text = fd >= 0 && other_kind(fd) == a_profile;

	if (fd >= 0 && !is_stdin)
		close(fd);
	return has_text || (length >= 5 && strcmp(path + length - 5, ".json") == 0);
}

bool filter_open(struct filter *filter, const char *path, const struct environment *environment)
{
	if (is_profile(path))
		return filter_open_profile(filter, path, environment);
	return filter_open_program(filter, path, environment_arch(environment));
}

/* ---- both ---- */

struct callgate_filter filter_side(const struct filter *filter)
{
	const struct callgate_program *const *programs = (const struct callgate_program *const *)filter->programs;

	assert(!filter->ctx || filter->program_count == 0);
	return (struct callgate_filter){filter->ctx, programs, filter->program_count};
}

void filter_close(struct filter *filter)
{
	if (filter->ctx)
		seccomp_release(filter->ctx);
	for (size_t i = 0; i < filter->program_count; i++)
		callgate_program_free(filter->programs[i]);
	free(filter->programs);
	callgate_profile_free(filter->profile);
	free(filter->path);
	free(filter->error);
	*filter = (struct filter){0};
}
