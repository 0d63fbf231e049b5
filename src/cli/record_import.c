/* What strace(1) and the audit log have written, as calls that were seen. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/arch.h>
#include <callgate/decode.h>
#include <callgate/syscall.h>
#include <callgate/test_file.h>

#include "cli/record.h"

enum { NAME_SIZE = 64 };

/* ---- strace ---- */

/*
 * The name before the first parenthesis of "[pid 12] 10:00:00 openat(AT_FDCWD, ...", and what follows it; NULL: the
 * line has no call.
 */
static const char *find_call(const char *line, char ret_name[NAME_SIZE])
{
	const char *parenthesis = strchr(line, '('), *begin = parenthesis;

	while (begin && begin > line && (isalnum((unsigned char)begin[-1]) || begin[-1] == '_'))
		begin--;
	if (!begin || begin == parenthesis || parenthesis - begin >= NAME_SIZE ||
	    (begin > line && begin[-1] != ' ' && begin[-1] != ']'))
		return NULL;
	memcpy(ret_name, begin, (size_t)(parenthesis - begin));
	ret_name[parenthesis - begin] = '\0';
	return parenthesis + 1;
}

/*
 * The argument of this number, as text; empty: there is none. Strings, structures and calls within it are skipped as a
 * whole.
 */
static void find_argument(const char *at, unsigned wanted, char *ret_text, size_t size)
{
	unsigned argument = 0, depth = 0;
	size_t length = 0;

	for (; *at && (depth > 0 || *at != ')'); at++) {
		if (*at == '"')
			while (at[1] && *++at != '"')
				at += *at == '\\' && at[1];
		depth += *at == '{' || *at == '[' || *at == '(';
		depth -= depth > 0 && (*at == '}' || *at == ']' || *at == ')');
		if (*at == ',' && depth == 0)
			argument++;
		else if (argument == wanted && length + 1 < size && !(length == 0 && *at == ' '))
			ret_text[length++] = *at;
	}
	ret_text[length] = '\0';
}

/* A value as strace prints it: "O_RDONLY|O_CLOEXEC", "flags=CLONE_VM|SIGCHLD", and a number with a comment. */
static bool read_value(const char *text, uint64_t *ret_value)
{
	const char *equals = strchr(text, '=');
	char call[300];
	struct callgate_call_kinds *kinds;
	bool found = false;

	text = equals ? equals + 1 : text;
	snprintf(call, sizeof(call), "ioctl(*, %.*s)", (int)strcspn(text, " /"), text);
	if (!*text || callgate_call_kinds_parse(call, SCMP_ARCH_NATIVE, &kinds) < 0)
		return false;
	if (kinds->count > 0 && kinds->kinds[0].comparison_count == 1 &&
	    kinds->kinds[0].comparisons[0].op == SCMP_CMP_EQ) {
		*ret_value = kinds->kinds[0].comparisons[0].datum_a;
		found = true;
	}
	callgate_call_kinds_free(kinds);
	return found;
}

/* Which argument of strace's line it is: clone's flags are named. */
static void find_selector_text(const char *arguments, const char *name, unsigned argument, char *ret_text, size_t size)
{
	const char *flags = strcmp(name, "clone") == 0 ? strstr(arguments, "flags=") : NULL;

	if (flags)
		find_argument(flags, 0, ret_text, size);
	else
		find_argument(arguments, argument, ret_text, size);
}

static bool import_strace(struct record *record, const char *line)
{
	char name[NAME_SIZE], text[200];
	const char *arguments = find_call(line, name);
	struct callgate_call call = {0};
	bool has_arguments = true;

	if (!arguments || strstr(line, " resumed>"))
		return false;
	call.arch = callgate_arch_find(SCMP_ARCH_NATIVE)->audit;
	call.nr = callgate_syscall_number(SCMP_ARCH_NATIVE, name);
	if (call.nr < 0)
		return false;
	const unsigned selectors = learned_arguments(name);
	for (unsigned i = 0; selectors >> i; i++)
		if (selectors >> i & 1) {
			find_selector_text(arguments, name, i, text, sizeof(text));
			has_arguments = read_value(text, &call.args[i]) && has_arguments;
		}
	(void)record_add(record, &call, has_arguments);
	return true;
}

/* ---- audit ---- */

/* Records of filters have no arguments. */
static bool import_audit(struct record *record, const char *line)
{
	struct callgate_report report;

	if (callgate_report_of_audit(line, strlen(line), &report) < 0)
		return false;
	(void)record_add(record, &report.call, false);
	return true;
}

bool record_import(struct record *record, char *const *paths, size_t count)
{
	unsigned long lines = 0, used = 0;
	bool done = true;

	for (size_t i = 0; done && i < count; i++) {
		const bool is_input = strcmp(paths[i], "-") == 0;
		output_note_input(paths[i]);
		FILE *file = is_input ? stdin : fopen(paths[i], "re");
		char *line = NULL;
		size_t room = 0;
		errno = 0;
		while (file && getline(&line, &room, file) > 0) {
			lines++;
			used += (record->settings->from == IMPORT_STRACE ? import_strace : import_audit)(record, line);
		}
		done = file && feof(file) && !ferror(file);
		if (!done)
			cli_error("%s: %s", paths[i], strerror(errno ? errno : ENOMEM));
		free(line);
		if (file && !is_input)
			fclose(file);
	}
	if (done)
		cli_error("%lu of %lu lines are calls%s", used, lines,
		          record->settings->from == IMPORT_AUDIT
		              ? "; the audit log has no arguments, and all are allowed"
		              : "");
	return done;
}
