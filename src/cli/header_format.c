/*
 * callgate compile --format header: the programs of a profile for several machines as one C header, from which the
 * preprocessor takes those for the machine that it compiles for.
 */
#include <ctype.h>
#include <sha256.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/arch.h>
#include <callgate/diagnosis.h>
#include <callgate/simulate.h>
#include <callgate/version.h>

#include "cli/filter_file.h"
#include "cli/output.h"
#include "cli/print.h"
#include "cli/profile_text.h"

struct header {
	const char *file; /* for messages */
	struct text text;
	const char *name;
	char macro[64];
	const struct environment *environment;
};

/* ---- what the header is made from ---- */

static void add_to_digest(SHA256_CTX *digest, const char *text)
{
	SHA256Update(digest, (const uint8_t *)text, strlen(text) + 1);
}

/* The digest of compiler, options, the text of the profile, and the programs, in which included files are. */
static void make_digest(const struct header *header, const char *programs, char ret_hex[SHA256_DIGEST_STRING_LENGTH])
{
	SHA256_CTX digest;

	SHA256Init(&digest);
	add_to_digest(&digest, callgate_version());
	for (size_t i = 0; i < header->environment->settings.count; i++) {
		const struct setting *setting = &header->environment->settings.items[i];
		add_to_digest(&digest, setting->option->name);
		add_to_digest(&digest, setting->value ? setting->value : "");
	}
	SHA256Update(&digest, (const uint8_t *)header->text.bytes, header->text.size);
	add_to_digest(&digest, programs);
	SHA256End(&digest, ret_hex);
}

/* ---- the machines ---- */

static bool names_machine(const struct setting *setting)
{
	return strcmp(setting->option->name, "arch") == 0;
}

static bool has_setting(const struct environment *environment, const char *option)
{
	for (size_t i = 0; i < environment->settings.count; i++)
		if (strcmp(environment->settings.items[i].option->name, option) == 0)
			return true;
	return false;
}

/* Is a program for this architecture wanted? Without an --arch the one for this machine is. */
static bool is_wanted(const struct callgate_arch *arch, const struct environment *environment)
{
	for (size_t i = 0; i < environment->settings.count; i++) {
		const struct setting *setting = &environment->settings.items[i];
		if (names_machine(setting) &&
		    (strcmp(setting->value, "all") == 0 || callgate_arch_find_name(setting->value) == arch))
			return true;
	}
	return !has_setting(environment, "arch") && callgate_arch_find(SCMP_ARCH_NATIVE) == arch;
}

/*
 * The environment on a machine of that kind: --machine in the place of --arch. The machine on which the header is
 * written says nothing about those on which the filter is loaded: without an option there are no capabilities, and the
 * kernel is the oldest that can load.
 */
static bool on_machine(struct environment *copy, const struct environment *environment,
                       const struct callgate_arch *arch)
{
	bool fits = environment_add(copy, "machine", arch->name, 0) &&
	            (has_setting(environment, "cap") || environment_add(copy, "cap", "none", 0)) &&
	            (has_setting(environment, "kernel") || environment_add(copy, "kernel", "3.17", 0));

	for (size_t i = 0; fits && i < environment->settings.count; i++)
		if (!names_machine(&environment->settings.items[i]))
			fits = vec_push(&copy->settings, environment->settings.items[i]);
	return fits;
}

static const char *condition(const struct callgate_arch *arch)
{
	size_t i = 0;

	while (callgate_arch_at(i) != arch)
		i++;
	return arch_conditions[i];
}

/*
 * The programs of a filter: one, unless the policy is too long for that. The instructions of all in one array, in the
 * order in which they are loaded, and the length of each.
 */
static void print_stack(const struct header *header, const struct callgate_simulator *simulator, FILE *out)
{
	const struct callgate_program *program;
	size_t count = 0;

	fprintf(out, "static const struct sock_filter %s_instructions[] = {\n", header->name);
	for (; (program = callgate_simulator_program(simulator, count)); count++) {
		if (count > 0)
			fputc('\n', out);
		print_instructions(out, program);
	}
	fprintf(out, "};\n#define %s_PROGRAMS %zu\nstatic const unsigned short %s_lengths[] = {", header->macro, count,
	        header->name);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%zu", i > 0 ? ", " : "",
		        callgate_program_length(callgate_simulator_program(simulator, i)));
	fputs("};\n", out);
}

/* One branch of the header; false after a message was printed. */
static bool print_machine(const struct header *header, const struct callgate_arch *arch, bool is_first, FILE *out)
{
	struct environment environment = {0};
	struct filter filter = {0};
	struct callgate_simulator *simulator = NULL;
	bool done = on_machine(&environment, header->environment, arch);

	if (!done)
		cli_error("out of memory");
	done = done && filter_explain(&filter, filter_open_text(&filter, header->file, header->text.bytes,
	                                                        header->text.size, &environment));
	if (done && callgate_simulator_new(filter.ctx, &simulator) < 0) {
		cli_error("%s: %s", arch->name, callgate_diagnosis(filter.ctx));
		done = false;
	}
	if (done) {
		fprintf(out, "%s %s /* %s */\n", is_first ? "#if" : "#elif", condition(arch), arch->name);
		print_stack(header, simulator, out);
	}
	callgate_simulator_free(simulator);
	filter_close(&filter);
	vec_finish(&environment.settings);
	return done;
}

static bool print_machines(const struct header *header, FILE *out)
{
	const struct callgate_arch *arch;
	bool is_first = true;

	for (size_t i = 0; (arch = callgate_arch_at(i)); i++) {
		if (!is_wanted(arch, header->environment))
			continue;
		if (!print_machine(header, arch, is_first, out))
			return false;
		is_first = false;
	}
	fprintf(out,
	        "#else /* There is no program: %s_load() returns -EOPNOTSUPP. */\n"
	        "#define %s_PROGRAMS 0\nstatic const struct sock_filter %s_instructions[1] = {{0, 0, 0, 0}};\n"
	        "static const unsigned short %s_lengths[1] = {0};\n#endif\n",
	        header->name, header->macro, header->name, header->name);
	return true;
}

/* ---- the file ---- */

/* The name in capitals, for macros. False after a message was printed: it is no name in C, or too long. */
static bool set_name(struct header *header, const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	if (length == 0 || name[length] != '\0' || isdigit((unsigned char)name[0]) || length >= sizeof(header->macro)) {
		cli_error("--name takes a name as in C, of at most %zu characters, not \"%s\"",
		          sizeof(header->macro) - 1, name);
		return false;
	}
	header->name = name;
	for (size_t i = 0; i <= length; i++)
		header->macro[i] = (char)toupper((unsigned char)name[i]);
	return true;
}

/* The programs, which the caller frees; NULL after a message. */
static char *machines_text(const struct header *header)
{
	char *text = NULL;
	size_t size;
	FILE *memory = memory_open(&text, &size);
	bool done = memory && print_machines(header, memory), is_whole = memory && fclose(memory) == 0;

	if (!is_whole)
		cli_error("%s: out of memory", header->file);
	if (done && is_whole)
		return text;
	free(text);
	return NULL;
}

static bool print_file(const struct header *header, FILE *out)
{
	char digest[SHA256_DIGEST_STRING_LENGTH], *machines = machines_text(header);

	if (!machines)
		return false;
	make_digest(header, machines, digest);
	fprintf(out,
	        "/* A seccomp filter, written by `callgate compile --format header` (callgate %s). Do not edit.\n"
	        " * SHA-256 of the profile, the options, the compiler's version and the programs: %s\n"
	        " */\n#ifndef %s_DIGEST\n#include <callgate/load_only.h>\n\n#define %s_DIGEST \"%s\"\n\n%s",
	        callgate_version(), digest, header->macro, header->macro, digest, machines);
	free(machines);
	fprintf(out,
	        "\n/* Loads it: 0, or a negative error number, and then the program must not go on. Flags: "
	        "CALLGATE_LOAD_*. */\n"
	        "static inline int %s_load(unsigned int flags)\n"
	        "{\n\treturn callgate_load_only_stack(%s_instructions, %s_lengths, %s_PROGRAMS, flags);\n}\n\n"
	        "#endif\n",
	        header->name, header->name, header->name, header->macro);
	return true;
}

bool print_header(const char *path, const char *name, const struct environment *environment, FILE *out)
{
	struct header header = {.file = strcmp(path, "-") == 0 ? "standard input" : path, .environment = environment};
	bool done = set_name(&header, name) && text_read(path, &header.text) && print_file(&header, out);

	free(header.text.bytes);
	return done;
}
