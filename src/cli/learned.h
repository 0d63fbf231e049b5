/* Calls that a command was seen to make, and profiles that allow them. */
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

enum { LEARNED_SELECTORS = 2, LEARNED_TUPLES_MAX = 32, LEARNED_NAMELESS_MAX = 16 };

/* Values of the arguments that say what a call is about: socket's family, ioctl's command. */
struct learned_tuple {
	uint64_t values[LEARNED_SELECTORS];
};

/* One name; profiles know calls by names, whatever the architecture. */
struct learned_call {
	const char *name;
	struct callgate_call example;
	bool any_arguments; /* the tuples say nothing: too many, or not asked for */
	VEC(struct learned_tuple) tuples;
};

/* The arguments that say what the call of this name is about, as bits: argument 0 of keyctl. */
unsigned learned_selectors(const char *name);

/* Zeroed at first. */
struct learned {
	bool ignores_arguments;
	VEC(struct learned_call) calls;
	VEC(const struct callgate_arch *) archs; /* in the order in which they were seen */
	VEC(int32_t) nameless;                   /* numbers that no profile can name: the first ones */
	unsigned long count;
	bool out_of_memory;
};

/* True: something about the call is new. */
bool learned_add(struct learned *learned, const struct callgate_call *call);

/* The calls that a program makes unseen: returning from a handler, restarting, ending. */
void learned_add_unseen(struct learned *learned);

bool learned_has(const struct learned *learned, const char *name);

/* A profile that allows these calls and fails all others with an error. */
void learned_print(const struct learned *learned, FILE *out);

/* The entries alone; `learned` is a struct learned. */
void learned_print_entries(struct json *json, const void *learned);

void learned_finish(struct learned *learned);

#endif
