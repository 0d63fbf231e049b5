/*
 * Profiles as texts that a command changes: what it doesn't change stays as it is, byte by byte. The texts have been
 * read as profiles without errors before, so they are JSON; what a change means is proved afterwards (cli/addition.h),
 * and not taken from here.
 */
#ifndef CALLGATE_CLI_PROFILE_TEXT_H
#define CALLGATE_CLI_PROFILE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/print.h"

/* The bytes of a file. The owner frees them. */
struct text {
	char *bytes;
	size_t size;
};

/* Of a regular file, "-" for standard input: at most 64 MiB. It is noted as read. False after a message was printed. */
bool text_read(const char *path, struct text *ret_text);

/* Has the file what was read? False after a message: somebody changed it meanwhile, and what it has now would be lost.
 */
bool text_is_still(const char *path, const struct text *text);

/* Is it JSON, or else a policy? */
bool profile_text_is_json(const struct text *text);

/* How its lines end: "\r\n" if the first one does so, else "\n". */
const char *profile_text_line_end(const struct text *text);

/* Does the object that the text is have a list by this name? */
bool profile_text_has_list(const struct text *text, const char *key);

/* An entry's condition on an argument, as profiles have it. False: profiles have none like it. */
bool profile_text_condition(struct json *json, const struct scmp_arg_cmp *condition);

/*
 * The text with more entries at the end of its list, which `print` prints. 0 and a new text; -ENOMEM; -EINVAL: the
 * profile has no list of calls.
 */
int profile_text_append(const struct text *profile, void (*print)(struct json *json, const void *data),
                        const void *data, struct text *ret_text);

/*
 * The text without the name that stands in this line and column (as callgate_profile_rule_origin() gives them). In
 * place of it, for each of the `count` texts of conditions ("{...}, {...}") the entry stands once more, with that name
 * alone and with these conditions after its own. 0 and a new text; -ENOMEM; -EINVAL: there is no name in that place.
 */
int profile_text_narrow(const struct text *profile, unsigned line, unsigned column, size_t count,
                        char *const *conditions, struct text *ret_text);

/*
 * The text in which the entry with the name in this place compares an argument's low `bits` alone, where it compared
 * all of it with SCMP_CMP_EQ. 0 and a new text; -ENOMEM; -EINVAL: there is no such name, or no such comparison.
 */
int profile_text_mask(const struct text *profile, unsigned line, unsigned column, int argument, unsigned bits,
                      struct text *ret_text);

/* The lines that differ, with "-" and "+" before them. False after a message: memory is out. */
bool profile_text_print_changes(const struct text *old, const struct text *new, FILE *out);

#endif
