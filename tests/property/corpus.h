/*
 * Filters for tests that change emitted programs: small ones of single, several, and big-endian architectures, the
 * profile among the examples, and Docker's default profile where the reference folder is.
 */
#ifndef CALLGATE_TESTS_CORPUS_H
#define CALLGATE_TESTS_CORPUS_H

#include <stddef.h>
#include <stdint.h>

#include <callgate/program.h>
#include <seccomp.h>

enum { CORPUS_MAX = 8 };

struct corpus_entry {
	const char *name;
	uint32_t arch; /* in whose byte order the program is */
	scmp_filter_ctx ctx;
	struct callgate_program *program;
};

/* Fills in entries and returns how many. Without Docker's profile it says so. */
size_t corpus_make(struct corpus_entry entries[CORPUS_MAX]);
void corpus_free(struct corpus_entry *entries, size_t count);

/* The small filters' rules, but for those whose action is the default one. */
scmp_filter_ctx corpus_context(const uint32_t *archs, size_t count, uint32_t default_action);

#endif
