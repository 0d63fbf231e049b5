/* Profiles in another form, proved to be the same filter. */
#include "oci/convert.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/simulate.h>

#include "oci/profile_handle.h"
#include "oci/read_policy.h"

/* Why a question was not answered: the words of who was asked, who has none where memory was out. */
static const char *reason(const char *words, int result)
{
	if (*words)
		return words;
	return result == -ENOMEM ? "out of memory" : strerror(-result);
}

int conversion_refuse(const struct conversion *conversion, const struct callgate_arch *arch, const char *name)
{
	return diag_fail(conversion->diag, -EDQUOT,
	                 "%s on %s: no text says what its arguments decide: that takes more than %d cases, or other "
	                 "comparisons",
	                 name, arch->name, CALL_CASES_MAX);
}

static int find_cases(const struct conversion *conversion, const struct callgate_arch *arch, const char *name, int nr,
                      struct call_cases *ret_cases)
{
	int result = call_cases_find(&conversion->filter, arch, nr, conversion->arena, ret_cases);

	if (result == -EDQUOT && !*callgate_diagnosis(NULL)) /* the proof has found them */
		return conversion_refuse(conversion, arch, name);
	if (result == 0 && !call_cases_join(ret_cases, conversion->arena))
		result = -ENOMEM;
	if (result < 0)
		return diag_fail(conversion->diag, result, "%s on %s: %s", name, arch->name,
		                 reason(result == -ENOMEM ? "" : callgate_diagnosis(NULL), result));
	return 0;
}

int conversion_ask(const struct conversion *conversion, const struct callgate_arch *arch, const char *name, int nr,
                   struct call_answer *ret_answer)
{
	const scmp_filter_ctx ctx = conversion->application->ctx;
	const struct callgate_call call = {.arch = arch->token, .nr = nr};
	struct callgate_verdict verdict;
	int result = find_cases(conversion, arch, name, nr, &ret_answer->cases);

	if (result < 0)
		return result;
	result = callgate_simulate(ctx, &call, &verdict);
	if (result < 0) /* no call is to blame: the rules fit no filter, for example */
		return diag_fail(conversion->diag, result, "%s", reason(callgate_diagnosis(ctx), result));
	ret_answer->is_unnamed = ret_answer->cases.is_unconditional && verdict.reason != CALLGATE_REASON_RULE;
	return 0;
}

/* One way to write it. */
struct attempt {
	enum callgate_profile_form form;
	enum callgate_profile_like like; /* how it is read then */
	bool multiplexed_first, omits_newer;
};

/*
 * The next one is tried where one does not say the same. A runtime that gives ENOSYS to newer calls by itself comes
 * after the format's own meaning.
 */
static const struct attempt attempts[] = {
    {CALLGATE_PROFILE_FORM_POLICY, CALLGATE_PROFILE_LIKE_AUTO, false, false},
    {CALLGATE_PROFILE_FORM_POLICY, CALLGATE_PROFILE_LIKE_AUTO, true, false},
    {CALLGATE_PROFILE_FORM_JSON, CALLGATE_PROFILE_LIKE_CRUN, false, false},
    {CALLGATE_PROFILE_FORM_JSON, CALLGATE_PROFILE_LIKE_RUNC, false, true},
    {CALLGATE_PROFILE_FORM_JSON, CALLGATE_PROFILE_LIKE_RUNC, false, false},
};
enum { ATTEMPTS = sizeof(attempts) / sizeof(attempts[0]) };

/* A filter and what is written of it. */
struct converter {
	struct callgate_profile *profile;
	struct callgate_filter filter;
	char witness[400]; /* of the first text, or reading of one, that said something else */
};

/* The text is read as it will be: on the same architectures and machine, with options of its form alone. */
static int read_back(const struct converter *converter, const struct attempt *attempt, enum callgate_profile_like like,
                     const struct strbuf *text, struct callgate_profile **ret_profile)
{
	const struct environment *environment = &converter->profile->environment;
	const struct model *model = &converter->profile->model;
	struct callgate_profile *profile;
	int result = callgate_profile_new(&profile);

	if (result < 0)
		return result;
	profile->environment.has_capabilities = true;
	profile->environment.has_kernel = true;
	profile->environment.kernel = environment->kernel;
	profile->options[CALLGATE_PROFILE_LIKE] = like;
	*ret_profile = profile;
	/* JSON is read on some machine, which changes the list; a policy's is as it says. */
	for (size_t i = 0; attempt->form == CALLGATE_PROFILE_FORM_JSON && i < model->arch_count; i++)
		if (!vec_push(&profile->environment.archs, model->archs[i]))
			return -ENOMEM;
	return callgate_profile_read_memory(profile, text->text, text->length, "the new text");
}

static void note_witness(struct converter *converter, const struct callgate_comparison *comparison)
{
	const char *text = comparison->count && comparison->differences[0].text ? comparison->differences[0].text
	                                                                        : callgate_diagnosis(NULL);

	if (!converter->witness[0])
		snprintf(converter->witness, sizeof(converter->witness), "%s", text);
}

/* 1: equal, 0: not, -errno. */
static int compare(struct converter *converter, struct callgate_profile *other)
{
	struct callgate_comparison *comparison;
	scmp_filter_ctx ctx;
	int result = callgate_profile_context(other, &ctx);

	if (result < 0)
		return diag_fail(&converter->profile->diag, result, "%s", callgate_profile_diagnosis(other));
	const struct callgate_filter filter = {.ctx = ctx};
	result = callgate_compare(&converter->filter, &filter, 1, &comparison);
	if (result < 0)
		diag_set(&converter->profile->diag, "%s", reason(callgate_diagnosis(NULL), result));
	if (result == 0) {
		result = comparison->relation == CALLGATE_RELATION_EQUAL;
		if (comparison->relation == CALLGATE_RELATION_UNKNOWN)
			result =
			    diag_fail(&converter->profile->diag, -EDQUOT, "not proved: %s", callgate_diagnosis(NULL));
		else if (!result)
			note_witness(converter, comparison);
		callgate_comparison_free(comparison);
	}
	seccomp_release(ctx);
	return result;
}

static bool has_same_flags(const struct model *a, const struct model *b)
{
	return memcmp(a->flags, b->flags, sizeof(a->flags)) == 0;
}

/* 1: read like this, the text says the same; 0: it does not; -errno. */
static int prove(struct converter *converter, const struct attempt *attempt, enum callgate_profile_like like,
                 const struct strbuf *text)
{
	struct callgate_profile *other = NULL, *profile = converter->profile;
	int result = read_back(converter, attempt, like, text, &other);

	if (result < 0)
		diag_set(&profile->diag, "the new text: %s",
		         reason(other ? callgate_profile_diagnosis(other) : "", result));
	else
		result = has_same_flags(&profile->model, &other->model)
		             ? compare(converter, other)
		             : diag_fail(&profile->diag, -EOPNOTSUPP, "the flags can't be said");
	callgate_profile_free(other);
	return result;
}

/* 1: it says the same, 0: it does not, -errno. */
static int attempt(struct converter *converter, const struct attempt *attempt, const struct application *application,
                   struct strbuf *text)
{
	struct callgate_profile *profile = converter->profile;
	struct arena arena = {0};
	const struct conversion conversion = {.application = application,
	                                      .filter = converter->filter,
	                                      .arena = &arena,
	                                      .diag = &profile->diag,
	                                      .multiplexed_first = attempt->multiplexed_first,
	                                      .omits_newer = attempt->omits_newer};
	int result = attempt->form == CALLGATE_PROFILE_FORM_JSON ? write_as_json(text, &conversion)
	                                                         : write_as_policy(text, &conversion);

	if (result == -ENOMEM)
		diag_set(&profile->diag, "out of memory for the text");
	if (result == 0)
		result = prove(converter, attempt, attempt->like, text);
	arena_finish(&arena);
	return result;
}

enum callgate_profile_form callgate_profile_form(const struct callgate_profile *profile)
{
	if (!profile || !profile->is_usable)
		return CALLGATE_PROFILE_FORM_NONE;
	return profile->model.policy ? CALLGATE_PROFILE_FORM_POLICY : CALLGATE_PROFILE_FORM_JSON;
}

/* Who reads the text as callgate does without options is not surprised by it. */
static void report_reader(struct converter *converter, bool is_like_crun)
{
	static const char crun[] = "crun reads it (--like crun)", runc[] = "runc, and callgate by default, read it";
	struct callgate_profile *profile = converter->profile;

	messages_add(&profile->messages, NULL, is_like_crun ? CALLGATE_SEVERITY_WARNING : CALLGATE_SEVERITY_NOTE,
	             profile->model.fallback.place,
	             "the JSON is the same filter as %s; as %s, it is another one: %s (A: this %s, B: the JSON)",
	             is_like_crun ? crun : runc, is_like_crun ? runc : crun, converter->witness,
	             profile->model.policy ? "policy" : "profile");
}

/*
 * Runtimes read JSON differently, and callgate reads it as runc does where nobody says otherwise. A text that does not
 * mean the same to both is for one of them, and a call shows why. *ret_like: AUTO where it is for either.
 */
static int find_reader(struct converter *converter, const struct attempt *attempt, const struct strbuf *text,
                       enum callgate_profile_like *ret_like)
{
	const bool is_like_crun = attempt->like == CALLGATE_PROFILE_LIKE_CRUN;
	int result = 0;

	*ret_like = attempt->like;
	if (attempt->form != CALLGATE_PROFILE_FORM_JSON)
		return 0;
	converter->witness[0] = '\0';
	result =
	    prove(converter, attempt, is_like_crun ? CALLGATE_PROFILE_LIKE_RUNC : CALLGATE_PROFILE_LIKE_CRUN, text);
	if (result > 0)
		*ret_like = CALLGATE_PROFILE_LIKE_AUTO;
	if (result == 0)
		report_reader(converter, is_like_crun);
	if (result == 0 && converter->profile->messages.out_of_memory)
		result = diag_fail(&converter->profile->diag, -ENOMEM, "out of memory for the messages");
	converter->profile->messages.out_of_memory = false;
	return result < 0 ? result : 0;
}

/* Tries to write it in the form until it is proved to be the same. */
static int convert(struct converter *converter, enum callgate_profile_form form, const struct application *application,
                   struct strbuf *text, enum callgate_profile_like *ret_like)
{
	int result = 0;

	for (size_t i = 0; i < ATTEMPTS && result == 0; i++) {
		if (attempts[i].form != form)
			continue;
		strbuf_finish(text);
		result = attempt(converter, &attempts[i], application, text);
		if (result > 0)
			return find_reader(converter, &attempts[i], text, ret_like);
	}
	if (result < 0)
		return result;
	return diag_fail(&converter->profile->diag, -EOPNOTSUPP, "%s can't say the same: %s (A: this %s, B: the %s)",
	                 form == CALLGATE_PROFILE_FORM_JSON ? "plain JSON" : "a policy", converter->witness,
	                 converter->profile->model.policy ? "policy" : "profile",
	                 form == CALLGATE_PROFILE_FORM_JSON ? "JSON" : "policy");
}

static bool is_listed(const struct model *model, uint32_t token)
{
	for (size_t i = 0; i < model->arch_count; i++)
		if (model->archs[i]->token == token)
			return true;
	return false;
}

static bool runs(const struct callgate_arch *machine, uint32_t token)
{
	const struct callgate_arch *arch;

	for (size_t i = 0; (arch = callgate_machine_arch_at(machine->token, i)); i++)
		if (arch->token == token)
			return true;
	return false;
}

/*
 * Who reads JSON adds the machine's own architecture to the list. A machine that runs one of the list but whose own
 * one is not there: NULL where there is none. No kernel's own are x32 and n32, which have 64-bit registers.
 */
static const struct callgate_arch *machine_beside(const struct model *model)
{
	const struct callgate_arch *machine;

	for (size_t i = 0; (machine = callgate_arch_at(i)); i++)
		for (size_t j = 0; j < model->arch_count && machine->word_bits == machine->register_bits; j++)
			if (!is_listed(model, machine->token) && runs(machine, model->archs[j]->token))
				return machine;
	return NULL;
}

static int check_machines(struct callgate_profile *profile, enum callgate_profile_form form)
{
	const struct callgate_arch *machine =
	    form == CALLGATE_PROFILE_FORM_JSON ? machine_beside(&profile->model) : NULL;

	if (!machine)
		return 0;
	return diag_fail(&profile->diag, -EOPNOTSUPP,
	                 "JSON can't leave out %s, which whoever reads it on such a machine adds; name it in `arch`",
	                 machine->name);
}

int callgate_profile_convert(struct callgate_profile *profile, enum callgate_profile_form form,
                             enum callgate_profile_like *ret_like, char **ret_text)
{
	struct converter converter = {.profile = profile};
	enum callgate_profile_like like = CALLGATE_PROFILE_LIKE_AUTO;
	struct strbuf text = {0};
	scmp_filter_ctx ctx = NULL;
	int result = profile_start_answer(profile, ret_text);

	if (result == 0 && form != CALLGATE_PROFILE_FORM_JSON && form != CALLGATE_PROFILE_FORM_POLICY)
		result = diag_fail(&profile->diag, -EINVAL, "there is no form %d", (int)form);
	if (result == 0 && form == CALLGATE_PROFILE_FORM_POLICY && profile->model.listener_path)
		result = diag_fail(&profile->diag, -EOPNOTSUPP, "a policy can't say the profile's listenerPath");
	if (result == 0)
		result = check_machines(profile, form);
	if (result == 0)
		result = callgate_profile_context(profile, &ctx);
	if (result < 0)
		return result;
	struct application application = {
	    .model = &profile->model, .options = profile->options, .diag = &profile->diag, .ctx = ctx};
	converter.filter.ctx = ctx;
	result = convert(&converter, form, &application, &text, &like);
	seccomp_release(ctx);
	if (result == 0)
		result = profile_give(profile, &text, ret_text);
	if (result == 0 && ret_like)
		*ret_like = like;
	strbuf_finish(&text);
	return result;
}
