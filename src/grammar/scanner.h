/*
 * Reading one line of a test file or a policy from left to right. Lines have been checked: they are UTF-8 without
 * control characters.
 */
#ifndef CALLGATE_GRAMMAR_SCANNER_H
#define CALLGATE_GRAMMAR_SCANNER_H

#include "grammar/statement.h"

/* at <= end: what is still to be read. The first mistake of a line is reported, and then nothing more is read of it. */
struct scan {
	struct scan_output *output;
	const char *start, *at, *end; /* comments and blanks at the end are cut off */
	unsigned int line;            /* from 1 */
	bool is_live;                 /* the line makes a real call: no sets, and one value for each argument */
	/* between values of one enumeration, | means either of them; else it is a mistake */
	bool has_alternatives;
	const char *(*closest_word)(const char *name); /* that begins a line, or NULL; may be NULL */
	bool no_memory;
};

/* Sets up the line [start, end), without its line feed. False: a mistake was reported. */
bool scan_start_line(struct scan *scan, const char *start, const char *end);

/* Adds a message about a place in the line; always false. */
__attribute__((format(printf, 3, 4))) bool scan_fail(struct scan *scan, const char *where, const char *format, ...);
/* There is no `what` of this name, and a closest one or NULL, which is shown after the prefix; always false. */
bool scan_fail_unknown(struct scan *scan, const char *where, const char *what, const char *name, const char *prefix,
                       const char *closest);
/* Memory is out: no message; always false. */
bool scan_fail_memory(struct scan *scan);

/*
 * What follows "there is no set \"@netwrok\"": "; did you mean \"@network\"?", with the prefix before the closest name
 * that there is; "" if that is NULL. Valid until the thread's next one.
 */
const char *scan_hint(const char *prefix, const char *closest);

unsigned int scan_column(const struct scan *scan, const char *where);
/* Passes over blanks; where the scan is then. */
const char *scan_blanks(struct scan *scan);
/* After blanks: is the line at its end? */
bool scan_is_end(struct scan *scan);
/* A mistake, unless the line is at its end. */
bool scan_expect_end(struct scan *scan);

/* Takes `symbol` after blanks if it is there. */
bool scan_take(struct scan *scan, const char *symbol);
/* A mistake if it is not. */
bool scan_expect(struct scan *scan, const char *symbol, const char *after);

/* Letters, digits and underscores, after blanks; 0 if there are none. *ret_word points into the line. */
size_t scan_word(struct scan *scan, const char **ret_word);
/* A copy of the word, and where it is; NULL: a message that there should be `what`, or no memory. */
char *scan_name(struct scan *scan, const char **ret_where, const char *what);
/* All up to a blank, after blanks, or what is in double quotes; NULL: there is none, or a mistake, or no memory. */
char *scan_text(struct scan *scan, const char *what);
/* "...": with \\ \" \n \t \0 \xHH. NULL: a mistake, such as a NUL within where there can be none, or no memory. */
char *scan_string(struct scan *scan, bool has_zeros);

/* A copy in the output's arena with a NUL; NULL: no memory, and it is noted. */
char *scan_copy(struct scan *scan, const char *text, size_t len);
void *scan_allocate(struct scan *scan, size_t count, size_t size);

/* Calls and expectations of a line, read from where the scan is; false: a mistake was reported, or memory is out. */
bool parse_calls(struct scan *scan, struct file_calls *ret_calls);
/* "O_RDWR|O_CLOEXEC", "-1", "~0xff", "(A|B)" */
bool parse_value(struct scan *scan, struct file_value *ret_value);
/*
 * What names with | between them mean for an argument of the call: alternatives, bits, or a mistake at `where`. Done
 * already for calls by name; a call by number has a name on each architecture.
 */
bool parse_joined(struct scan *scan, const char *where, const char *call, unsigned index,
                  struct file_argument *argument);
/* What stands after the arrow. */
bool parse_expectation(struct scan *scan, struct file_expectation *expectation);

#endif
