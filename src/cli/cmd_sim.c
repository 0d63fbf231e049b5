/* callgate sim: what does a filter answer to a call, or to all calls of a kind, and why? */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/arch.h>
#include <callgate/diagnosis.h>
#include <callgate/test_file.h>
#include <callgate/testing.h>

#include "cli/filter_file.h"
#include "cli/print.h"

struct settings {
	bool json;
	unsigned int max;
};

static const struct settings defaults = {.max = 20};

static const struct option_row options[] = {
    {"json", 0, NULL, take_flag, offsetof(struct settings, json), "the answers as JSON"},
    {"max", 0, "N", take_number, offsetof(struct settings, max), "how many cases of a call to show; default: 20",
     .least = 1, .most = UINT_MAX},
    {0},
};

/* Everything that questions need. */
struct asking {
	const struct settings *settings;
	const struct filter *filter;
	struct callgate_filter question;
	struct callgate_simulator *simulator;
	struct json json;
};

/* Calls of one number, and how the filter answers them: a kind for each form of the arguments, and its cases. */
struct answer {
	const struct callgate_arch *arch;
	const char *text;
	size_t count;
	const struct callgate_call_kind *kinds;
	struct callgate_cases *const *cases;
	bool is_same; /* all forms are answered alike: only the first one is shown */
};

/* ---- printing ---- */

static void add_condition(struct strbuf *text, const struct callgate_condition *c, const struct callgate_arch *arch)
{
	/* Upper halves that are zeros anyway are not worth a word. */
	if (arch->register_bits == 32 && c->mask == 0xffffffff00000000 && c->op == SCMP_CMP_EQ)
		return;
	strbuf_append(text, text->length ? " and " : " if ");
	append_condition(text, c, arch->register_bits);
}

/* " if argument 2 & 0x3 == 0x1 and ..."; the comparisons of its form are conditions where forms are distinguished. */
static char *conditions_text(const struct answer *answer, size_t form, const struct callgate_case *one)
{
	const struct callgate_call_kind *kind = &answer->kinds[form];
	struct strbuf text = {0};

	strbuf_append(&text, "");
	for (size_t i = 0; i < kind->comparison_count && !answer->is_same; i++) {
		const struct scmp_arg_cmp *c = &kind->comparisons[i];
		bool masked = c->op == SCMP_CMP_MASKED_EQ;
		struct callgate_condition condition = {c->arg, masked ? SCMP_CMP_EQ : c->op,
		                                       masked ? c->datum_a : UINT64_MAX,
		                                       masked ? c->datum_b : c->datum_a};
		add_condition(&text, &condition, answer->arch);
	}
	for (size_t i = 0; i < one->condition_count; i++)
		add_condition(&text, &one->conditions[i], answer->arch);
	return strbuf_steal(&text);
}

/* What is known of one call: why it gets its answer, where the rule is, and what it costs. */
struct finding {
	char *why; /* "openat(0x0, ...) on x86_64: ALLOW, rule 5 (...)" */
	struct callgate_verdict verdict;
	const char *file;
	unsigned int line, column; /* of the rule in it; 0: there is none */
};

static bool look_at(const struct asking *a, const struct callgate_call *call, struct finding *ret_finding)
{
	*ret_finding = (struct finding){.why = callgate_explain(a->simulator, call)};
	if (!ret_finding->why || callgate_simulator_run(a->simulator, call, &ret_finding->verdict) < 0)
		return false;
	if (a->filter->profile && ret_finding->verdict.reason == CALLGATE_REASON_RULE)
		(void)callgate_profile_rule_place(a->filter->profile, ret_finding->verdict.rule, &ret_finding->file,
		                                  &ret_finding->line, &ret_finding->column);
	return true;
}

static bool is_only(const struct answer *answer)
{
	return answer->is_same && answer->cases[0]->count == 1 && answer->cases[0]->complete;
}

static void print_case_text(const char *action, const char *conditions, const struct finding *found, bool alone)
{
	const char *indent = alone ? "  " : "    ";

	print_safely(stdout, alone ? " %s%s\n" : "  %s%s\n", action, conditions);
	print_safely(stdout, "%s%s\n%s", indent, found->why, indent);
	if (found->line)
		print_safely(stdout, "%s:%u:%u; ", found->file, found->line, found->column);
	printf("%zu instruction%s, %s\n", found->verdict.executed, found->verdict.executed == 1 ? "" : "s",
	       found->verdict.from_bitmap ? "answered from the kernel's bitmap" : "not cached by the kernel");
}

static void print_case_json(struct asking *a, const struct callgate_case *one, const char *conditions,
                            const struct finding *found)
{
	struct json *json = &a->json;

	json_open(json, NULL, "{}");
	json_action(json, "action", one->action);
	json_text(json, "condition", *conditions ? conditions + strlen(" if ") : "");
	json_open(json, "example", "{}");
	json_call(json, &one->example, 0x3f);
	json_text(json, "text", found->why);
	json_close(json);
	json_text(json, "file", found->line ? found->file : NULL);
	json_number(json, "line", found->line);
	json_number(json, "column", found->column);
	json_number(json, "executed", (long long)found->verdict.executed);
	json_bool(json, "from_bitmap", found->verdict.from_bitmap);
	json_close(json);
}

/* False: out of memory. */
static bool print_case(struct asking *a, const struct answer *answer, size_t form, const struct callgate_case *one)
{
	char *conditions = conditions_text(answer, form, one);
	char action[CALLGATE_ACTION_TEXT];
	struct finding found = {0};
	bool done = conditions && look_at(a, &one->example, &found);

	callgate_action_text(one->action, action);
	if (done && a->settings->json)
		print_case_json(a, one, conditions, &found);
	else if (done)
		print_case_text(action, conditions, &found, is_only(answer));
	free(conditions);
	free(found.why);
	return done;
}

static void print_start(struct asking *a, const struct answer *answer, bool complete)
{
	struct callgate_call call = {.arch = answer->arch->token, .nr = answer->kinds[0].nr};
	struct json *json = &a->json;

	if (!a->settings->json) {
		print_safely(stdout, "%s on %s:%s", answer->text, answer->arch->name, is_only(answer) ? "" : "\n");
		return;
	}
	json_open(json, NULL, "{}");
	json_text(json, "text", answer->text);
	json_call(json, &call, 0);
	json_bool(json, "complete", complete);
	json_open(json, "cases", "[]");
}

static bool print_answer(struct asking *a, const struct answer *answer)
{
	size_t forms = answer->is_same ? 1 : answer->count;
	bool done = true, complete = true;

	for (size_t i = 0; i < forms; i++)
		complete = complete && answer->cases[i]->complete;
	print_start(a, answer, complete);
	for (size_t i = 0; i < forms; i++)
		for (size_t j = 0; j < answer->cases[i]->count && done; j++)
			done = print_case(a, answer, i, &answer->cases[i]->cases[j]);
	if (a->settings->json) {
		json_close(&a->json);
		json_close(&a->json);
	} else if (!complete) {
		printf("  and more cases, which --max %llu may show\n", 2ULL * a->settings->max);
	}
	return done;
}

/* ---- asking ---- */

static bool is_same(const struct callgate_cases *x, const struct callgate_cases *y)
{
	bool same = x->complete == y->complete && x->count == y->count;

	for (size_t i = 0; same && i < x->count; i++) {
		const struct callgate_case *a = &x->cases[i], *b = &y->cases[i];
		same = a->action == b->action && a->condition_count == b->condition_count;
		for (size_t j = 0; same && j < a->condition_count; j++) {
			const struct callgate_condition *c = &a->conditions[j], *d = &b->conditions[j];
			same =
			    c->argument == d->argument && c->op == d->op && c->mask == d->mask && c->value == d->value;
		}
	}
	return same;
}

/* What is asked about a set is answered for each of its calls, by name. */
static bool name_and_print(struct asking *a, struct answer *answer)
{
	char *name = seccomp_syscall_resolve_num_arch(answer->arch->token, answer->kinds[0].nr), *text = NULL;

	answer->is_same = true;
	for (size_t i = 1; i < answer->count; i++)
		answer->is_same = answer->is_same && is_same(answer->cases[0], answer->cases[i]);
	if (*answer->text == '@' && asprintf(&text, "%s(*)", name ? name : "?") < 0)
		text = NULL;
	answer->text = text ? text : answer->text;
	bool done = print_answer(a, answer);
	free(name);
	free(text);
	if (!done)
		cli_error("out of memory");
	return done;
}

static bool find_cases(struct asking *a, const struct callgate_call_kinds *kinds, struct callgate_cases **cases)
{
	for (size_t i = 0; i < kinds->count; i++) {
		const struct callgate_call_kind *kind = &kinds->kinds[i];
		if (callgate_cases_find(&a->question, kinds->arch, kind->nr, kind->comparison_count, kind->comparisons,
		                        a->settings->max, &cases[i]) < 0) {
			cli_error("%s", callgate_diagnosis(NULL));
			return false;
		}
	}
	return true;
}

static bool ask(struct asking *a, const struct callgate_arch *arch, const char *text)
{
	struct callgate_call_kinds *kinds = NULL;

	if (callgate_call_kinds_parse(text, arch->token, &kinds) < 0) {
		cli_error("\"%s\": %s", text, callgate_failure());
		return false;
	}
	struct callgate_cases **cases = calloc(kinds->count, sizeof(struct callgate_cases *));
	bool done = cases && find_cases(a, kinds, cases);
	for (size_t i = 0, last; i < kinds->count && done; i = last) {
		for (last = i + 1; last < kinds->count && kinds->kinds[last].nr == kinds->kinds[i].nr;)
			last++;
		struct answer answer = {arch, text, last - i, &kinds->kinds[i], &cases[i], false};
		done = name_and_print(a, &answer);
	}
	for (size_t i = 0; cases && i < kinds->count; i++)
		callgate_cases_free(cases[i]);
	if (!cases)
		cli_error("out of memory");
	free(cases);
	callgate_call_kinds_free(kinds);
	return done;
}

/*
 * Each call on each architecture that the command line names, or on this machine's. All are asked, whatever comes of
 * one.
 */
static bool ask_all(struct asking *a, const struct call *call)
{
	size_t asked = 0;
	bool done = true;

	if (a->settings->json) {
		json_open(&a->json, NULL, "{}");
		json_open(&a->json, "calls", "[]");
	}
	for (size_t i = 1; i < call->operand_count; i++) {
		asked = 0;
		for (size_t j = 0; j < call->environment.settings.count; j++) {
			const struct setting *setting = &call->environment.settings.items[j];
			const struct callgate_arch *arch =
			    strcmp(setting->option->name, "arch") == 0 ? callgate_arch_find_name(setting->value) : NULL;
			asked += arch != NULL;
			done = (!arch || ask(a, arch, call->operands[i])) && done;
		}
		if (!asked)
			done =
			    ask(a, callgate_arch_find(environment_arch(&call->environment)), call->operands[i]) && done;
	}
	if (a->settings->json) {
		json_close(&a->json);
		json_close(&a->json);
	}
	return done;
}

static int run(struct call *call)
{
	struct filter filter = {0};
	struct asking a = {.settings = call->settings, .filter = &filter, .json = {.out = stdout}};
	bool done = filter_explain(&filter, filter_open(&filter, call->operands[0], &call->environment));

	if (done) {
		a.question = filter_side(&filter);
		done = (filter.ctx ? callgate_simulator_new(filter.ctx, &a.simulator)
		                   : callgate_simulator_new_program(filter.programs[0], &a.simulator)) == 0;
		if (!done)
			cli_error("%s", callgate_diagnosis(filter.ctx));
	}
	done = done && ask_all(&a, call);
	callgate_simulator_free(a.simulator);
	filter_close(&filter);
	return done ? CLI_OK : CLI_FAILED;
}

const struct command cmd_sim = {
    .name = "sim",
    .what = "show the answer of a filter to a call",
    .synopsis = "[--json] [--max N] [OPTION]... FILTER CALL...",
    .help = "Shows the answer of FILTER, a profile (JSON), a policy or a program, to each CALL, the rule that decides, "
            "the number of instructions, and whether the kernel caches the answer. CALL is as in callgate-test(5): "
            "'openat(AT_FDCWD, *, O_RDONLY)', where * is any value: all possible answers are then shown, as the prover "
            "finds them. With several --arch, each is shown.\n",
    .options = options,
    .environment = environment_options,
    .defaults = &defaults,
    .settings_size = sizeof(struct settings),
    .operands_least = 2,
    .operands_most = UINT_MAX,
    .question = "a filter and a call are to be named",
    .run = run,
};
