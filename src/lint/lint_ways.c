/*
 * Other ways to what a filter denies: twins, multiplexers, io_uring, other architectures. What a restriction means
 * decides what escapes it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/bypass.h>
#include <callgate/info.h>
#include <callgate/syscall.h>

#include "lint/linting.h"

enum { LISTED_MAX = 6 };

/* ---- which calls a row is about ---- */

/* The number of the argument, or -1. */
static int argument_of(const struct callgate_arch *arch, const char *call, const char *name)
{
	for (unsigned int i = 0; i < CALLGATE_ARGUMENTS; i++) {
		const char *declared = callgate_argument_name(arch->token, call, i);
		if (declared && strcmp(declared, name) == 0)
			return (int)i;
	}
	return -1;
}

static bool value_of(const struct callgate_arch *arch, const char *constant, uint64_t *ret_value)
{
	int64_t value = 0;

	if (*constant >= '0' && *constant <= '9')
		value = strtol(constant, NULL, 10);
	else if (callgate_constant(arch->token, constant, &value) < 0)
		return false;
	*ret_value = (uint64_t)value & UINT32_MAX;
	return true;
}

/* The calls with one bit or value, as a comparison of what the kernel reads. */
static struct scmp_arg_cmp comparison_of(const struct callgate_arch *arch, const char *call, int arg, uint64_t value,
                                         bool is_bit)
{
	const unsigned int bits = callgate_argument_bits(arch->token, call, (unsigned int)arg);
	const bool is_whole = arch->register_bits == 32 || bits >= 32 || bits == 0;

	return (struct scmp_arg_cmp){(unsigned int)arg, SCMP_CMP_MASKED_EQ,
	                             is_bit     ? value
	                             : is_whole ? UINT32_MAX
	                                        : (UINT64_C(1) << bits) - 1,
	                             value};
}

/* How a row meets a filter: the value that is denied, if it is about some, and the call that makes it. */
struct meeting {
	const struct callgate_bypass *row;
	const char *constant; /* NULL: the row is about the call */
	uint64_t value;
	struct callgate_call way;
};

static bool is_denied_by_bits(struct linting *linting, size_t arch, const struct callgate_bypass *row,
                              struct meeting *meeting)
{
	const struct callgate_arch *facts = linting->archs[arch];
	const char *call = row->denied.call;
	const int arg = argument_of(facts, call, row->denied.argument);
	const bool is_bit = row->denied.match == CALLGATE_BYPASS_MATCH_BITS;

	if (arg < 0 || lint_passing(linting, arch, call) != CONDITIONAL)
		return false;
	for (size_t i = 0; row->denied.constants[i]; i++) {
		if (!value_of(facts, row->denied.constants[i], &meeting->value))
			continue;
		const struct scmp_arg_cmp with = comparison_of(facts, call, arg, meeting->value, is_bit);
		struct scmp_arg_cmp without = with;
		without.datum_b = 0;
		meeting->constant = row->denied.constants[i];
		if (lint_passing_where(linting, arch, call, &with) == DENIED &&
		    (!is_bit || lint_passing_where(linting, arch, call, &without) != DENIED))
			return true;
	}
	return false;
}

static bool is_denied(struct linting *linting, size_t arch, const struct callgate_bypass *row, struct meeting *meeting)
{
	const enum passing passing = lint_passing(linting, arch, row->denied.call);

	if (callgate_syscall_number(linting->archs[arch]->token, row->denied.call) < 0)
		return false;
	switch (row->denied.match) {
	case CALLGATE_BYPASS_MATCH_BITS:
	case CALLGATE_BYPASS_MATCH_VALUES:
		return is_denied_by_bits(linting, arch, row, meeting);
	case CALLGATE_BYPASS_MATCH_ALL:
		return passing == DENIED;
	default:
		return passing != PASSES;
	}
}

/* Does the way pass, whatever its other arguments are? */
static bool is_open(struct linting *linting, size_t arch, const struct callgate_bypass *row, struct meeting *meeting)
{
	const struct callgate_arch *facts = linting->archs[arch];
	const char *call = row->way.call;

	meeting->way = lint_call(linting, arch, call);
	if (meeting->way.nr < 0)
		return false;
	if (row->sort == CALLGATE_BYPASS_IO_URING && lint_passing(linting, arch, "io_uring_setup") != PASSES)
		return false;
	if (row->way.match == CALLGATE_BYPASS_MATCH_ANY)
		return lint_passing(linting, arch, call) == PASSES;
	const int arg = argument_of(facts, call, row->way.argument);
	const bool is_bit = row->way.match != CALLGATE_BYPASS_MATCH_VALUES;
	uint64_t value = meeting->value;
	for (size_t i = 0; arg >= 0; i++) {
		if (row->way.constants && !row->way.constants[i])
			return false;
		if (!row->way.constants || value_of(facts, row->way.constants[i], &value)) {
			const struct scmp_arg_cmp with = comparison_of(facts, call, arg, value, is_bit);
			meeting->way.args[arg] = value;
			if (lint_passing_where(linting, arch, call, &with) == PASSES)
				return true;
		}
		if (!row->way.constants)
			return false;
	}
	return false;
}

/* ---- findings ---- */

/* "socketcall(call=SYS_SOCKET)", "unshare(CLONE_NEWUSER)" */
static void append_way(struct strbuf *out, const struct meeting *meeting)
{
	const struct callgate_bypass_calls *way = &meeting->row->way;

	strbuf_append(out, way->call);
	if (way->match == CALLGATE_BYPASS_MATCH_SAME_BITS)
		strbuf_printf(out, "(%s)", meeting->constant);
	else if (way->constants)
		strbuf_printf(out, "(%s=%s)", way->argument, way->constants[0]);
}

/* The ways around one restriction that are of one kind of finding. */
struct group {
	const char *name;
	enum callgate_finding_level level;
	struct strbuf ways, subject;
	struct strbuf deniable, missable; /* the same ways: those that C libraries replace after ENOSYS apart */
	struct meeting first;
};

enum { WHOLE_TWIN, LARGER_BYPASS, PARTIAL_BYPASS, PARTIAL_TWIN, GROUPS };

static int group_of(const struct callgate_bypass *row, enum passing passing)
{
	const bool is_partial = row->kind == CALLGATE_BYPASS_PARTIAL;

	if (passing == DENIED && row->sort == CALLGATE_BYPASS_TWIN)
		return is_partial ? PARTIAL_TWIN : WHOLE_TWIN;
	return is_partial ? PARTIAL_BYPASS : LARGER_BYPASS;
}

/* "a, b and c" of "a, b, c" */
static const char *take_list(struct linting *linting, struct strbuf *names)
{
	const char *list = lint_take(linting, names), *last = strrchr(list, ',');

	return last ? lint_text(linting, "%.*s and%s", (int)(last - list), list, last + 1) : list;
}

static void report(struct linting *linting, size_t arch, const char *call, enum passing passing, int kind,
                   struct group *group)
{
	const bool is_twin = kind == WHOLE_TWIN || kind == PARTIAL_TWIN;
	const bool is_partial = kind == PARTIAL_BYPASS || kind == PARTIAL_TWIN;
	const struct meeting *first = &group->first;
	const char *condition = first->row->condition;
	struct callgate_finding finding = {.name = is_twin ? "twin" : "bypass", .argument = -1};
	const char *ways = take_list(linting, &group->ways);

	finding.level = kind == LARGER_BYPASS  ? CALLGATE_FINDING_ERROR
	                : kind == PARTIAL_TWIN ? CALLGATE_FINDING_NOTE
	                                       : CALLGATE_FINDING_WARNING;
	finding.subject = lint_take(linting, &group->subject);
	finding.rule = lint_restricting_rule(linting, arch, call);
	if (passing == DENIED)
		finding.text = lint_text(linting, "%s is denied, but not %s: they can do %s%s%s%s", call, ways,
		                         is_partial ? "some of it" : "the same", condition ? " (" : "",
		                         condition ? condition : "", condition ? ")" : "");
	else
		finding.text =
		    lint_text(linting, "%s%s%s is restricted on %s, but not %s, with the same effect%s%s", call,
		              first->constant ? " with " : "", first->constant ? first->constant : "",
		              linting->archs[arch]->name, ways, condition ? ": " : "", condition ? condition : "");
	const char *deniable = take_list(linting, &group->deniable), *missable = take_list(linting, &group->missable);
	finding.fix = lint_text(linting, "%s%s%s%s%s%s, or let %s pass", *deniable ? "deny " : "", deniable,
	                        *deniable ? " as well" : "",
	                        *deniable && *missable ? ", give "
	                        : *missable            ? "give "
	                                               : "",
	                        missable, *missable ? " ENOSYS" : "", call);
	lint_show(linting, &finding, &first->way);
	lint_add(linting, &finding);
}

static void add_meeting(struct linting *linting, size_t arch, struct group *group, const struct meeting *meeting,
                        const char *call)
{
	struct strbuf *advised =
	    lint_falls_back(linting, arch, meeting->row->way.call) ? &group->missable : &group->deniable;

	if (!group->ways.length) {
		group->first = *meeting;
		strbuf_printf(&group->subject, "%s>", call);
	}
	strbuf_append(&group->ways, group->ways.length ? ", " : "");
	strbuf_append(advised, advised->length ? ", " : "");
	strbuf_append(&group->subject, meeting->row->way.call);
	append_way(&group->ways, meeting);
	append_way(advised, meeting);
	if (group->ways.failed || group->subject.failed || advised->failed)
		linting->error = -ENOMEM;
}

/* Does the filter answer as a kernel that lacks the call, so that a C library makes an older one? */
static bool is_missing(struct linting *linting, size_t arch, const char *call)
{
	const struct callgate_call example = lint_call(linting, arch, call);

	return lint_ask(linting, &example).action == SCMP_ACT_ERRNO(linting->archs[arch]->enosys);
}

/* A C library that gets ENOSYS makes the older call: it is meant to pass. */
static bool is_replaced(struct linting *linting, size_t arch, const char *call, const char *older)
{
	const uint32_t token = linting->archs[arch]->token;
	struct callgate_since since, before;

	if (!is_missing(linting, arch, call) ||
	    callgate_syscall_since(token, callgate_syscall_number(token, call), &since) < 0 ||
	    callgate_syscall_since(token, callgate_syscall_number(token, older), &before) < 0)
		return false;
	return since.by.major > before.by.major ||
	       (since.by.major == before.by.major && since.by.minor > before.by.minor);
}

/* Of one denied or restricted call. */
static void look_at_call(struct linting *linting, size_t arch, const char *call)
{
	const enum passing passing = lint_passing(linting, arch, call);
	struct group groups[GROUPS] = {{.name = NULL}};
	const struct callgate_bypass *row;

	if (passing == PASSES || !lint_is_explicit(linting, arch, call))
		return;
	for (size_t i = 0; !linting->error && (row = callgate_bypass_of(call, i)); i++) {
		struct meeting meeting = {.row = row};
		if (row->sort != CALLGATE_BYPASS_IO_URING && is_denied(linting, arch, row, &meeting) &&
		    is_open(linting, arch, row, &meeting) &&
		    !(group_of(row, passing) == WHOLE_TWIN && is_replaced(linting, arch, call, row->way.call)))
			add_meeting(linting, arch, &groups[group_of(row, passing)], &meeting, call);
	}
	for (int i = 0; i < GROUPS; i++) {
		if (groups[i].ways.length && !linting->error && !(i == PARTIAL_TWIN && is_missing(linting, arch, call)))
			report(linting, arch, call, passing, i, &groups[i]);
		strbuf_finish(&groups[i].ways);
		strbuf_finish(&groups[i].subject);
		strbuf_finish(&groups[i].deniable);
		strbuf_finish(&groups[i].missable);
	}
}

/* ---- io_uring: one finding for all that it does ---- */

static void look_at_io_uring(struct linting *linting, size_t arch)
{
	const struct callgate_bypass *row;
	const char *last = "";
	struct meeting meeting = {.row = NULL};
	struct strbuf calls = {0};
	size_t count = 0, explicit = 0;

	for (size_t i = 0; !linting->error && (row = callgate_bypass_at(i)); i++) {
		if (row->sort != CALLGATE_BYPASS_IO_URING || row->kind == CALLGATE_BYPASS_PARTIAL ||
		    strcmp(row->denied.call, last) == 0 || !is_denied(linting, arch, row, &meeting) ||
		    !is_open(linting, arch, row, &meeting))
			continue;
		last = row->denied.call;
		explicit += lint_is_explicit(linting, arch, last);
		if (count++ < LISTED_MAX)
			strbuf_printf(&calls, "%s%s", count > 1 ? ", " : "", last);
	}
	struct callgate_finding finding = {.name = "bypass", .subject = "io_uring", .argument = -1};
	const char *list = lint_take(linting, &calls);
	if (!count)
		return;
	const struct callgate_call setup = lint_call(linting, arch, "io_uring_setup");
	finding.level = explicit ? CALLGATE_FINDING_ERROR : CALLGATE_FINDING_WARNING;
	finding.text = lint_text(linting,
	                         "io_uring passes, whose operations no filter sees: on %s they do what is denied or "
	                         "restricted as %s%s",
	                         linting->archs[arch]->name, list, count > LISTED_MAX ? " and others" : "");
	finding.fix = "deny io_uring_setup, io_uring_enter and io_uring_register";
	lint_show(linting, &finding, &setup);
	lint_add(linting, &finding);
}

/* ---- other numbers and other architectures ---- */

static void report_arch(struct linting *linting, size_t arch, const char *name, const char *call,
                        const struct callgate_call *way)
{
	struct callgate_finding finding = {.name = "bypass", .level = CALLGATE_FINDING_ERROR, .argument = -1};

	finding.subject = lint_text(linting, "arch:%s", name);
	finding.text = lint_text(linting, "%s is denied on %s, and passes as a call of %s, which the same machine runs",
	                         call, linting->archs[arch]->name, name);
	finding.fix = lint_text(linting, "let the filter be for %s too, or deny all its calls", name);
	lint_show(linting, &finding, way);
	finding.rule = 0;
	lint_add(linting, &finding);
}

/* The first call that is denied on the one architecture and passes on the other. */
static void look_at_arch(struct linting *linting, size_t arch, const struct callgate_arch *other)
{
	const char *call;

	for (size_t i = 0; !linting->error && (call = callgate_syscall_name_at(i)); i++) {
		struct callgate_call way = {.arch = other->token, .nr = callgate_syscall_number(other->token, call)};
		if (way.nr < 0 || callgate_syscall_number(linting->archs[arch]->token, call) < 0 ||
		    lint_passing(linting, arch, call) != DENIED)
			continue;
		if (lint_action_passes(lint_ask(linting, &way).action)) {
			report_arch(linting, arch, other->name, call, &way);
			return;
		}
	}
}

static void look_at_archs(struct linting *linting)
{
	const struct callgate_arch *other;

	for (size_t i = 1; (other = callgate_machine_arch_at(linting->archs[0]->token, i)); i++) {
		bool is_own = false;
		for (size_t j = 0; j < linting->arch_count; j++)
			is_own = is_own || linting->archs[j] == other;
		if (!is_own || !linting->filter->ctx) /* a program may be for others without knowing it */
			look_at_arch(linting, 0, other);
	}
}

void lint_ways(struct linting *linting)
{
	const struct callgate_bypass *row;

	for (size_t arch = 0; arch < linting->arch_count; arch++) {
		const char *last = "";
		for (size_t i = 0; !linting->error && (row = callgate_bypass_at(i)); i++) {
			if (strcmp(row->denied.call, last) != 0)
				look_at_call(linting, arch, row->denied.call);
			last = row->denied.call;
		}
		look_at_io_uring(linting, arch);
	}
	look_at_archs(linting);
}
