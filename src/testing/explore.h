/*
 * Calls of one kind that reach each rule and each edge which a call of that kind can reach. They are run in a simulator,
 * which counts: so a count is never more than what calls do. It may be less where an input is compared in more than some
 * 1000 ways, and in programs that compute with arguments, as callgate's own never do.
 */
#ifndef CALLGATE_TESTING_EXPLORE_H
#define CALLGATE_TESTING_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <callgate/simulate.h>
#include <callgate/testing.h>

/* Calls of a number with such arguments, as callgate_expect_on() takes them. 0, -EINVAL (NULL), -ENOMEM. */
int explore_calls(struct callgate_simulator *simulator, uint32_t arch, int32_t nr,
                  const struct callgate_argument arguments[6]);

/* Calls of a number for which all of the comparisons hold, which are on 64 bits as in callgate_ask(). 0, -EINVAL, -ENOMEM. */
int explore_compared(struct callgate_simulator *simulator, uint32_t arch, int32_t nr, size_t count,
                     const struct scmp_arg_cmp *comparisons);

/*
 * Calls of each number of an architecture but these: those that its rules or the comparisons in the program name, and
 * one between each two. The architecture may be one that the filter is not for.
 */
int explore_others(struct callgate_simulator *simulator, uint32_t arch, const int32_t *numbers, size_t count);

/* The same for those numbers that are wanted. */
typedef bool explore_wants(const void *data, int32_t nr);
int explore_wanted(struct callgate_simulator *simulator, uint32_t arch, explore_wants *wants,
                   const void *data);

#endif
