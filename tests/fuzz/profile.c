/*
 * Any bytes as a profile. What is refused is refused with words and without a filter. What is taken becomes a proved
 * program that answers calls as a second reading of the profile does, and its resolved form is the same filter.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/oci.h>
#include <callgate/prove.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>

#include "fuzz/fuzz.h"
#include "fuzz/second_reading.h"

enum { QUESTIONS_MAX = 400 };

/* How profiles are read in one run: one of a few environments, which the bytes choose. */
struct setting {
	struct second_environment second;
	uint32_t others[3]; /* architectures beside the machine */
	bool strict, open_socketcall;
	uint32_t newer;
};

static struct setting choose(const uint8_t *data, size_t size)
{
	unsigned sum = 0;
	struct setting setting = {.second = {SCMP_ARCH_X86_64, "amd64", NULL, false}};

	for (size_t i = 0; i < size; i++)
		sum += data[i];
	if (sum & 1)
		setting.second.capability = "CAP_SYS_ADMIN";
	setting.second.all_of_same_argument = sum & 2;
	setting.open_socketcall = sum & 4;
	if (sum & 8) {
		setting.others[0] = SCMP_ARCH_X86;
		setting.others[1] = SCMP_ARCH_X32;
	}
	if ((sum & 16) && (sum & 8)) {
		setting.second.arch = SCMP_ARCH_S390X;
		setting.second.machine = "s390x";
		setting.others[0] = SCMP_ARCH_S390;
		setting.others[1] = 0;
	}
	setting.strict = (sum & 0x60) == 0x60;
	setting.newer = (sum >> 7) % 4;
	return setting;
}

static struct callgate_profile *new_profile(const struct setting *setting)
{
	struct callgate_profile *profile;

	FUZZ_EXPECT(callgate_profile_new(&profile) == 0);
	FUZZ_EXPECT(callgate_profile_add_capability(profile, setting->second.capability) == 0);
	FUZZ_EXPECT(callgate_profile_set_kernel(profile, "6.1") == 0);
	FUZZ_EXPECT(callgate_profile_add_arch(profile, setting->second.arch) == 0);
	for (int i = 0; setting->others[i]; i++)
		FUZZ_EXPECT(callgate_profile_add_arch(profile, setting->others[i]) == 0);
	const uint32_t options[][2] = {
	    {CALLGATE_PROFILE_STRICT, setting->strict},
	    {CALLGATE_PROFILE_OPEN_SOCKETCALL, setting->open_socketcall},
	    {CALLGATE_PROFILE_UNKNOWN_CALLS, setting->newer},
	    {CALLGATE_PROFILE_SAME_ARGUMENT, setting->second.all_of_same_argument},
	};
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		FUZZ_EXPECT(callgate_profile_set_option(profile, options[i][0], options[i][1]) == 0);
	return profile;
}

static void check_messages(const struct callgate_profile *profile, bool refused)
{
	const struct callgate_profile_message *message;
	bool error = false;

	for (size_t i = 0; (message = callgate_profile_message(profile, i)); i++) {
		FUZZ_EXPECT(*message->text && message->line > 0 && message->column > 0);
		error = error || message->severity == CALLGATE_SEVERITY_ERROR;
	}
	FUZZ_EXPECT(error == refused);
}

static void check_refused(struct callgate_profile *profile, int result)
{
	scmp_filter_ctx ctx = NULL;
	char *text = NULL;

	FUZZ_EXPECT(result == -EINVAL && *callgate_profile_diagnosis(profile));
	FUZZ_EXPECT(callgate_profile_context(profile, &ctx) == -EINVAL && !ctx);
	FUZZ_EXPECT(callgate_profile_resolve(profile, &text) == -EINVAL && !text);
}

/*
 * Without a condition that always holds, an entry may say the same as another one; then the rule that is kept can be
 * that one's.
 */
static bool has_idle_condition(const struct callgate_profile *profile, unsigned int line)
{
	const struct callgate_profile_message *message;
	bool found = false;

	for (size_t i = 0; (message = callgate_profile_message(profile, i)); i++)
		found = found || (message->line == line && strstr(message->text, "always holds"));
	return found;
}

/* A name of which it was said that it is never reached, as another line decides, has not answered. */
static void check_reached(const struct callgate_profile *profile, uint32_t rule)
{
	const struct callgate_profile_message *message;
	unsigned int line, column, decides;

	FUZZ_EXPECT(callgate_profile_rule_origin(profile, rule, &line, &column) == 0);
	for (size_t i = 0; (message = callgate_profile_message(profile, i)); i++)
		if (message->line == line && message->column == column &&
		    strncmp(message->text, "never reached", strlen("never reached")) == 0)
			FUZZ_EXPECT(sscanf(message->text, "never reached: line %u", &decides) == 1 &&
			            has_idle_condition(profile, decides));
}

static void check_answer(const struct callgate_profile *profile, const struct second_reading *second, uint32_t arch,
                         const char *name, const uint64_t args[6], scmp_filter_ctx ctx)
{
	int nr = callgate_syscall_number(arch, name);
	struct callgate_call call = {.arch = arch, .nr = nr};
	struct callgate_verdict verdict;

	/* What socketcall and ipc get depends on the calls behind them. */
	if (nr < 0 || strcmp(name, "socketcall") == 0 || strcmp(name, "ipc") == 0)
		return;
	memcpy(call.args, args, sizeof(call.args));
	int result = callgate_simulate(ctx, &call, &verdict);
	if (result == -E2BIG)
		return;
	FUZZ_EXPECT(result == 0);
	if (verdict.reason == CALLGATE_REASON_RULE)
		check_reached(profile, verdict.rule);
	/* Known calls are unknown ones where the profile names no newer one. */
	if (verdict.reason == CALLGATE_REASON_UNKNOWN) {
		FUZZ_EXPECT(verdict.action == SCMP_ACT_ERRNO(38));
		return;
	}
	if (second_reading_accepts(second, name, args, verdict.action))
		return;
	fprintf(stderr, "%s(%#llx, %#llx, %#llx, %#llx, %#llx, %#llx) gets 0x%08x\n", name, (unsigned long long)args[0],
	        (unsigned long long)args[1], (unsigned long long)args[2], (unsigned long long)args[3],
	        (unsigned long long)args[4], (unsigned long long)args[5], verdict.action);
	abort();
}

static void check_answers(const struct callgate_profile *profile, const uint8_t *data, size_t size,
                          const struct setting *setting, scmp_filter_ctx ctx)
{
	struct second_reading *second = second_reading_new(data, size, &setting->second);
	const char *name;
	uint64_t args[6];

	for (size_t i = 0; second && i < QUESTIONS_MAX && second_reading_question(second, i, &name, args); i++)
		check_answer(profile, second, setting->second.arch, name, args, ctx);
	second_reading_free(second);
}

/* The profile's own words, once resolved, mean the same. */
static void check_resolved(struct callgate_profile *profile, const struct setting *setting, scmp_filter_ctx ctx)
{
	struct callgate_profile *resolved = new_profile(setting);
	struct callgate_comparison *comparison;
	scmp_filter_ctx again;
	char *text;

	/* Whose it is, the words no longer show. */
	FUZZ_EXPECT(callgate_profile_set_option(resolved, CALLGATE_PROFILE_LIKE, callgate_profile_like(profile)) == 0);
	FUZZ_EXPECT(callgate_profile_resolve(profile, &text) == 0);
	if (callgate_profile_read_memory(resolved, text, strlen(text), "resolved") < 0) {
		fprintf(stderr, "%s\n%s\n", text, callgate_profile_diagnosis(resolved));
		abort();
	}
	FUZZ_EXPECT(callgate_profile_context(resolved, &again) == 0);
	struct callgate_filter sides[2] = {{.ctx = ctx}, {.ctx = again}};
	FUZZ_EXPECT(callgate_compare(&sides[0], &sides[1], 1, &comparison) == 0);
	if (comparison->relation != CALLGATE_RELATION_EQUAL) {
		fprintf(stderr, "%s\n%s\n", text, comparison->count ? comparison->differences[0].text : "?");
		abort();
	}
	callgate_comparison_free(comparison);
	seccomp_release(again);
	callgate_profile_free(resolved);
	free(text);
}

static void check_taken(struct callgate_profile *profile, const uint8_t *data, size_t size,
                        const struct setting *setting)
{
	struct callgate_program *program = NULL;
	scmp_filter_ctx ctx;
	char *text;

	FUZZ_EXPECT(callgate_profile_context(profile, &ctx) == 0);
	int result = callgate_profile_program(profile, &program);
	if (result < 0 && result != -E2BIG) {
		fprintf(stderr, "%d: %s\n", result, callgate_profile_diagnosis(profile));
		abort();
	}
	callgate_program_free(program);
	check_answers(profile, data, size, setting, ctx);
	check_resolved(profile, setting, ctx);
	FUZZ_EXPECT(callgate_profile_describe(profile, &text) == 0);
	result = callgate_profile_review(profile);
	FUZZ_EXPECT(result == 0 || result == -E2BIG);
	check_messages(profile, false);
	free(text);
	seccomp_release(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct setting setting = choose(data, size);
	struct callgate_profile *profile = new_profile(&setting);
	int result = callgate_profile_read_memory(profile, data, size, "profile");

	check_messages(profile, result < 0);
	if (result < 0)
		check_refused(profile, result);
	else
		check_taken(profile, data, size, &setting);
	callgate_profile_free(profile);
	return 0;
}
