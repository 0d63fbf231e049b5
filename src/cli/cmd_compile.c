/*
 * callgate compile: the program of a profile, as bytes, as C, as pseudo code, for a checker, or as the graph that it is
 * made from.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <callgate/compile.h>
#include <callgate/diagnosis.h>

#include "cli/filter_file.h"
#include "cli/output.h"
#include "cli/print.h"

struct settings {
	const char *profile, *output, *name;
	int format;
	const char *dump; /* "after:PASS" */
	bool dot;
};

static const char *const formats[] = {"bpf", "c", "pfc", "proof", "header", NULL};
enum { FORMAT_NONE = -1, FORMAT_BPF, FORMAT_C, FORMAT_PFC, FORMAT_PROOF, FORMAT_HEADER }; /* ORDER formats */

static const struct settings defaults = {.format = FORMAT_NONE, .name = "filter"};

static const struct option_row options[] = {
    {"profile", 0, "FILE", take_text, offsetof(struct settings, profile), "the profile; -: standard input"},
    {"output", 'o', "OUTPUT", take_text, offsetof(struct settings, output), "default: standard output"},
    {"format", 0, "bpf|c|pfc|proof|header", take_word, offsetof(struct settings, format),
     "bpf: an array of struct sock_filter in the byte order of the architecture (default); c: the same as C source; "
     "pfc: pseudo code for people; proof: rules and bytes, for callgate-recheck; header: a C header with a "
     "program for each --arch, that is, for each "
     "kind of machine "
     "(all: every one), and a function that loads it",
     .words = formats},
    {"name", 0, "NAME", take_text, offsetof(struct settings, name),
     "with --format header: the beginning of its names; default: filter"},
    {"dump", 0, "after:PASS", take_text, offsetof(struct settings, dump),
     "write the result of a pass of the compiler instead; after:help lists the passes"},
    {"dot", 0, NULL, take_flag, offsetof(struct settings, dot), "with --dump: in the language of Graphviz"},
    {0},
};

/* ---- what is written: false after a message was printed ---- */

/* Was the library's answer a success? */
static bool explain(scmp_filter_ctx ctx, int result)
{
	if (result < 0)
		cli_error("%s", callgate_diagnosis(ctx));
	return result == 0;
}

static bool print_program(scmp_filter_ctx ctx, FILE *out, bool as_c)
{
	struct callgate_program *program = NULL;
	bool done = explain(ctx, callgate_program_compile(ctx, &program));

	if (done && as_c) {
		fprintf(out, "#include <linux/filter.h>\n\nstatic const struct sock_filter filter[%zu] = {\n",
		        callgate_program_length(program));
		print_instructions(out, program);
		fputs("};\n", out);
	} else if (done)
		fwrite(callgate_program_bytes(program), 8, callgate_program_length(program), out);
	callgate_program_free(program);
	return done;
}

/* The library writes pseudo code to a descriptor, which is an anonymous file's. */
static bool print_pseudo_code(scmp_filter_ctx ctx, FILE *out)
{
	int fd = memfd_create("pseudo code", MFD_CLOEXEC);
	bool done = fd >= 0 && explain(ctx, seccomp_export_pfc(ctx, fd));
	char bytes[4096];
	ssize_t size = 1;

	if (fd < 0)
		cli_error("no room for the pseudo code: %s", strerror(errno));
	for (off_t at = 0; done && (size = pread(fd, bytes, sizeof(bytes), at)) > 0; at += size)
		fwrite(bytes, 1, (size_t)size, out);
	if (done && size < 0)
		cli_error("the pseudo code can't be read back: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return done && size >= 0;
}

/* A graph; or with NULL, rules and bytes. */
static bool print_listing(scmp_filter_ctx ctx, FILE *out, const char *pass, bool dot)
{
	char *text = NULL;
	bool done =
	    explain(ctx, pass ? callgate_compile_dump(ctx, pass, dot, &text) : callgate_compile_text(ctx, &text));

	if (done)
		fputs(text, out);
	free(text);
	return done;
}

static bool print(scmp_filter_ctx ctx, FILE *out, const struct settings *settings)
{
	if (settings->dump)
		return print_listing(ctx, out, settings->dump + strlen("after:"), settings->dot);
	if (settings->format == FORMAT_PROOF)
		return print_listing(ctx, out, NULL, false);
	if (settings->format == FORMAT_PFC)
		return print_pseudo_code(ctx, out);
	return print_program(ctx, out, settings->format == FORMAT_C);
}

/* A terminal would take the bytes for commands. */
static bool is_for_terminal(const struct settings *settings, const struct output *output)
{
	return !settings->dump && settings->format <= FORMAT_BPF && isatty(fileno(output->stream));
}

/* A header is made of several contexts, which it opens itself: it has no `ctx`. */
static bool print_header_format(const struct settings *settings, const struct environment *environment, FILE *out)
{
#ifdef HAVE_LIBMD
	return print_header(settings->profile, settings->name, environment, out);
#else
	(void)settings, (void)environment, (void)out;
	cli_error("--format header needs a callgate that was built with libmd");
	return false;
#endif
}

/* The filters of a header are read before the output is opened, which must be none of their files. */
static int write_header(const struct call *call)
{
	const struct settings *settings = call->settings;
	struct output output;
	char *text = NULL;
	size_t size;
	FILE *memory = memory_open(&text, &size);
	bool done = memory && print_header_format(settings, &call->environment, memory);

	if (!memory || fclose(memory) != 0) {
		cli_error("out of memory");
		done = false;
	}
	done = done && output_open(&output, settings->output);
	if (done) {
		fwrite(text, 1, size, output.stream);
		done = output_commit(&output);
	}
	free(text);
	return done ? CLI_OK : CLI_FAILED;
}

static int write_output(const struct filter *filter, const struct call *call)
{
	const struct settings *settings = call->settings;
	struct output output;

	if (!output_open(&output, settings->output))
		return CLI_FAILED;
	if (is_for_terminal(settings, &output))
		cli_error("a program is not for reading: name a file with -o, or a --format");
	else if (print(filter->ctx, output.stream, settings))
		return output_commit(&output) ? CLI_OK : CLI_FAILED;
	output_discard(&output);
	return CLI_FAILED;
}

static int list_passes(void)
{
	for (size_t i = 0; callgate_pass_name(i); i++)
		printf("%-10s %s\n", callgate_pass_name(i), callgate_pass_what(i));
	return CLI_OK;
}

/* Is there such a pass, and does nothing else contradict --dump? False after a message was printed. */
static bool check_dump(const struct settings *settings)
{
	size_t i = 0;

	if (!settings->dump && settings->dot)
		cli_error("--dot is for --dump after:PASS");
	if (settings->dump && settings->format != FORMAT_NONE)
		cli_error("either --format or --dump");
	if (!settings->dump || settings->format != FORMAT_NONE)
		return !settings->dump && !settings->dot;
	bool has_word = strncmp(settings->dump, "after:", strlen("after:")) == 0;
	while (has_word && callgate_pass_name(i) &&
	       strcmp(callgate_pass_name(i), settings->dump + strlen("after:")) != 0)
		i++;
	if (has_word && callgate_pass_name(i))
		return true;
	cli_error("--dump takes after:PASS, not \"%s\"; after:help lists the passes", settings->dump);
	return false;
}

static int run(struct call *call)
{
	const struct settings *settings = call->settings;
	struct filter filter = {0};
	int status = CLI_FAILED;

	if (settings->dump && strcmp(settings->dump, "after:help") == 0)
		return list_passes();
	if (!check_dump(settings))
		return CLI_FAILED;
	if (!settings->profile) {
		cli_error("which profile? Give --profile FILE");
		return CLI_FAILED;
	}
	if (settings->format == FORMAT_HEADER)
		return write_header(call);
	if (filter_explain(&filter, filter_open_profile(&filter, settings->profile, &call->environment)))
		status = write_output(&filter, call);
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
    .defaults = &defaults,
    .settings_size = sizeof(struct settings),
    .question = "a profile is given by --profile",
    .run = run,
};
