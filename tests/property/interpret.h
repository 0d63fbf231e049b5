/*
 * The kernel's classic BPF machine once more, written from its documentation and as plainly as can be, for tests that
 * must not lean on the library's own simulator.
 */
#ifndef CALLGATE_TESTS_INTERPRET_H
#define CALLGATE_TESTS_INTERPRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>

#include <callgate/program.h>
#include <callgate/simulate.h>

struct interpret_program {
	size_t count;
	struct sock_filter *insns; /* in host order */
};

/* Reads the bytes of a program of either byte order. The caller frees insns. */
struct interpret_program interpret_read(const struct callgate_program *program, bool big_endian);

/* The word at an offset of struct seccomp_data. */
typedef uint32_t (*interpret_load)(void *closure, uint32_t offset);

/* The value that an accepted program returns. */
uint32_t interpret_run(const struct interpret_program *program, interpret_load load, void *closure);

/* The same for a call. */
uint32_t interpret_call(const struct callgate_program *program, bool big_endian, const struct callgate_call *call);

#endif
