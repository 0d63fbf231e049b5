#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/oci.h>

#include "cli/cli.h"

void cli_error(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, format);
	fputs("callgate: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

/* All of it would hide what was wrong, which stands above. */
static void print_synopsis(const char *usage)
{
	fprintf(stderr, "usage: callgate %.*s\n`callgate %.*s --help` says more.\n",
	        (int)strcspn(usage, "\n"), usage, (int)strcspn(usage, " \n"), usage);
}

int cli_help(const char *usage, bool asked)
{
	if (asked)
		printf("usage: callgate %s", usage);
	else
		print_synopsis(usage);
	return asked ? CLI_OK : CLI_FAILED;
}

bool cli_parse_arch(const char *text, uint32_t *ret_arch)
{
	uint32_t arch = callgate_profile_arch(text);

	if (!arch) {
		cli_error("there is no architecture \"%s\"", text);
		return false;
	}
	*ret_arch = arch;
	return true;
}

struct callgate_program *cli_read_program(const char *path, uint32_t arch)
{
	char bytes[(CALLGATE_PROGRAM_MAX + 1) *
	           8]; /* one instruction too many is enough to see that there are too many */
	struct callgate_program *program = NULL;
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	size_t size = file ? fread(bytes, 1, sizeof(bytes), file) : 0;

	if (!file || ferror(file))
		cli_error("%s: %s", path, strerror(errno));
	else if (callgate_program_new(bytes, size, arch, &program) < 0)
		cli_error("%s: %s", path, callgate_diagnosis(NULL));
	if (file && !is_stdin)
		fclose(file);
	return program;
}
