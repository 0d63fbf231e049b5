/* callgate explain: what a filter does, for people. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/info.h>
#include <callgate/syscall.h>

#include "cli/explain.h"
#include "cli/output.h"

struct settings {
	const char *syscall, *against, *output;
	bool allowed, denied, conditional;
	bool json, markdown, html, dot;
};

static const struct option_row options[] = {
    {"syscall", 0, "CALL", take_text, offsetof(struct settings, syscall),
     "explains what happens to this call, and why; default: an overview"},
    {"against", 0, "FILTER", take_text, offsetof(struct settings, against),
     "an older filter: lists the calls whose answers differ from it"},
    {"allowed", 0, NULL, take_flag, offsetof(struct settings, allowed), "lists the allowed calls"},
    {"denied", 0, NULL, take_flag, offsetof(struct settings, denied), "lists the denied calls"},
    {"conditional", 0, NULL, take_flag, offsetof(struct settings, conditional),
     "lists the calls whose arguments decide (default)"},
    {"html", 0, NULL, take_flag, offsetof(struct settings, html), "writes a self-contained page"},
    {"markdown", 0, NULL, take_flag, offsetof(struct settings, markdown), "writes a table for a pull request"},
    {"json", 0, NULL, take_flag, offsetof(struct settings, json), "writes all calls as JSON"},
    {"dot", 0, NULL, take_flag, offsetof(struct settings, dot),
     "with --syscall: writes the decisions of the program as a graph, for dot(1)"},
    {"output", 'o', "FILE", take_text, offsetof(struct settings, output), "default: standard output"},
    {0},
};

/* ---- what is explained ---- */

bool explanation_shows(const struct explanation *x, const struct explained_call *call)
{
	return x->kinds & 1u << call->kind && (!x->only || strcmp(call->name, x->only) == 0);
}

/* Calls and changes of an architecture come one after the other. */
static bool explain_arch(struct explanation *x, const struct callgate_arch *arch)
{
	const char *name;

	for (size_t i = 0; (name = callgate_syscall_name_at(i)); i++) {
		struct explained_call call;
		const bool is_asked = !x->only || strcmp(name, x->only) == 0 || explanation_needs(x->only, name);
		if (!is_asked || callgate_syscall_number(arch->token, name) < 0)
			continue;
		if (!explain_call(&x->explaining, arch, name, &call))
			return false;
		x->counts[call.kind]++;
		if (!vec_push_in(&x->calls, &x->explaining.arena, call)) {
			cli_error("out of memory");
			return false;
		}
	}
	return true;
}

/* The machine's own architecture, and then all others. */
static const struct callgate_arch *arch_at(size_t index, const struct environment *environment)
{
	const struct callgate_arch *machine = callgate_arch_find(environment_arch(environment));
	size_t own = 0;

	while (callgate_arch_at(own) != machine)
		own++;
	return index == 0 ? machine : callgate_arch_at(index <= own ? index - 1 : index);
}

static bool explain_all(struct explanation *x, const struct call *call)
{
	const struct callgate_arch *arch;
	bool done = true, any = false, shows = false;

	for (size_t i = 0; done && (arch = arch_at(i, &call->environment)); i++)
		if (explain_has_arch(&x->explaining, arch, &call->environment)) {
			any = true;
			done = explain_arch(x, arch);
		}
	for (size_t i = 0; i < x->calls.count; i++)
		shows = shows || !x->only || strcmp(x->calls.items[i].name, x->only) == 0;
	if (done && !any)
		cli_error("the filter is for no architecture");
	else if (done && !shows)
		cli_error("the filter's architectures have no system call \"%s\"", x->only);
	return done && shows;
}

/* ---- what has changed ---- */

static const struct callgate_difference *change_of(const struct explanation *x, const struct explained_call *call)
{
	for (size_t i = 0; x->changes && i < x->changes->count; i++) {
		const struct callgate_difference *d = &x->changes->differences[i];
		const uint32_t nr = (uint32_t)call->nr;
		if (callgate_arch_of_call(d->witness.arch, d->witness.nr) == call->arch && d->nr_first <= nr &&
		    nr <= d->nr_last && (nr & d->nr_mask) == d->nr_value)
			return d;
	}
	return NULL;
}

enum explained_change explanation_change(const struct explanation *x, const struct explained_call *call,
                                         const struct callgate_difference **ret_difference)
{
	const struct callgate_difference *found = change_of(x, call);
	const uint32_t allow = SCMP_ACT_ALLOW, log = SCMP_ACT_LOG;

	*ret_difference = found;
	if (!found)
		return EXPLAINED_SAME;
	const bool was = found->first == allow || found->first == log,
	           is = found->second == allow || found->second == log;
	return was == is ? EXPLAINED_OTHER : is ? EXPLAINED_MORE : EXPLAINED_LESS;
}

static bool compare(struct explanation *x, const struct filter *old)
{
	const struct callgate_filter before = filter_side(old);

	if (callgate_compare(&before, &x->explaining.question, SIZE_MAX, &x->changes) < 0 ||
	    x->changes->relation == CALLGATE_RELATION_UNKNOWN || x->changes->relation == CALLGATE_RELATION_REFUSED) {
		cli_error("%s", callgate_diagnosis(NULL));
		return false;
	}
	return true;
}

const char *explained_word(enum explained_kind kind)
{
	static const char *const words[] = {"allowed", "denied", "by argument"}; /* ORDER explained_kind */

	return words[kind];
}

static void print_dot(FILE *out, const struct explanation *x)
{
	for (size_t i = 0; i < x->calls.count; i++)
		if (explanation_shows(x, &x->calls.items[i]))
			graph_print_dot(out, &x->calls.items[i]);
}

/* ---- the command ---- */

static bool is_usable(const struct settings *settings)
{
	const char *closest = settings->syscall ? callgate_syscall_closest_name(settings->syscall) : NULL;
	bool is_known = !settings->syscall;
	const char *name;

	for (size_t i = 0; !is_known && (name = callgate_syscall_name_at(i)); i++)
		is_known = strcmp(name, settings->syscall) == 0;
	if (settings->html + settings->markdown + settings->json + settings->dot > 1)
		cli_error("--html, --markdown, --json and --dot are one or the other");
	else if (settings->dot && !settings->syscall)
		cli_error("--dot draws one call: --syscall says which");
	else if (!is_known && closest)
		cli_error("no system call is called \"%s\"; is \"%s\" meant?", settings->syscall, closest);
	else if (!is_known)
		cli_error("no system call is called \"%s\"", settings->syscall);
	else
		return true;
	return false;
}

static bool print(const struct explanation *x, const struct call *call)
{
	const struct settings *settings = call->settings;
	struct output output;

	if (!output_open(&output, settings->output))
		return false;
	if (settings->html)
		explanation_print_page(output.stream, x);
	else if (settings->markdown)
		explanation_print_markdown(output.stream, x);
	else if (settings->json)
		explanation_print_json(output.stream, x);
	else if (settings->dot)
		print_dot(output.stream, x);
	else
		explanation_print_words(output.stream, x);
	return output_commit(&output);
}

static unsigned kinds_of(const struct settings *settings)
{
	const unsigned asked = (settings->allowed ? 1u << EXPLAINED_ALLOWED : 0) |
	                       (settings->denied ? 1u << EXPLAINED_DENIED : 0) |
	                       (settings->conditional ? 1u << EXPLAINED_CONDITIONAL : 0);
	const bool wants_all = settings->syscall || settings->html || settings->json;

	return asked ? asked : wants_all ? 7u : 1u << EXPLAINED_CONDITIONAL;
}

static int run(struct call *call)
{
	const struct settings *settings = call->settings;
	struct filter filter = {0}, old = {0};
	struct explanation x = {.only = settings->syscall, .kinds = kinds_of(settings)};

	if (!is_usable(settings))
		return command_misused(call->command);
	bool done =
	    filter_explain(&filter, filter_open(&filter, call->operands[0], &call->environment)) &&
	    (!settings->against || filter_explain(&old, filter_open(&old, settings->against, &call->environment)));
	done = done && explain_start(&x.explaining, &filter) && (!settings->against || compare(&x, &old)) &&
	       explain_all(&x, call) && print(&x, call);
	callgate_comparison_free(x.changes);
	explain_finish(&x.explaining);
	filter_close(&filter);
	filter_close(&old);
	return done ? CLI_OK : CLI_FAILED;
}

const struct command cmd_explain = {
    .name = "explain",
    .what = "explain what a filter does",
    .synopsis = "[--syscall CALL] [--against FILTER] [--html|--markdown|--json|--dot] [-o FILE] [OPTION]... FILTER",
    .help = "Explains what FILTER, a profile (JSON), a policy or a program, does with the calls of its architectures: "
            "the conditions in words, the places of the rules, the number of instructions, whether the kernel answers "
            "without running the program, and other calls with the same effect.\n",
    .options = options,
    .environment = environment_options,
    .settings_size = sizeof(struct settings),
    .operands_least = 1,
    .operands_most = 1,
    .question = "one filter is to be named",
    .run = run,
};
