/* Calls that a command was seen to make (learned.c), and profiles that allow them (learned_profile.c). */
#ifndef CALLGATE_CLI_LEARNED_H
#define CALLGATE_CLI_LEARNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <callgate/arch.h>
#include <callgate/simulate.h>

#include "base/vec.h"
#include "cli/print.h"

enum {
	LEARNED_SELECTORS = 2,
	LEARNED_TUPLES_MAX = 32,
	LEARNED_BLOCK_MOST = 4096, /* values of a block */
	LEARNED_SEEN_MAX = 4096,   /* values in blocks that are remembered, of one call */
	LEARNED_NAMELESS_MAX = 16
};

/* Arguments of a call by which it is many, in their order. */
struct learned_selector {
	const char *name;
	unsigned count, arguments[LEARNED_SELECTORS];
	unsigned kind; /* learned.c says which there are */
};

/*
 * Values of the arguments that say what a call is about: socket's family, ioctl's command. After too many, neighbours
 * become one block: the last value with any of its low bits `span`, which begins at a multiple of its size.
 */
struct learned_tuple {
	uint64_t values[LEARNED_SELECTORS];
	uint64_t span;        /* 0: this value alone */
	uint64_t count;       /* of its values that were seen, at least */
	uint64_t least, most; /* of these */
	bool is_steady;       /* seen after the start-up, too */
};

/* Values that were seen, each once. */
struct learned_values {
	uint64_t values[LEARNED_SELECTORS];
};

/* One name; profiles know calls by names, whatever the architecture. */
struct learned_call {
	const char *name;
	struct callgate_call example;
	const struct learned_selector *selector; /* NULL: there are no arguments to learn */
	/* the tuples say nothing: they are too many and too far from each other, or not asked for */
	bool any_arguments;
	bool has_flags; /* too many, and flags: any of `flags` */
	uint64_t flags; /* of all calls that were seen */
	VEC(struct learned_tuple) tuples;
	VEC(struct learned_values) seen; /* of all tuples, as long as these say something */
	bool is_steady;
};

/*
 * The arguments that can be learned of the call of this name, as bits; and those of them that say what it is about:
 * argument 0 of keyctl.
 */
unsigned learned_arguments(const char *name);
unsigned learned_subjects(const char *name);

/* Zeroed at first. */
struct learned {
	bool ignores_arguments;
	const char *with_arguments; /* "socket,ioctl": the calls whose arguments are learned; NULL: the usual ones */
	const char *phase;          /* the comment of entries for the start-up; NULL: nobody asks for it */
	const char *mark;           /* the start-up ends before this call; NULL: the caller sets: */
	bool is_steady;             /* it has ended */
	VEC(struct learned_call) calls;
	VEC(const struct callgate_arch *) archs; /* in the order in which they were seen */
	VEC(int32_t) nameless;                   /* numbers that no profile can name: the first ones */
	unsigned long count;
	bool out_of_memory;
};

/* True: something about the call is new. */
bool learned_add(struct learned *learned, const struct callgate_call *call);

/* Adds a call of this name with all arguments. */
void learned_add_name(struct learned *learned, const char *name);

/* From now on the call is allowed with all arguments. */
void learned_forget_arguments(struct learned *learned, const char *name);

/*
 * Is each of these calls, "socket,ioctl", one whose arguments can be learned? NULL, or the first that is none, up to a
 * comma or the end.
 */
const char *learned_check_list(const char *calls);

/*
 * A call that does the same as one that was seen, and that C libraries and newer programs make in its place; the first
 * one that was not seen after `index` others. NULL: there is none.
 */
const char *learned_twin(const struct learned *learned, size_t index);

/* Was a thread made? Whether threads have to wait for each other is chance. */
bool learned_has_threads(const struct learned *learned);

/* The calls that a program makes unseen: returning from a handler, restarting, ending, waiting for a thread. */
void learned_add_unseen(struct learned *learned);

bool learned_has(const struct learned *learned, const char *name);

/* A profile that allows these calls and fails all others with an error. */
void learned_print(const struct learned *learned, FILE *out);

/* The entries alone; `learned` is a struct learned. */
void learned_print_entries(struct json *json, const void *learned);

void learned_finish(struct learned *learned);

#endif
