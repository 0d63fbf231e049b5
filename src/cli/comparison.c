#include "cli/comparison.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/prove.h>

#include "cli/cli.h"
#include "cli/profile_option.h"

enum { DEFAULT_MAX = 20 };

/* What a file holds, or several ones: programs that are stacked. */
struct operand {
	struct profile_options options;
	scmp_filter_ctx ctx;
	struct callgate_program **programs;
	char *const *paths; /* of the programs */
	size_t count;
	uint32_t arch; /* whose byte order programs are in: the first --arch, which is the machine */
};

static bool is_profile(const char *path)
{
	size_t length = strlen(path);

	return length >= 5 && strcmp(path + length - 5, ".json") == 0;
}

static bool read_profile(struct operand *operand, const char *path)
{
	operand->options.file = path;
	operand->ctx = profile_options_context(&operand->options);
	return operand->ctx != NULL;
}

static bool read_programs(struct operand *operand, char *const *paths, size_t count)
{
	operand->programs = calloc(count, sizeof(*operand->programs));
	operand->paths = paths;
	if (!operand->programs) {
		cli_error("out of memory");
		return false;
	}
	for (; operand->count < count; operand->count++) {
		struct callgate_program *program = cli_read_program(paths[operand->count], operand->arch);
		if (!program)
			return false;
		operand->programs[operand->count] = program;
	}
	return true;
}

static struct callgate_side side_of(const struct operand *operand)
{
	const struct callgate_program *const *programs =
	    (const struct callgate_program *const *)operand->programs;

	return (struct callgate_side){operand->ctx, programs, operand->count};
}

static void finish_operand(struct operand *operand)
{
	if (operand->ctx)
		seccomp_release(operand->ctx);
	for (size_t i = 0; i < operand->count; i++)
		callgate_program_free(operand->programs[i]);
	free(operand->programs);
	profile_options_finish(&operand->options);
}

/* Which programs the kernel would refuse, and why. */
static void explain_refusal(const struct operand *operand)
{
	for (size_t i = 0; i < operand->count; i++)
		if (callgate_program_check(operand->programs[i]) < 0)
			cli_error("%s: %s", operand->paths[i], callgate_diagnosis(NULL));
}

static const char *relation_name(enum callgate_relation relation)
{
	static const char *const names[] = {"unknown",  "equal",   "same-allowed", "subset",
	                                    "superset", "neither", "refused",      "different"};

	return names[relation];
}

static void print_json(const struct callgate_comparison *c)
{
	printf("{\"relation\": \"%s\", \"complete\": %s, \"differences\": [", relation_name(c->relation),
	       c->complete ? "true" : "false");
	for (size_t i = 0; i < c->count; i++) {
		const struct callgate_difference *d = &c->differences[i];
		printf("%s\n  {\"text\": \"%s\", \"arch\": %u, \"nr\": %d, ", i ? "," : "", d->text,
		       d->witness.arch, d->witness.nr);
		printf("\"nr_first\": %u, \"nr_last\": %u, \"args\": [", d->nr_first, d->nr_last);
		for (int arg = 0; arg < 6; arg++)
			printf(d->depends >> arg & 1 ? "%s\"0x%llx\"" : "%snull", arg ? ", " : "",
			       (unsigned long long)d->witness.args[arg]);
		printf("], \"a\": %u, \"b\": %u}", d->first, d->second);
	}
	printf("]}\n");
}

static int print(const struct callgate_comparison *c, bool json)
{
	static const char *const sentences[] = {
	    "",
	    "the filters are equal",
	    "A and B allow the same calls, and refuse some differently",
	    "A allows less than B",
	    "A allows more than B",
	    "A and B each allow calls that the other does not",
	    "",
	    "A and B differ; which allows more is not decided within the budget",
	};
	bool failed = c->relation == CALLGATE_RELATION_UNKNOWN || c->relation == CALLGATE_RELATION_REFUSED;

	if (json)
		print_json(c);
	if (c->relation == CALLGATE_RELATION_UNKNOWN)
		cli_error("%s", callgate_diagnosis(NULL));
	for (size_t i = 0; !json && i < c->count; i++)
		puts(c->differences[i].text);
	if (!json && !failed)
		printf("%s%s\n", sentences[c->relation], c->complete ? "" : " (there are more differences)");
	return failed ? CLI_FAILED : c->relation == CALLGATE_RELATION_EQUAL ? CLI_OK : CLI_NO;
}

static int compare(const struct operand *operands, size_t max, bool json)
{
	struct callgate_side a = side_of(&operands[0]), b = side_of(&operands[1]);
	struct callgate_comparison *comparison;

	if (callgate_compare(&a, &b, max, &comparison) < 0) {
		cli_error("%s", callgate_diagnosis(NULL));
		return CLI_FAILED;
	}
	int status = print(comparison, json);
	if (comparison->relation == CALLGATE_RELATION_REFUSED) {
		explain_refusal(&operands[0]);
		explain_refusal(&operands[1]);
	}
	callgate_comparison_free(comparison);
	return status;
}

static bool take_profile_option(struct operand *operands, int option, const char *value)
{
	if (option == PROFILE_OPTION_ARCH && operands[0].arch == SCMP_ARCH_NATIVE) {
		if (!cli_parse_arch(value, &operands[0].arch))
			return false;
		operands[1].arch = operands[0].arch;
	}
	return profile_option_take(&operands[0].options, option, value) &&
	       profile_option_take(&operands[1].options, option, value);
}

static bool take_max(const char *text, size_t *ret_max)
{
	char *end;
	unsigned long max = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end) {
		cli_error("--max takes a number, not \"%s\"", text);
		return false;
	}
	*ret_max = max;
	return true;
}

static bool read_operands(struct operand *operands, char **paths, size_t count, bool prove)
{
	bool first = prove || is_profile(paths[0]), second = !prove && is_profile(paths[1]);

	return (first ? read_profile(&operands[0], paths[0]) : read_programs(&operands[0], paths, 1)) &&
	       (second ? read_profile(&operands[1], paths[1])
	               : read_programs(&operands[1], paths + 1, count - 1));
}

int comparison_run(int argc, char **argv, const char *usage, bool prove)
{
	static const struct option options[] = {PROFILE_OPTIONS,
	                                        {"json", no_argument, NULL, 'j'},
	                                        {"max", required_argument, NULL, 'm'},
	                                        {"help", no_argument, NULL, 'h'},
	                                        {0}};
	struct operand operands[2] = {{.arch = SCMP_ARCH_NATIVE}, {.arch = SCMP_ARCH_NATIVE}};
	size_t max = DEFAULT_MAX;
	bool json = false, fine = true;

	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (profile_option_is(option))
			fine = fine && take_profile_option(operands, option, optarg);
		else if (option == 'j')
			json = true;
		else if (option == 'm')
			fine = fine && take_max(optarg, &max);
		else
			return cli_help(usage, option == 'h');
	}
	if (argc - optind < 2 || (argc - optind > 2 && !prove)) {
		cli_error(prove ? "a profile and its programs are to be named"
		                : "two filters are to be named");
		return cli_help(usage, false);
	}
	fine = fine && read_operands(operands, argv + optind, (size_t)(argc - optind), prove);
	int status = fine ? compare(operands, max, json) : CLI_FAILED;
	finish_operand(&operands[0]);
	finish_operand(&operands[1]);
	return status;
}
