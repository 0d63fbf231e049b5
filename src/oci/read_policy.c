/* Policies, as callgate-policy(5) has them: read with the grammar of test files. */
#include "oci/read_policy.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grammar/scanner.h"

enum { INCLUDES_MOST = 16, FILES_MOST = 1000, STATEMENTS_MOST = 20000 };

/* A file being read. */
struct reader {
	struct policy_text *policy;
	const struct environment *environment;
	struct messages *messages;
	const struct reader *includer;
	const char *path;
	struct place included_at; /* in the outermost file; line 0: this is it */
	struct stat identity;
	bool has_identity;
	struct scan scan;
};

/* ---- lines ---- */

static struct place place_now(const struct reader *reader)
{
	return (struct place){reader->scan.line, 1};
}

/* No policy names a listener: who loads it has to answer, which a command can't. */
static bool parse_action(struct reader *reader, struct file_expectation *action)
{
	const char *outer = reader->messages->file;
	const char *where = scan_blanks(&reader->scan);

	if (!parse_expectation(&reader->scan, action))
		return false;
	if (action->result != FILE_ACTION || action->action != SCMP_ACT_NOTIFY)
		return true;
	reader->policy->uses_notify = true;
	reader->messages->file = reader->path;
	messages_warn(reader->messages, ((struct place){reader->scan.line, scan_column(&reader->scan, where)}),
	              "NOTIFY, and a policy can't name who answers: only a program that loads the filter can");
	reader->messages->file = outer;
	return true;
}

/* "line 3", or "line 3 of base.policy" where that is another file. */
static const char *line_of(struct reader *reader, struct place place, const char *file)
{
	struct strbuf text = {0};

	strbuf_printf(&text, "line %u", place.line);
	if (file != reader->path)
		strbuf_printf(&text, " of %s", file);
	const char *words = strbuf_move(&text, &reader->policy->output.arena);
	return words ? words : "another line";
}

/* A file that is included may have the same one again: it is a policy of its own, too. */
static bool parse_default(struct reader *reader)
{
	struct policy_text *policy = reader->policy;
	struct file_expectation again;

	if (!parse_action(reader, &again))
		return false;
	if (policy->has_default && strcmp(policy->fallback.text, again.text) != 0)
		return scan_fail(&reader->scan, reader->scan.start, "this contradicts `default %s` in %s",
		                 policy->fallback.text, line_of(reader, policy->default_place, policy->default_file));
	if (policy->has_default)
		return true;
	policy->has_default = true;
	policy->default_place = place_now(reader);
	policy->default_file = reader->path;
	policy->fallback = again;
	return true;
}

/* "native" is the machine. */
static bool parse_archs(struct reader *reader, const char *end, struct file_archs *archs)
{
	struct scan *scan = &reader->scan;

	archs->tokens = scan_allocate(scan, FILE_ARCHS_MAX, sizeof(*archs->tokens));
	if (!archs->tokens)
		return false;
	do {
		const char *where, *name = scan_name(scan, &where, "the name of an architecture");
		if (!name)
			return false;
		const struct callgate_arch *arch = strcmp(name, "native") == 0
		                                       ? environment_machine(reader->environment)
		                                       : callgate_arch_find_name(name);
		if (!arch)
			return scan_fail_unknown(scan, where, "architecture", name, "",
			                         callgate_arch_closest_name(name));
		for (size_t i = 0; i < archs->count; i++)
			if (archs->tokens[i] == arch->token)
				return scan_fail(scan, where, "%s is here twice", arch->name);
		assert(archs->count < FILE_ARCHS_MAX);
		archs->tokens[archs->count++] = arch->token;
		scan_take(scan, ",");
	} while (end ? !scan_take(scan, end) : !scan_is_end(scan));
	return true;
}

static bool parse_arch(struct reader *reader)
{
	if (reader->policy->has_archs)
		return scan_fail(&reader->scan, reader->scan.start, "a second `arch`; one line can name several");
	reader->policy->has_archs = true;
	return parse_archs(reader, NULL, &reader->policy->archs);
}

/* "kernel >= 5.10" */
static bool parse_kernel(struct reader *reader)
{
	struct policy_text *policy = reader->policy;
	struct scan *scan = &reader->scan;
	struct kernel_version version;

	if (!scan_expect(scan, ">=", "`kernel`"))
		return false;
	const char *where = scan_blanks(scan), *text = scan_text(scan, "a version");
	if (!text)
		return false;
	if (!kernel_version_parse(text, false, &version) || version.major == 0 || version.major > 255 ||
	    version.minor > 255)
		return scan_fail(scan, where, "\"%s\" is not a version of Linux such as 5.10", text);
	if (policy->has_kernel && (policy->major != version.major || policy->minor != version.minor))
		return scan_fail(scan, where, "this contradicts `kernel >= %u.%u` in %s", policy->major, policy->minor,
		                 line_of(reader, policy->kernel_place, policy->kernel_file));
	policy->has_kernel = true;
	policy->kernel_place = place_now(reader);
	policy->kernel_file = reader->path;
	policy->major = version.major;
	policy->minor = version.minor;
	return true;
}

/*
 * "unknown calls -> ENOSYS": newer than all that callgate knows; "newer calls -> ENOSYS": than all that statements
 * name.
 */
static bool parse_newer(struct reader *reader, enum callgate_unknown_calls which)
{
	struct policy_text *policy = reader->policy;
	struct scan *scan = &reader->scan;
	struct file_expectation action;

	if (!scan_expect(scan, "calls", which == CALLGATE_UNKNOWN_CALLS_NAMED ? "`newer`" : "`unknown`") ||
	    !scan_expect(scan, "->", "the calls"))
		return false;
	const char *where = scan_blanks(scan);
	if (!parse_action(reader, &action))
		return false;
	if (strcmp(action.text, "ENOSYS") != 0)
		return scan_fail(scan, where, "there is only ENOSYS for these calls");
	if (policy->unknown_calls != CALLGATE_UNKNOWN_CALLS_AUTO && policy->unknown_calls != which)
		return scan_fail(scan, scan->start, "there are both `newer calls` and `unknown calls`");
	policy->unknown_calls = which;
	return true;
}

/* Words of seccomp(2), as in profiles. */
static bool parse_flags(struct reader *reader)
{
	struct scan *scan = &reader->scan;

	do {
		const char *where, *name = scan_name(scan, &where, "the name of a flag");
		const struct word *flag = flag_words;
		struct similar similar = similar_start(name);
		if (!name)
			return false;
		for (; flag->name && strcmp(flag->name, name) != 0; flag++)
			similar_offer(&similar, flag->name);
		if (!flag->name)
			return scan_fail_unknown(scan, where, "flag", name, "", similar.best);
		reader->policy->flags[flag->value] = true;
	} while (scan_take(scan, ","));
	return true;
}

/* Calls, perhaps with an arrow and an action; without one, `use` allows. */
static bool parse_statement(struct reader *reader, bool is_use, const struct file_archs *archs)
{
	struct scan *scan = &reader->scan;
	struct statement statement = {.archs = *archs, .place = place_now(reader), .file = reader->path};
	struct file_calls calls;

	statement.origin.place = reader->included_at.line ? reader->included_at : statement.place;
	do {
		if (!parse_calls(scan, &calls))
			return false;
		if (!vec_push_in(&statement.calls, &scan->output->arena, calls))
			return scan_fail_memory(scan);
	} while (scan_take(scan, ","));
	if (is_use && scan_is_end(scan))
		statement.action = (struct file_expectation){.action = SCMP_ACT_ALLOW};
	else if (!scan_expect(scan, "->", "the calls") || !parse_action(reader, &statement.action))
		return false;
	if (reader->policy->statements.count == STATEMENTS_MOST)
		return scan_fail(scan, scan->start, "more than %d statements", STATEMENTS_MOST);
	return vec_push(&reader->policy->statements, statement) || scan_fail_memory(scan);
}

static bool read_text(struct reader *reader, const char *text, size_t size);
static bool parse_include(struct reader *reader);

static bool parse_line(struct reader *reader)
{
	struct scan *scan = &reader->scan;
	struct file_archs archs = {0};
	bool done;

	if (scan_take(scan, "default"))
		done = parse_default(reader);
	else if (scan_take(scan, "arch"))
		done = parse_arch(reader);
	else if (scan_take(scan, "kernel"))
		done = parse_kernel(reader);
	else if (scan_take(scan, "flags"))
		done = parse_flags(reader);
	else if (scan_take(scan, "unknown"))
		done = parse_newer(reader, CALLGATE_UNKNOWN_CALLS_ENOSYS);
	else if (scan_take(scan, "newer"))
		done = parse_newer(reader, CALLGATE_UNKNOWN_CALLS_NAMED);
	else if (scan_take(scan, "include"))
		done = parse_include(reader);
	else if (scan_take(scan, "on"))
		done = parse_archs(reader, ":", &archs) && parse_statement(reader, scan_take(scan, "use"), &archs);
	else
		done = parse_statement(reader, scan_take(scan, "use"), &archs);
	return done && scan_expect_end(scan);
}

/* ---- files ---- */

/* A name in a file is relative to that file. */
static char *path_beside(struct reader *reader, const char *name)
{
	const char *slash = strrchr(reader->path, '/');
	size_t folder = slash && name[0] != '/' ? (size_t)(slash - reader->path) + 1 : 0;
	char *path = scan_allocate(&reader->scan, folder + strlen(name) + 1, 1);

	if (path) {
		memcpy(path, reader->path, folder);
		strcpy(path + folder, name);
	}
	return path;
}

static bool is_open_already(const struct reader *reader, const struct stat *identity)
{
	for (; reader; reader = reader->includer)
		if (reader->has_identity && reader->identity.st_dev == identity->st_dev &&
		    reader->identity.st_ino == identity->st_ino)
			return true;
	return false;
}

static unsigned int depth_of(const struct reader *reader)
{
	unsigned int depth = 0;

	for (; reader->includer; reader = reader->includer)
		depth++;
	return depth;
}

/* Reads the open file, which has this identity. */
static bool read_included(struct reader *includer, const char *where, const char *path, int fd,
                          const struct stat *identity)
{
	struct reader reader = {.policy = includer->policy,
	                        .environment = includer->environment,
	                        .messages = includer->messages,
	                        .includer = includer,
	                        .path = path,
	                        .included_at = includer->included_at.line ? includer->included_at : place_now(includer),
	                        .identity = *identity,
	                        .has_identity = true};
	struct strbuf text = {0};
	char bytes[4096];
	ssize_t count;

	while ((count = read(fd, bytes, sizeof(bytes))) > 0 && text.length <= CALLGATE_PROFILE_SIZE_MAX)
		strbuf_append_bytes(&text, bytes, (size_t)count);
	bool done = false;
	if (count < 0)
		scan_fail(&includer->scan, where, "%s: %s", path, strerror(errno));
	else if (text.length > CALLGATE_PROFILE_SIZE_MAX)
		scan_fail(&includer->scan, where, "%s: a policy has at most %u bytes", path, CALLGATE_PROFILE_SIZE_MAX);
	else if (text.failed)
		scan_fail_memory(&includer->scan);
	else
		done = read_text(&reader, text.text ? text.text : "", text.length);
	includer->scan.no_memory |= reader.scan.no_memory;
	strbuf_finish(&text);
	return done;
}

static bool parse_include(struct reader *reader)
{
	struct scan *scan = &reader->scan;
	const char *where = scan_blanks(scan), *name = scan_text(scan, "the name of a file");
	char *path = name ? path_beside(reader, name) : NULL;
	struct stat identity;

	if (!path)
		return false;
	if (depth_of(reader) == INCLUDES_MOST)
		return scan_fail(scan, where, "files include each other more than %d deep", INCLUDES_MOST);
	if (reader->policy->included.count == FILES_MOST)
		return scan_fail(scan, where, "more than %d files are included", FILES_MOST);
	if (!vec_push(&reader->policy->included, path))
		return scan_fail_memory(scan);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &identity) < 0) {
		scan_fail(scan, where, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	bool done = false;
	if (!S_ISREG(identity.st_mode))
		scan_fail(scan, where, "%s: not a regular file", path);
	else if (is_open_already(reader, &identity))
		scan_fail(scan, where, "%s includes itself", path);
	else
		done = read_included(reader, where, path, fd, &identity);
	close(fd);
	return done;
}

/* The grammar's messages about the file become messages about a profile. */
static void hand_on_messages(struct reader *reader, size_t first)
{
	const char *outer = reader->messages->file;

	reader->messages->file = reader->path;
	for (size_t i = first; i < reader->policy->output.messages.count; i++) {
		const struct callgate_test_message *message = &reader->policy->output.messages.items[i];
		messages_error(reader->messages, ((struct place){message->line, message->column}), "%s", message->text);
	}
	reader->policy->output.messages.count = first;
	reader->messages->file = outer;
}

/* After a mistake the next lines are read all the same. */
static bool read_text(struct reader *reader, const char *text, size_t size)
{
	const char *end = text + size;
	size_t first = reader->policy->output.messages.count, errors = reader->messages->errors;

	reader->scan.output = &reader->policy->output;
	reader->scan.has_alternatives = true;
	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	for (const char *at = text; at < end && !reader->scan.no_memory;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = newline ? newline : end;
		if (scan_start_line(&reader->scan, at, line_end) && !scan_is_end(&reader->scan))
			(void)parse_line(reader);
		hand_on_messages(reader, first);
		if (!messages_take_errors(reader->messages))
			break;
		at = newline ? newline + 1 : end;
	}
	return reader->messages->errors == errors;
}

const char *policy_first_statement(const char *text, size_t size)
{
	const char *end = text + size, *at = text;

	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r' || *at == '#'))
		if (*at++ == '#')
			while (at < end && *at != '\n')
				at++;
	return at;
}

/* A policy's first statement is its default action; JSON, YAML and programs begin otherwise. */
bool policy_is_one(const char *text, size_t size)
{
	const char *end = text + size, *at = policy_first_statement(text, size);

	return end - at >= 7 && memcmp(at, "default", 7) == 0 && (end - at == 7 || memchr(" \t\r\n", at[7], 4));
}

/* ---- what it means ---- */

bool policy_action_on(const struct file_expectation *action, uint32_t arch, uint32_t *ret_action)
{
	struct evaluated value = {0};
	const char *missing;

	if (cases_evaluate(&action->value, arch, &value, &missing) < 0)
		return false;
	*ret_action = action->result == FILE_NUMBER ? (uint32_t)value.bits : action->action | (uint32_t)value.bits;
	return true;
}

static bool is_open_default(uint32_t action)
{
	const uint32_t kind = action & 0xffff0000u;

	return kind != SCMP_ACT_KILL_PROCESS && kind != SCMP_ACT_KILL_THREAD && kind != SCMP_ACT_TRAP &&
	       kind != SCMP_ACT_ERRNO(0);
}

/* Architectures: those that the environment has, or the policy, or the machine. */
static bool set_archs(struct model *model, const struct policy_text *policy, const struct environment *environment,
                      struct arena *arena)
{
	size_t given = environment->archs.count, count = given ? given : policy->has_archs ? policy->archs.count : 1;
	const struct callgate_arch **archs = arena_alloc_array(arena, count, sizeof(const struct callgate_arch *));

	if (!archs)
		return false;
	for (size_t i = 0; i < count; i++)
		archs[i] = given               ? environment->archs.items[i]
		           : policy->has_archs ? callgate_arch_find(policy->archs.tokens[i])
		                               : environment_machine(environment);
	model->archs = archs;
	model->arch_count = count;
	return true;
}

static void set_model(struct model *model, const struct policy_text *policy, const struct environment *environment,
                      struct messages *messages)
{
	uint32_t action = SCMP_ACT_KILL_PROCESS;

	if (!policy_action_on(&policy->fallback, model->archs[0]->token, &action))
		messages_error(messages, policy->default_place, "this machine does not have the error");
	model->fallback = (struct verdict){.name = "default", .action = action, .place = policy->default_place};
	if (action_takes_number(action & 0xffff0000u)) {
		model->fallback.action = action & 0xffff0000u;
		model->fallback.has_number = true;
		model->fallback.number = action & 0xffff;
	}
	model->like = CALLGATE_PROFILE_LIKE_CRUN;
	model->unknown_calls = policy->unknown_calls ? policy->unknown_calls : CALLGATE_UNKNOWN_CALLS_DEFAULT;
	memcpy(model->flags, policy->flags, sizeof(model->flags));
	model->baseline = environment->baseline;
	if (policy->has_kernel && is_open_default(action))
		messages_error(messages, policy->kernel_place,
		               "`kernel` is for policies whose default denies calls: newer calls would get "
		               "ENOSYS in its place");
	if (policy->has_kernel && environment->baseline.major &&
	    (environment->baseline.major != policy->major || environment->baseline.minor != policy->minor))
		messages_error(messages, policy->kernel_place, "this contradicts --kernel >=%u.%u",
		               environment->baseline.major, environment->baseline.minor);
	if (policy->has_kernel)
		model->baseline = (struct kernel_version){policy->major, policy->minor};
}

void policy_finish(struct policy_text *policy)
{
	if (!policy)
		return;
	vec_finish(&policy->included);
	vec_finish(&policy->statements);
	vec_finish(&policy->output.messages);
	arena_finish(&policy->output.arena);
	free(policy);
}

int policy_read(struct model *model, const char *text, size_t size, const struct environment *environment,
                struct arena *arena, struct messages *messages)
{
	struct policy_text *policy = calloc(1, sizeof(*policy));
	struct reader reader = {
	    .policy = policy, .environment = environment, .messages = messages, .path = messages->file};

	if (!policy)
		return -ENOMEM;
	model->policy = policy;
	reader.has_identity = stat(messages->file, &reader.identity) == 0;
	(void)read_text(&reader, text, size);
	if (reader.scan.no_memory || !set_archs(model, policy, environment, arena))
		return -ENOMEM;
	if (messages->errors == 0)
		set_model(model, policy, environment, messages);
	return messages->errors ? -EINVAL : 0;
}
