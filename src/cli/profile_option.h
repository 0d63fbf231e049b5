/*
 * The options that every subcommand which takes a profile has, with one meaning everywhere: which profile, and what
 * to resolve it for.
 *
 *	static const struct option options[] = {PROFILE_OPTIONS, {"output", required_argument, NULL, 'o'}, {0}};
 *	struct profile_options profile = {0};
 *	for (int option; (option = getopt_long(argc, argv, "o:", options, NULL)) != -1;) {
 *		if (profile_option_is(option)) {
 *			if (!profile_option_take(&profile, option, optarg))
 *				return CLI_FAILED;
 *			continue;
 *		}
 *	...
 *	scmp_filter_ctx ctx = profile_options_context(&profile);
 */
#ifndef CALLGATE_CLI_PROFILE_OPTION_H
#define CALLGATE_CLI_PROFILE_OPTION_H

#include <getopt.h>
#include <stdbool.h>

#include <callgate/oci.h>

/* Outside of the characters that short options use. */
enum profile_option {
	PROFILE_OPTION_FILE = 0x1000,
	PROFILE_OPTION_CAP,
	PROFILE_OPTION_KERNEL,
	PROFILE_OPTION_ARCH,
	PROFILE_OPTION_ERRNO,
	PROFILE_OPTION_SAME_ARGUMENT,
	PROFILE_OPTION_NEWER_CALLS,
	PROFILE_OPTION_SOCKETCALL,
	PROFILE_OPTION_STRICT,
	PROFILE_OPTION_LAST,
};

/* Rows for getopt_long()'s table. */
#define PROFILE_OPTIONS                                                               \
	{"profile", required_argument, NULL, PROFILE_OPTION_FILE},                    \
	    {"cap", required_argument, NULL, PROFILE_OPTION_CAP},                     \
	    {"kernel", required_argument, NULL, PROFILE_OPTION_KERNEL},               \
	    {"arch", required_argument, NULL, PROFILE_OPTION_ARCH},                   \
	    {"default-errno", required_argument, NULL, PROFILE_OPTION_ERRNO},         \
	    {"same-argument", required_argument, NULL, PROFILE_OPTION_SAME_ARGUMENT}, \
	    {"newer-calls", required_argument, NULL, PROFILE_OPTION_NEWER_CALLS},     \
	    {"socketcall", required_argument, NULL, PROFILE_OPTION_SOCKETCALL},       \
	{                                                                             \
		"strict", no_argument, NULL, PROFILE_OPTION_STRICT                    \
	}

/* Their lines in a help text. */
#define PROFILE_OPTIONS_HELP                                                                               \
	"  --cap CAP            a capability that the command has (repeatable); none: the empty set;\n"    \
	"                       default: the ones that this process is permitted\n"                        \
	"  --kernel VERSION     default: the running one\n"                                                \
	"  --arch ARCH          an architecture the filter is for (repeatable; the first one is the\n"     \
	"                       machine); default: the profile's own list on this machine\n"               \
	"  --default-errno E    for ERRNO and TRACE without a number: a name or a number; default EPERM\n" \
	"  --same-argument or|and  several conditions on one argument of one entry; default: or\n"         \
	"  --newer-calls auto|enosys|default  calls newer than all known ones; default: auto, that is\n"   \
	"                       enosys for profiles whose default action is ERRNO\n"                       \
	"  --socketcall deny|open  where rules on socket arguments can't hold; default: deny\n"            \
	"  --strict             unknown names are errors\n"

/* Zeroed at first. */
struct profile_options {
	const char *file;         /* "-": standard input */
	bool has_cap, has_no_cap; /* --cap CAP, --cap none */
	struct callgate_profile *profile;
};

static inline bool profile_option_is(int option)
{
	return option >= PROFILE_OPTION_FILE && option < PROFILE_OPTION_LAST;
}

/* Makes options->profile if it is not there yet. False after a message was printed. */
bool profile_options_start(struct profile_options *options);

/* False after a message was printed. */
bool profile_option_take(struct profile_options *options, int option, const char *value);

/* Reads the file, and prints nothing: what callgate_profile_read_file() returns. */
int profile_options_load(const struct profile_options *options);

/*
 * Reads the file (`options->file`, given by --profile or by the caller) and prints every message on standard error. NULL
 * after an error, which was printed too; the profile belongs to `options`.
 */
struct callgate_profile *profile_options_read(struct profile_options *options);

/* The same, as a new context, which the caller releases. */
scmp_filter_ctx profile_options_context(struct profile_options *options);

void profile_options_finish(struct profile_options *options);

#endif
