/* callgate compile: the program of a profile, as bytes, as C, or as pseudo code. */
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <callgate/compile.h>
#include <callgate/diagnosis.h>
#include <callgate/program.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/profile_option.h"

static const char usage[] =
    "compile --profile FILE [OPTION]... [-o OUTPUT]\n"
    "\n"
    "Compiles the filter that FILE describes, proves it, and writes it without loading it.\n"
    "  -o, --output OUTPUT  default: standard output\n"
    "  --format bpf|c|pfc   bpf: an array of struct sock_filter in the byte order of the architecture "
    "(default);\n"
    "                       c: the same as C source; pfc: pseudo code for reading\n"
    "  --dump after:PASS    write what a pass of the compiler leaves instead; "
    "after:help lists the passes\n"
    "  --dot                in Graphviz' language\n" PROFILE_OPTIONS_HELP;

enum format { FORMAT_BPF, FORMAT_C, FORMAT_PFC, FORMAT_GRAPH };

/* What is to be written, and where. */
struct target {
	const char *output, *input;
	enum format format;
	const char *pass; /* with FORMAT_GRAPH */
	bool dot;
};

static int write_bytes(const struct target *target, const void *bytes, size_t size)
{
	return output_write(target->output, target->input, bytes, size) ? CLI_OK : CLI_FAILED;
}

/* One instruction as a compiler for the target reads it: numbers have no byte order. Of the two bytes of a code one is 0. */
static void write_instruction(FILE *stream, const unsigned char *bytes)
{
	bool is_big_endian = bytes[0] == 0;
	uint32_t k;

	memcpy(&k, bytes + 4, sizeof(k));
	fprintf(stream, "\t{0x%02x, %u, %u, 0x%08x},\n", bytes[0] | bytes[1], bytes[2], bytes[3],
	        is_big_endian ? be32toh(k) : le32toh(k));
}

static int write_c(const struct callgate_program *program, const struct target *target)
{
	const unsigned char *bytes = callgate_program_bytes(program);
	size_t length = callgate_program_length(program);
	struct output output;

	if (!output_open(&output, target->output) || !output_spares(&output, target->input))
		return CLI_FAILED;
	fprintf(output.stream,
	        "#include <linux/filter.h>\n\nstatic const struct sock_filter filter[%zu] = {\n", length);
	for (size_t i = 0; i < length; i++)
		write_instruction(output.stream, bytes + 8 * i);
	fputs("};\n", output.stream);
	return output_commit(&output) ? CLI_OK : CLI_FAILED;
}

static int write_program(scmp_filter_ctx ctx, const struct target *target)
{
	struct callgate_program *program = NULL;

	if (callgate_program_compile(ctx, &program) < 0) {
		cli_error("%s", callgate_diagnosis(ctx));
		return CLI_FAILED;
	}
	int status = target->format == FORMAT_C ? write_c(program, target)
	                                        : write_bytes(target, callgate_program_bytes(program),
	                                                      callgate_program_length(program) * 8);
	callgate_program_free(program);
	return status;
}

/* All that an anonymous file holds. */
static int write_contents(int fd, const struct target *target)
{
	struct stat status;
	void *bytes = fstat(fd, &status) < 0
	                  ? MAP_FAILED
	                  : mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);

	if (bytes == MAP_FAILED) {
		cli_error("the pseudo code can't be read back: %s", strerror(errno));
		return CLI_FAILED;
	}
	int result = write_bytes(target, bytes, (size_t)status.st_size);
	munmap(bytes, (size_t)status.st_size);
	return result;
}

/* The library writes to a descriptor, so pseudo code goes through an anonymous file. */
static int write_pfc(scmp_filter_ctx ctx, const struct target *target)
{
	int fd = memfd_create("pseudo code", MFD_CLOEXEC), status = CLI_FAILED;

	if (fd < 0) {
		cli_error("no room for the pseudo code: %s", strerror(errno));
		return CLI_FAILED;
	}
	if (seccomp_export_pfc(ctx, fd) < 0)
		cli_error("%s", callgate_diagnosis(ctx));
	else
		status = write_contents(fd, target);
	close(fd);
	return status;
}

static bool parse_format(const char *text, enum format *ret_format)
{
	static const char *const names[] = {"bpf", "c", "pfc"}; /* ORDER format */

	for (int i = 0; i < 3; i++)
		if (strcmp(text, names[i]) == 0) {
			*ret_format = (enum format)i;
			return true;
		}
	cli_error("there is no format \"%s\": bpf, c or pfc", text);
	return false;
}

static int write_graph(scmp_filter_ctx ctx, const struct target *target)
{
	char *text = NULL;

	if (callgate_compile_dump(ctx, target->pass, target->dot, &text) < 0) {
		cli_error("%s", callgate_diagnosis(ctx));
		return CLI_FAILED;
	}
	int status = write_bytes(target, text, strlen(text));
	free(text);
	return status;
}

static int compile(struct profile_options *profile, struct target *target)
{
	scmp_filter_ctx ctx = profile_options_context(profile);
	int status;

	if (!ctx)
		return CLI_FAILED;
	target->input = profile->file;
	if (target->format == FORMAT_GRAPH)
		status = write_graph(ctx, target);
	else if (target->format == FORMAT_PFC)
		status = write_pfc(ctx, target);
	else
		status = write_program(ctx, target);
	seccomp_release(ctx);
	return status;
}

static int list_passes(void)
{
	for (size_t i = 0; callgate_pass_name(i); i++)
		printf("%-10s %s\n", callgate_pass_name(i), callgate_pass_what(i));
	return CLI_OK;
}

static bool parse_dump(const char *text, struct target *target)
{
	if (strncmp(text, "after:", 6) != 0) {
		cli_error("--dump wants after:PASS, not \"%s\"; after:help lists the passes", text);
		return false;
	}
	target->format = FORMAT_GRAPH;
	target->pass = text + 6;
	return true;
}

static bool take_option(int option, const char *value, struct profile_options *profile, struct target *target)
{
	switch (option) {
	case 'o':
		target->output = value;
		return true;
	case 'f':
		return parse_format(value, &target->format);
	case 'd':
		return parse_dump(value, target);
	case 'g':
		target->dot = true;
		return true;
	default:
		return profile_option_take(profile, option, value);
	}
}

int cli_compile(int argc, char **argv)
{
	static const struct option rows[] = {
	    PROFILE_OPTIONS,
	    {"output", required_argument, NULL, 'o'},
	    {"format", required_argument, NULL, 'f'},
	    {"dump", required_argument, NULL, 'd'},
	    {"dot", no_argument, NULL, 'g'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	struct profile_options profile = {0};
	struct target target = {.format = FORMAT_BPF};
	bool usable = true;

	for (int option; usable && (option = getopt_long(argc, argv, "ho:", rows, NULL)) != -1;) {
		if (option == 'h' || option == '?')
			return profile_options_finish(&profile), cli_help(usage, option == 'h');
		usable = take_option(option, optarg, &profile, &target);
	}
	if (usable && target.pass && strcmp(target.pass, "help") == 0)
		return profile_options_finish(&profile), list_passes();
	if (usable && optind != argc)
		return profile_options_finish(&profile), cli_help(usage, false);
	int status = usable ? compile(&profile, &target) : CLI_FAILED;
	profile_options_finish(&profile);
	return status;
}
