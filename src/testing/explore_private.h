/*
 * What the files of the search share.
 */
#ifndef CALLGATE_TESTING_EXPLORE_PRIVATE_H
#define CALLGATE_TESTING_EXPLORE_PRIVATE_H

#include <linux/filter.h>

#include "testing/candidates.h"
#include "testing/explore.h"

/* More calls than this are not run for one kind of call and one program. */
enum { EXPLORE_PATHS = 4096 };

struct explorer {
	struct callgate_simulator *simulator;
	uint32_t arch; /* SCMP_ARCH_* */
	int32_t nr;
	struct candidate_pool pools[CANDIDATE_INPUTS];
	bool is_open; /* the architecture and the number may be any, for explore_accumulator() */
	size_t paths; /* that are still free to be taken */
	size_t limit_count;
	const struct scmp_arg_cmp *limits; /* hold for every call, beside what the pools say */
};

/* What a register holds when the architecture and the number of the call are given; and whether it is one of them. */
enum explore_kind { EXPLORE_UNKNOWN, EXPLORE_NUMBER, EXPLORE_INPUT };
enum explore_origin { EXPLORE_ELSEWHERE, EXPLORE_NR, EXPLORE_ARCH };

struct explore_value {
	enum explore_kind kind;
	enum explore_origin origin;
	uint32_t number;
	unsigned int input; /* (input & mask) >> shift; shift is 0 or 32 */
	unsigned int shift;
	uint64_t mask;
};

struct explore_registers {
	struct explore_value a, x;
};

/* One instruction in host byte order; `pc` must be in the program. */
struct sock_filter explore_instruction(const struct callgate_program *program, size_t pc);

/* The registers behind an instruction that is no jump and does not return. */
void explore_step(const struct explorer *explorer, const struct sock_filter *insn,
                  struct explore_registers *registers);

static inline bool explore_is_branch(const struct sock_filter *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA;
}

/*
 * A branch as a comparison: (input & mask) op datum. EXPLORE_NUMBER: *ret_holds says what it does; EXPLORE_UNKNOWN: it can't be
 * said as one.
 */
struct explore_comparison {
	unsigned int input;
	uint64_t mask;
	enum scmp_compare op;
	uint64_t datum;
};
enum explore_kind explore_compare(const struct sock_filter *insn, const struct explore_registers *registers,
                                  struct explore_comparison *ret_comparison, bool *ret_holds);

/* Adds to the pools what the program compares on its ways for this call. 0 or -ENOMEM. */
int explore_collect(struct explorer *explorer, const struct callgate_program *program);

/* What A holds before an instruction, for the explorer's call. 0 or -ENOMEM. */
int explore_accumulator(struct explorer *explorer, const struct callgate_program *program, size_t pc,
                        struct explore_value *ret_value);

/* Runs a call with these values. */
void explore_run(struct explorer *explorer, const struct candidate_sets *sets);

#endif
