#include "cli/test_coverage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/prove.h>

#include "base/vec.h"

typedef VEC(const struct callgate_program *) program_vec;

/* One mutant, and what is needed to judge it. */
struct trial {
	const struct coverage *coverage;
	program_vec original, programs;
	struct callgate_filter *sides; /* the source's, with the mutant in place of its filter */
	uint32_t rule;
	const char *text;
};

/* All programs of a simulator; they are its own. */
static bool list_programs(const struct callgate_simulator *simulator, program_vec *programs)
{
	const struct callgate_program *program;

	programs->count = 0;
	for (size_t i = 0; (program = callgate_simulator_program(simulator, i)); i++)
		if (!vec_push(programs, program))
			return false;
	return true;
}

/* ---- one mutant ---- */

/* 1: the test notices, 0: it does not, -errno. */
static int notices(const struct trial *trial, const struct test_entry *entry)
{
	struct callgate_test_result result;

	if (entry->test->filter != trial->coverage->filter || entry->test->kind == CALLGATE_TEST_LIVE)
		return 0;
	int error =
	    callgate_test_run(trial->coverage->source->file, entry->index, trial->sides, NULL, &result);
	if (error < 0)
		return error;
	bool failed = result.status == CALLGATE_TEST_FAILED;
	callgate_test_result_finish(&result);
	return failed;
}

/* The tests that exercise its rule come first: one of them is the likeliest to notice. */
static int is_noticed(const struct trial *trial)
{
	const struct test_source *source = trial->coverage->source;
	int result = 0;

	for (int likely = 1; likely >= 0 && result == 0; likely--)
		for (size_t i = 0; i < source->entry_count && result == 0; i++)
			if (coverage_exercises(trial->coverage, trial->rule, source->entries[i].test->line) ==
			    likely)
				result = notices(trial, &source->entries[i]);
	return result;
}

static char *describe_difference(const struct trial *trial, const struct callgate_comparison *comparison)
{
	char action[CALLGATE_ACTION_TEXT], *text = NULL;

	if (comparison->count == 0)
		return strdup("not decided whether it differs at all");
	const struct callgate_difference *difference = &comparison->differences[0];
	char *before = callgate_explain(trial->coverage->simulator, &difference->witness);
	callgate_action_text(difference->second, action);
	if (!before || asprintf(&text, "%s; with the mutant %s", before, action) < 0)
		text = NULL;
	free(before);
	return text;
}

static int add_survivor(const struct trial *trial, const struct callgate_comparison *comparison,
                        struct mutants *mutants)
{
	struct mutant *grown =
	    reallocarray(mutants->survivors, mutants->survivor_count + 1, sizeof(mutants->survivors[0]));
	struct mutant mutant = {0};

	if (!grown)
		return -ENOMEM;
	mutants->survivors = grown;
	callgate_profile_rule_origin(coverage_filter(trial->coverage)->profile, trial->rule, &mutant.line,
	                             &mutant.column);
	mutant.text = strdup(trial->text);
	mutant.difference = describe_difference(trial, comparison);
	mutants->survivors[mutants->survivor_count++] = mutant;
	return mutant.text && mutant.difference ? 0 : -ENOMEM;
}

static int judge(const struct trial *trial, struct mutants *mutants)
{
	struct callgate_filter original = {NULL, trial->original.items, trial->original.count};
	struct callgate_filter mutant = {NULL, trial->programs.items, trial->programs.count};
	struct callgate_comparison *comparison;
	int result = callgate_compare(&original, &mutant, 1, &comparison);

	if (result < 0)
		return result;
	mutants->all++;
	trial->sides[trial->coverage->filter] = mutant;
	if (comparison->relation == CALLGATE_RELATION_EQUAL) {
		mutants->equivalent++;
	} else {
		result = is_noticed(trial);
		mutants->noticed += result == 1;
		if (result == 0)
			result = add_survivor(trial, comparison, mutants);
	}
	callgate_comparison_free(comparison);
	return result < 0 ? result : 0;
}

/* ---- all of them ---- */

static bool start(struct trial *trial)
{
	const struct test_source *source = trial->coverage->source;

	trial->sides = calloc(source->filter_count, sizeof(trial->sides[0]));
	if (!trial->sides || !list_programs(trial->coverage->simulator, &trial->original))
		return false;
	memcpy(trial->sides, source->sides, source->filter_count * sizeof(trial->sides[0]));
	return callgate_test_file_take_archs(source->file, trial->coverage->filter,
	                                     coverage_filter(trial->coverage)->ctx) == 0;
}

static int run(struct trial *trial, struct mutants *mutants)
{
	int result = 0;

	for (size_t i = 0; result == 0; i++) {
		struct callgate_simulator *mutant = NULL;
		char *text = NULL;
		result =
		    callgate_simulator_mutate(trial->coverage->simulator, i, &mutant, &trial->rule, &text);
		if (result == -ENOENT)
			return 0;
		trial->text = text;
		if (result == 0)
			result = list_programs(mutant, &trial->programs) ? judge(trial, mutants) : -ENOMEM;
		callgate_simulator_free(mutant);
		free(text);
	}
	return result;
}

bool mutants_run(const struct coverage *coverage, struct mutants *ret_mutants)
{
	struct trial trial = {.coverage = coverage};

	*ret_mutants = (struct mutants){0};
	int result = start(&trial) ? run(&trial, ret_mutants) : -ENOMEM;
	vec_finish(&trial.original);
	vec_finish(&trial.programs);
	free(trial.sides);
	if (result < 0)
		cli_error("%s: mutants: %s", coverage_filter(coverage)->path,
		          result == -ENOMEM ? "out of memory" : callgate_diagnosis(NULL));
	return result == 0;
}

void mutants_finish(struct mutants *mutants)
{
	for (size_t i = 0; i < mutants->survivor_count; i++) {
		free(mutants->survivors[i].text);
		free(mutants->survivors[i].difference);
	}
	free(mutants->survivors);
	*mutants = (struct mutants){0};
}
