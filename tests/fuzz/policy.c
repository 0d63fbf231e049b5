/*
 * Any bytes as a policy. What is refused is refused with words and a place in the text. What is taken becomes a proved
 * program; in its other forms, printed and read again, in another layout, and with each statement twice it is the same
 * filter; and the first line that names a call decides it.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <callgate/oci.h>
#include <callgate/prove.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>

#include "fuzz/fuzz.h"

/* Proofs of larger ones find nothing that these do not, and take their time. */
enum { TAKEN_MAX = 1500, NAMES_MAX = 24, NAME_MAX_SIZE = 40 };
static const char text_name[] = "policy";

/* The architectures that the bytes choose; the policy's own line takes their place if there are none. */
static const uint32_t *choose_archs(const uint8_t *data, size_t size)
{
	static const uint32_t lists[][4] = {{SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32},
	                                    {SCMP_ARCH_X86_64},
	                                    {SCMP_ARCH_S390X, SCMP_ARCH_S390},
	                                    {SCMP_ARCH_AARCH64, SCMP_ARCH_ARM}};
	unsigned int sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += data[i];
	return lists[sum % (sizeof(lists) / sizeof(lists[0]))];
}

static struct callgate_profile *read_text(const uint32_t *archs, enum callgate_profile_like like, const void *text,
                                          size_t size, int *ret_result)
{
	struct callgate_profile *profile;

	FUZZ_EXPECT(callgate_profile_new(&profile) == 0);
	FUZZ_EXPECT(callgate_profile_add_capability(profile, NULL) == 0);
	FUZZ_EXPECT(callgate_profile_set_kernel(profile, "6.1") == 0);
	for (size_t i = 0; archs[i]; i++)
		FUZZ_EXPECT(callgate_profile_add_arch(profile, archs[i]) == 0);
	FUZZ_EXPECT(callgate_profile_set_option(profile, CALLGATE_PROFILE_LIKE, like) == 0);
	*ret_result = callgate_profile_read_memory(profile, text, size, text_name);
	return profile;
}

/* ---- places ---- */

/* One column after the end is where something lacks. */
static bool is_place(const char *text, size_t size, unsigned int line, unsigned int column)
{
	size_t length;

	return line > 0 && column > 0 && fuzz_find_line(text, size, line, &length) && column <= length + 1;
}

static void check_messages(const struct callgate_profile *profile, const char *text, size_t size, bool is_refused)
{
	const struct callgate_profile_message *message;
	bool any_error = false;

	for (size_t i = 0; (message = callgate_profile_message(profile, i)); i++) {
		FUZZ_EXPECT(*message->text);
		if (strcmp(message->file, text_name) == 0 && !is_place(text, size, message->line, message->column)) {
			fprintf(stderr, "%u:%u: %s\n", message->line, message->column, message->text);
			abort();
		}
		any_error = any_error || message->severity == CALLGATE_SEVERITY_ERROR;
	}
	FUZZ_EXPECT(any_error == is_refused);
}

static void check_refused(struct callgate_profile *profile, int result)
{
	scmp_filter_ctx ctx = NULL;
	char *text = NULL;

	FUZZ_EXPECT(result == -EINVAL && *callgate_profile_diagnosis(profile));
	FUZZ_EXPECT(callgate_profile_context(profile, &ctx) == -EINVAL && !ctx);
	FUZZ_EXPECT(callgate_profile_convert(profile, CALLGATE_PROFILE_FORM_POLICY, NULL, &text) == -EINVAL && !text);
}

/* ---- other texts for the same filter ---- */

static void check_same(const uint32_t *archs, enum callgate_profile_like like, const char *text, const char *what,
                       scmp_filter_ctx ctx)
{
	struct callgate_comparison *comparison;
	scmp_filter_ctx other;
	int result;
	struct callgate_profile *profile = read_text(archs, like, text, strlen(text), &result);

	if (result < 0) {
		fprintf(stderr, "%s: refused: %s\n%s\n", what, callgate_profile_diagnosis(profile), text);
		abort();
	}
	FUZZ_EXPECT(callgate_profile_context(profile, &other) == 0);
	const struct callgate_filter sides[2] = {{.ctx = ctx}, {.ctx = other}};
	FUZZ_EXPECT(callgate_compare(&sides[0], &sides[1], 1, &comparison) == 0);
	if (comparison->relation != CALLGATE_RELATION_EQUAL && comparison->count) {
		fprintf(stderr, "%s: %s\n%s\n", what, comparison->differences[0].text, text);
		abort();
	}
	callgate_comparison_free(comparison);
	seccomp_release(other);
	callgate_profile_free(profile);
}

static void check_forms(struct callgate_profile *profile, const uint32_t *archs, scmp_filter_ctx ctx)
{
	static const enum callgate_profile_form forms[] = {CALLGATE_PROFILE_FORM_JSON, CALLGATE_PROFILE_FORM_POLICY};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		enum callgate_profile_like like = CALLGATE_PROFILE_LIKE_AUTO;
		char *text = NULL;
		int result = callgate_profile_convert(profile, forms[i], &like, &text);
		if (result == 0)
			check_same(archs, like, text, "in another form", ctx);
		else
			FUZZ_EXPECT((result == -EOPNOTSUPP || result == -EDQUOT || result == -E2BIG) && !text &&
			            *callgate_profile_diagnosis(profile));
		free(text);
	}
}

static bool begins_with(const char *line, size_t length, const char *word)
{
	const size_t size = strlen(word);

	return length >= size && memcmp(line, word, size) == 0;
}

/* A statement about calls, which may stand there again: it never decides then. */
static bool may_repeat(const char *line, size_t length)
{
	while (length > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		length--;
	}
	return length > 0 && (memmem(line, length, "->", 2) || begins_with(line, length, "use ")) &&
	       !begins_with(line, length, "newer") && !begins_with(line, length, "unknown") &&
	       !begins_with(line, length, "default") && *line != '#';
}

/* With a comment, blanks and empty lines, and each statement twice. */
static void check_layout(const uint32_t *archs, const char *text, size_t size, scmp_filter_ctx ctx)
{
	char *other = calloc(1, 4 * size + 100), *to = other;
	const char *line;
	size_t length;

	FUZZ_EXPECT(other != NULL);
	to = stpcpy(to, "# A comment.\n\n");
	for (unsigned int i = 1; (line = fuzz_find_line(text, size, i, &length)); i++)
		for (int times = may_repeat(line, length) ? 2 : 1; times > 0; times--) {
			*to++ = ' ';
			memcpy(to, line, length);
			to = stpcpy(to + length, "\n");
		}
	check_same(archs, CALLGATE_PROFILE_LIKE_AUTO, other, "in another layout", ctx);
	free(other);
}

/* ---- the first line decides ---- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Where the line names the call; NULL: it does not. */
static const char *find_name(const char *line, size_t length, const char *name)
{
	const size_t size = strlen(name);

	for (const char *at = line; (at = memmem(at, length - (size_t)(at - line), name, size)); at += size) {
		const char *after = at + size;
		const bool starts = at == line || (!is_word(at[-1]) && !strchr("@|-(*&", at[-1]));
		if (starts && (after == line + length || (!is_word(*after) && *after != '-' && *after != '@')))
			return at;
	}
	return NULL;
}

/* Does the line decide the call, whatever its arguments are? False where that is not plain. */
static bool surely_decides(const char *line, size_t length, const char *name)
{
	const char *arrow = memmem(line, length, "->", 2), *at;

	if (!arrow || memchr(line, '#', length) || memchr(line, '(', length) || memchr(line, ':', length) ||
	    begins_with(line, length, "newer") || begins_with(line, length, "unknown"))
		return false;
	at = find_name(line, (size_t)(arrow - line), name);
	return at != NULL;
}

static void check_name(const struct callgate_profile *profile, uint32_t arch, const char *text, size_t size,
                       const char *name, scmp_filter_ctx ctx)
{
	struct callgate_call call = {.arch = arch, .nr = callgate_syscall_number(arch, name)};
	struct callgate_verdict verdict;
	const char *line, *file;
	unsigned int first = 1, decides, column;
	size_t length;

	/* What socketcall and ipc get depends on the calls behind them. */
	if (call.nr < 0 || strcmp(name, "socketcall") == 0 || strcmp(name, "ipc") == 0)
		return;
	while ((line = fuzz_find_line(text, size, first, &length)) && !surely_decides(line, length, name))
		first++;
	int result = callgate_simulate(ctx, &call, &verdict);
	if (result == -E2BIG)
		return;
	FUZZ_EXPECT(result == 0);
	/* A statement that gives the default action may have left no rule. */
	if (verdict.reason != CALLGATE_REASON_RULE)
		return;
	FUZZ_EXPECT(callgate_profile_rule_place(profile, verdict.rule, &file, &decides, &column) == 0);
	if (strcmp(file, text_name) != 0)
		return;
	FUZZ_EXPECT(is_place(text, size, decides, column));
	if (line && decides > first) {
		fprintf(stderr, "%s: line %u decides, after line %u\n%.*s\n", name, decides, first, (int)size, text);
		abort();
	}
	line = fuzz_find_line(text, size, decides, &length);
	bool names = memmem(line, length, name, strlen(name)) || memchr(line, '@', length);
	for (size_t i = 0; i < length && !names; i++)
		names = isdigit((unsigned char)line[i]);
	if (!names && memmem(line, length, "include", strlen("include")) == NULL) {
		fprintf(stderr, "%s: line %u decides, and does not name it\n%.*s\n", name, decides, (int)size, text);
		abort();
	}
}

static void check_names(const struct callgate_profile *profile, uint32_t arch, const char *text, size_t size,
                        scmp_filter_ctx ctx)
{
	char name[NAME_MAX_SIZE];
	int count = 0;

	for (size_t i = 0, end; i < size && count < NAMES_MAX; i = end + 1) {
		for (end = i; end < size && is_word(text[end]);)
			end++;
		if (end - i < 2 || end - i >= sizeof(name))
			continue;
		memcpy(name, text + i, end - i);
		name[end - i] = '\0';
		check_name(profile, arch, text, size, name, ctx);
		count++;
	}
}

static void check_taken(struct callgate_profile *profile, const uint32_t *archs, const char *text, size_t size)
{
	struct callgate_program *program = NULL;
	scmp_filter_ctx ctx;

	FUZZ_EXPECT(callgate_profile_context(profile, &ctx) == 0);
	int result = callgate_profile_program(profile, &program);
	FUZZ_EXPECT(result == 0 || (result == -E2BIG && *callgate_profile_diagnosis(profile)));
	callgate_program_free(program);
	check_names(profile, archs[0], text, size, ctx);
	if (result == 0 && size <= TAKEN_MAX) {
		check_forms(profile, archs, ctx);
		/* Bytes between which a blank or a line is something else. */
		if (!memchr(text, '\0', size) && !memchr(text, '\r', size) && (unsigned char)text[0] != 0xef)
			check_layout(archs, text, size, ctx);
		result = callgate_profile_review(profile);
		FUZZ_EXPECT(result == 0 || result == -E2BIG || result == -EDQUOT);
		check_messages(profile, text, size, false);
	}
	seccomp_release(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint32_t *archs = choose_archs(data, size);
	int result;
	struct callgate_profile *profile = read_text(archs, CALLGATE_PROFILE_LIKE_AUTO, data, size, &result);

	check_messages(profile, (const char *)data, size, result < 0);
	if (result < 0)
		check_refused(profile, result);
	else if (callgate_profile_form(profile) == CALLGATE_PROFILE_FORM_POLICY)
		check_taken(profile, archs, (const char *)data, size);
	callgate_profile_free(profile);
	return 0;
}
