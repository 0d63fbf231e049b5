/*
 * Texts for humans: why an assertion failed, and calls in words.
 */
#ifndef CALLGATE_TESTING_WORDS_H
#define CALLGATE_TESTING_WORDS_H

#include <callgate/arch.h>
#include <callgate/simulate.h>
#include <callgate/testing.h>

#include "base/strbuf.h"
#include "testing/test_file.h"

/* What callgate_failure() says, per thread. failure_set() is always false; it cuts longer texts. */
void failure_clear(void);
__attribute__((format(printf, 1, 2))) bool failure_set(const char *format, ...);
/*
 * The number of a call on an architecture, for an assertion. The name may be NULL, and the architecture anything: then
 * the failure says what is wrong, with the closest name that there is.
 */
bool failure_find_call(uint32_t arch, const char *name, int *ret_nr);

/* "x86_64"; 0 is the native architecture; a number that is no token is "an unknown architecture". Static. */
const char *words_arch_name(uint32_t token);

/*
 * "openat(AT_FDCWD (0xffffff9c), 0x0, 0x2, 0x0, 0x0, 0x0) on x86_64": numbers, and what six arguments of a line (NULL:
 * there are none) say about them with the names of constants.
 */
void words_print_call(const struct callgate_call *call, const struct file_argument *arguments, struct strbuf *text);
/* callgate_explain() with the words of arguments, and the verdict. */
char *words_explain(struct callgate_simulator *simulator, const struct callgate_call *call,
                    const struct file_argument *arguments, struct callgate_verdict *ret_verdict);

/* "argument 2 & 0x3 == 0x1" */
void words_print_condition(const struct scmp_arg_cmp *condition, struct strbuf *text);

/*
 * The call's architecture: SCMP_ARCH_*, which distinguishes x32 from x86_64; where that is unknown, what the call has.
 */
uint32_t words_arch_of_call(const struct callgate_call *call);

#endif
