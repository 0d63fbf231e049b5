/*
 * What `callgate lint` finds in one file: the findings of its text and of its filter, each with its place, and what the
 * file and the options say about them.
 */
#ifndef CALLGATE_CLI_LINT_FILE_H
#define CALLGATE_CLI_LINT_FILE_H

#include <callgate/lint.h>

#include "base/arena.h"
#include "base/vec.h"
#include "cli/filter_file.h"
#include "cli/profile_text.h"

enum { LINT_KINDS_MAX = 32, LINT_FORMAT_TEXT = 0 /* in lint_formats */ };

/* What the options say; a bit of a set is the index of callgate_finding_kind_at(). */
struct lint_settings {
	unsigned int allowed; /* these are left out */
	unsigned int denied;  /* these are errors */
	int raised;           /* --deny: 0: errors and warnings fail; LINT_NOTES: notes too */
	int format;
	int libc; /* in lint_libcs */
	const char *baseline;
	const char *explained;
	bool fixes;
};

/* The index of a kind; -1: there is none of this name. */
int lint_kind(const char *name);

struct placed_finding {
	const char *file;
	unsigned int line, column; /* 0: the file as a whole */
	struct callgate_finding finding;
	char fingerprint[17];      /* the same while the finding is, wherever it moves to in the file */
	const char *justification; /* why the file suppresses it; NULL: it does not */
	bool is_known;             /* in the baseline */
};

struct lint_report {
	struct arena arena;
	ARENA_VEC(struct placed_finding) list;
	struct lint_baseline {
		uint64_t *items; /* fingerprints, ascending */
		size_t count;
		bool is_given;
	} baseline;
	bool out_of_memory;
};

/*
 * Reads the fingerprints in what an earlier run printed as JSON or SARIF. False after a message was printed: it is
 * something else, or no regular file, or too large.
 */
bool lint_read_baseline(const char *path, struct lint_report *report);

/* A copy of some bytes in the report's arena, with a null byte after them; NULL of NULL, or memory is out. */
const char *lint_keep(struct lint_report *report, const char *bytes, size_t length);

/* Adds a finding, unless the options leave it out, and finds out whether it is in the baseline. */
void lint_add_placed(struct lint_report *report, const struct lint_settings *settings, struct placed_finding *placed);

/*
 * Applies what the text of the file suppresses to its findings, which are those from index `first` on, in the order of
 * their places; says what is wrong with it.
 */
void lint_suppress(struct lint_report *report, const char *path, const struct text *text, size_t first,
                   const struct lint_settings *settings);

/* Adds the findings of a file. CLI_OK; CLI_FAILED after a message was printed. */
int lint_file(struct lint_report *report, const char *path, const struct environment *environment,
              const struct lint_settings *settings);

/* Of a profile or policy that is open; the text is its own, and may be empty. */
int lint_opened(struct lint_report *report, struct filter *filter, const struct text *text,
                const struct environment *environment, const struct lint_settings *settings);

/* Does it count? */
static inline bool lint_counts(const struct placed_finding *placed)
{
	return !placed->justification && !placed->is_known;
}

/*
 * Mends what is safe to mend in a profile, shows the lines that change, and writes them. Each change is kept only if
 * the finding is gone after it, and where nothing was to change that is proved. CLI_OK, or CLI_FAILED after a message
 * was printed.
 */
int lint_fix(const char *path, const struct environment *environment, const struct lint_settings *settings);

/* Prints all findings; texts and what counts on standard error are for people, the others for programs. */
void lint_print(const struct lint_report *report, int format);

extern const char *const lint_formats[];

/* "auto", and the names that callgate_lint_libc() takes. */
extern const char *const lint_libcs[];

#endif
