/*
 * A filter that is looked at, and what is found in it. Each file of the room looks for some kinds of findings.
 */
#ifndef CALLGATE_LINT_LINTING_H
#define CALLGATE_LINT_LINTING_H

#include <callgate/arch.h>
#include <callgate/lint.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/table.h"
#include "base/vec.h"

enum { LINTED_ARCHS_MAX = 16 };

/* What a filter does with the calls of one number, whatever their arguments are. */
enum passing { DENIED = 0, CONDITIONAL, PASSES };

struct linting {
	const struct callgate_filter *filter;
	struct callgate_simulator *simulator; /* of a context's rules; NULL: programs */
	const char *const *capabilities;      /* NULL after the last; NULL: none */
	const char *libc; /* of programs that are to start; NULL: those for which the filter looks to be made */
	size_t arch_count;
	const struct callgate_arch *archs[LINTED_ARCHS_MAX]; /* that the filter is for; the machine first */
	struct callgate_numbers *numbers[LINTED_ARCHS_MAX];
	bool allows_by_default; /* calls that nobody knows pass */
	struct arena arena;
	ARENA_VEC(struct callgate_finding) found;
	struct table table; /* of those by name and subject */
	int error;          /* the first one: what is found after it does not count */
};

static inline bool lint_action_passes(uint32_t action)
{
	const uint32_t kind = action & 0xffff0000u; /* SECCOMP_RET_ACTION_FULL, without its data */

	return kind == SCMP_ACT_ALLOW || kind == SCMP_ACT_LOG;
}

/* The verdict on a call; after an error KILL_PROCESS. */
struct callgate_verdict lint_ask(struct linting *linting, const struct callgate_call *call);

/* By the name of a call. DENIED where the architecture has none. */
enum passing lint_passing(const struct linting *linting, size_t arch, const char *call);
enum passing lint_passing_number(const struct linting *linting, size_t arch, uint32_t nr);

/* The same for the calls of a name that satisfy one comparison. */
enum passing lint_passing_where(struct linting *linting, size_t arch, const char *call,
                                const struct scmp_arg_cmp *comparison);

/* Does a rule, and not the default, decide about a call that is denied? */
bool lint_is_explicit(struct linting *linting, size_t arch, const char *call);

/* Do C libraries make an older call, which may pass, where this one gets ENOSYS? */
bool lint_falls_back(const struct linting *linting, size_t arch, const char *newer);

/* The rule that restricts or denies the call; 0: none does, or the filter is a program. */
uint32_t lint_restricting_rule(struct linting *linting, size_t arch, const char *call);

/* A call by its name, with zeros as arguments. */
struct callgate_call lint_call(const struct linting *linting, size_t arch, const char *call);

/* Makes the call the finding's witness: its action and rule are those of the call. */
void lint_show(struct linting *linting, struct callgate_finding *finding, const struct callgate_call *call);

/* A copy in the arena; "" when memory is out. */
__attribute__((format(printf, 2, 3))) const char *lint_text(struct linting *linting, const char *format, ...);

/* Empties the buffer. */
const char *lint_take(struct linting *linting, struct strbuf *text);

/* Adds the finding, unless there is one with this name and subject. Texts have to live as long as the arena. */
void lint_add(struct linting *linting, const struct callgate_finding *finding);

/* Adds a note of what was not looked at, so that nobody takes no finding for an answer. */
void lint_note_unasked(struct linting *linting, const char *name, const char *subject, const char *text);

/* ---- the parts ---- */

void lint_rules(struct linting *linting); /* width, pointer, always, never */
void lint_dead(struct linting *linting);
void lint_ways(struct linting *linting);     /* bypass, twin */
void lint_fallback(struct linting *linting); /* errno, and twins that C libraries fall back to */
void lint_start(struct linting *linting);    /* startup */
void lint_whole(struct linting *linting);    /* broad, capability, cost */

/* Is it the name of a kind of program for `libc`? */
bool lint_knows_libc(const char *name);

#endif
