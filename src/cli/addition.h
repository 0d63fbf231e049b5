/*
 * Profiles that allow more calls than others, and the proof that they do nothing else: what `callgate profile allow`,
 * `run --why --suggest` and `record --more` write.
 */
#ifndef CALLGATE_CLI_ADDITION_H
#define CALLGATE_CLI_ADDITION_H

#include "base/vec.h"
#include "cli/filter_file.h"
#include "cli/profile_text.h"

enum { ADDED_CONDITIONS = 12 };

/*
 * Calls of one number whose arguments satisfy all conditions; as profiles can say it, so there is none of a low half.
 */
struct added_call {
	uint32_t arch; /* SCMP_ARCH_* */
	int32_t nr;
	unsigned count;
	struct scmp_arg_cmp conditions[ADDED_CONDITIONS];
};

/* NULL: the number has no name. */
const char *added_call_name(const struct added_call *call);

/* 1 and an example: the filter denies some of these calls; 0: it denies none; or -errno. */
int added_call_denied(const struct filter *filter, const struct added_call *call, struct callgate_call *ret_example);

/* The calls that are to be allowed, of several architectures. Zeroed at first. */
struct added_calls {
	VEC(struct added_call) calls;
};

/*
 * Adds a call as a test file names it, "socket(AF_UNIX)" or a set, on each architecture that the filter is for and that
 * has it. False after a message was printed.
 */
bool added_calls_parse(struct added_calls *calls, const struct filter *filter, const char *text);
/*
 * The least that is to be added for a call that the filter denies, as added_calls_parse() takes it: with the arguments
 * that say what the call is about, and those that rules of the filter for this call look at. A malloc'ed text; NULL: no
 * profile can allow it, or memory is out.
 */
char *addition_of(const struct callgate_simulator *simulator, const struct callgate_call *call);

/*
 * Is `new` a filter that allows all these calls and answers all others as `old` does? Calls that both deny may get
 * different errors. Proved. False after a message was printed.
 */
bool addition_prove(const struct filter *old, const struct filter *new, const struct added_calls *calls);

/*
 * Changes a profile, which `name` is the name of, so that these calls are allowed, and proves that. Where the profile
 * denies a call because no entry names it, an entry is added; where an entry denies it, that entry loses the name, or
 * keeps it for the other arguments. False after a message was printed.
 */
bool addition_make(const struct text *old, const char *name, const struct environment *environment,
                   const struct added_calls *calls, struct text *ret_new);

#endif
