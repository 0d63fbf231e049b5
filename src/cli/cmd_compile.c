/* callgate compile: the program of a profile, as bytes, as C, as pseudo code, or as the graph that it is made from. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <callgate/compile.h>
#include <callgate/diagnosis.h>

#include "cli/filter_file.h"
#include "cli/output.h"

struct settings {
	const char *profile, *output;
	int format;
	const char *dump; /* "after:PASS" */
	bool dot;
};

static const char *const formats[] = {"bpf", "c", "pfc", NULL};
enum { FORMAT_BPF, FORMAT_C, FORMAT_PFC }; /* ORDER formats */

static const struct option_row options[] = {
    {"profile", 0, "FILE", take_text, offsetof(struct settings, profile), "the profile; -: standard input"},
    {"output", 'o', "OUTPUT", take_text, offsetof(struct settings, output), "default: standard output"},
    {"format", 0, "bpf|c|pfc", take_word, offsetof(struct settings, format),
     "bpf: an array of struct sock_filter in the byte order of the architecture (default); c: the same as C "
     "source; "
     "pfc: pseudo code for reading",
     .words = formats},
    {"dump", 0, "after:PASS", take_text, offsetof(struct settings, dump),
     "write what a pass of the compiler leaves instead; after:help lists the passes"},
    {"dot", 0, NULL, take_flag, offsetof(struct settings, dot), "with --dump: in Graphviz' language"},
    {0},
};

static int write_bytes(const struct settings *settings, const void *bytes, size_t size)
{
	return output_write(settings->output, settings->profile, bytes, size) ? CLI_OK : CLI_FAILED;
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

static int write_c(const struct callgate_program *program, const struct settings *settings)
{
	const unsigned char *bytes = callgate_program_bytes(program);
	size_t length = callgate_program_length(program);
	struct output output;

	if (!output_open(&output, settings->output) || !output_spares(&output, settings->profile))
		return CLI_FAILED;
	fprintf(output.stream,
	        "#include <linux/filter.h>\n\nstatic const struct sock_filter filter[%zu] = {\n", length);
	for (size_t i = 0; i < length; i++)
		write_instruction(output.stream, bytes + 8 * i);
	fputs("};\n", output.stream);
	return output_commit(&output) ? CLI_OK : CLI_FAILED;
}

/* A terminal would take the bytes for commands. */
static bool is_for_terminal(const struct settings *settings)
{
	return settings->format == FORMAT_BPF && (!settings->output || strcmp(settings->output, "-") == 0) &&
	       isatty(STDOUT_FILENO);
}

static int write_program(scmp_filter_ctx ctx, const struct settings *settings)
{
	struct callgate_program *program = NULL;

	if (is_for_terminal(settings)) {
		cli_error("a program is not for reading: name a file with -o, or a --format");
		return CLI_FAILED;
	}
	if (callgate_program_compile(ctx, &program) < 0) {
		cli_error("%s", callgate_diagnosis(ctx));
		return CLI_FAILED;
	}
	int status = settings->format == FORMAT_C ? write_c(program, settings)
	                                          : write_bytes(settings, callgate_program_bytes(program),
	                                                        callgate_program_length(program) * 8);
	callgate_program_free(program);
	return status;
}

/* All that an anonymous file holds. */
static int write_contents(int fd, const struct settings *settings)
{
	struct stat status;
	void *bytes = fstat(fd, &status) < 0
	                  ? MAP_FAILED
	                  : mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);

	if (bytes == MAP_FAILED) {
		cli_error("the pseudo code can't be read back: %s", strerror(errno));
		return CLI_FAILED;
	}
	int result = write_bytes(settings, bytes, (size_t)status.st_size);
	munmap(bytes, (size_t)status.st_size);
	return result;
}

/* The library writes to a descriptor, so pseudo code goes through an anonymous file. */
static int write_pfc(scmp_filter_ctx ctx, const struct settings *settings)
{
	int fd = memfd_create("pseudo code", MFD_CLOEXEC), status = CLI_FAILED;

	if (fd < 0) {
		cli_error("no room for the pseudo code: %s", strerror(errno));
		return CLI_FAILED;
	}
	if (seccomp_export_pfc(ctx, fd) < 0)
		cli_error("%s", callgate_diagnosis(ctx));
	else
		status = write_contents(fd, settings);
	close(fd);
	return status;
}

static int write_graph(scmp_filter_ctx ctx, const struct settings *settings, const char *pass)
{
	char *text = NULL;

	if (callgate_compile_dump(ctx, pass, settings->dot, &text) < 0) {
		cli_error("%s", callgate_diagnosis(ctx));
		return CLI_FAILED;
	}
	int status = write_bytes(settings, text, strlen(text));
	free(text);
	return status;
}

static int list_passes(void)
{
	for (size_t i = 0; callgate_pass_name(i); i++)
		printf("%-10s %s\n", callgate_pass_name(i), callgate_pass_what(i));
	return CLI_OK;
}

static int run(struct call *call)
{
	const struct settings *settings = call->settings;
	const char *pass = settings->dump;
	struct filter filter = {0};
	int status = CLI_FAILED;

	if (pass && strncmp(pass, "after:", 6) != 0) {
		cli_error("--dump wants after:PASS, not \"%s\"; after:help lists the passes", pass);
		return CLI_FAILED;
	}
	if (pass && strcmp(pass, "after:help") == 0)
		return list_passes();
	if (!settings->profile) {
		cli_error("which profile? Give --profile FILE");
		return CLI_FAILED;
	}
	if (!filter_explain(&filter, filter_open_profile(&filter, settings->profile, &call->environment)))
		status = CLI_FAILED;
	else if (pass)
		status = write_graph(filter.ctx, settings, pass + strlen("after:"));
	else if (settings->format == FORMAT_PFC)
		status = write_pfc(filter.ctx, settings);
	else
		status = write_program(filter.ctx, settings);
	filter_close(&filter);
	return status;
}

const struct command cmd_compile = {
    .name = "compile",
    .what = "compile a profile and write the program",
    .synopsis = "--profile FILE [OPTION]... [-o OUTPUT]",
    .help = "Compiles the filter that FILE describes, proves it, and writes it without loading it.\n",
    .options = options,
    .environment = environment_options,
    .settings_size = sizeof(struct settings),
    .question = "a profile is given by --profile",
    .run = run,
};
