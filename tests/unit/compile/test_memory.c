/* How much memory it takes to hold and compile a large container's rules. */
#include <check.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/prove.h>

#include "support/run.h"

enum { PEAK_MOST = 80 * 1024, PEAK_WITH_PROOF = 150 * 1024, ALLOCATIONS_MOST = 150 };

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *at);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *at);

static size_t present, peak, allocations, fail_at; /* the allocation that fails, from 1; 0 for none */

static bool fails(void)
{
	return fail_at && ++allocations == fail_at;
}

static void *note(void *at)
{
	if (!at)
		return NULL;
	present += malloc_usable_size(at);
	peak = present > peak ? present : peak;
	allocations += !fail_at;
	return at;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : note(__real_malloc(size));
}

void *__wrap_calloc(size_t number, size_t size)
{
	return fails() ? NULL : note(__real_calloc(number, size));
}

void *__wrap_realloc(void *old, size_t size)
{
	if (fails())
		return NULL;
	present -= malloc_usable_size(old);
	return note(__real_realloc(old, size));
}

void __wrap_free(void *at)
{
	present -= malloc_usable_size(at);
	__real_free(at);
}

enum { RULES_MOST = 600 };

/* The rules to build: read or made before anything is counted. */
static struct rule {
	uint32_t action;
	int nr;
	unsigned count;
	struct scmp_arg_cmp conditions[6];
} rules[RULES_MOST];
static size_t rule_count;

/* Calls that are mostly allowed, by number; a few are checked. */
static void make_rules(void)
{
	rule_count = 0;
	for (int nr = 0; nr < 400; nr++) {
		struct rule *rule = &rules[rule_count];
		if (nr % 11 == 3 || nr % 17 == 5)
			continue;
		*rule = (struct rule){.action = SCMP_ACT_ALLOW, .nr = nr};
		if (nr % 50 == 1) {
			rule->count = 2;
			rule->conditions[0] = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)nr);
			rule->conditions[1] = SCMP_A1(SCMP_CMP_MASKED_EQ, 0xff00, 0x100);
		}
		rule_count++;
	}
}

/* A line "rule ACTION NR NAME COUNT (ARG OP A B)..." as `callgate bench` takes it. */
static void read_rule(char *line)
{
	struct rule *rule = &rules[rule_count];
	char *rest = NULL;

	if (strncmp(line, "rule ", 5) != 0 || rule_count == RULES_MOST)
		return;
	strtok_r(line, " ", &rest);
	rule->action = (uint32_t)strtoul(strtok_r(NULL, " ", &rest), NULL, 0);
	rule->nr = atoi(strtok_r(NULL, " ", &rest));
	strtok_r(NULL, " ", &rest);
	rule->count = (unsigned)atoi(strtok_r(NULL, " ", &rest));
	ck_assert_uint_le(rule->count, 6);
	for (unsigned i = 0; i < rule->count; i++) {
		struct scmp_arg_cmp *condition = &rule->conditions[i];
		condition->arg = (unsigned)atoi(strtok_r(NULL, " ", &rest));
		condition->op = (enum scmp_compare)atoi(strtok_r(NULL, " ", &rest));
		condition->datum_a = strtoull(strtok_r(NULL, " ", &rest), NULL, 0);
		condition->datum_b = strtoull(strtok_r(NULL, " ", &rest), NULL, 0);
	}
	rule_count++;
}

/* false if the file is not at hand. */
static bool read_rules(const char *path)
{
	static char line[4096];
	FILE *file = fopen(path, "re");

	rule_count = 0;
	while (file && fgets(line, sizeof(line), file))
		read_rule(line);
	if (file)
		fclose(file);
	return file != NULL;
}

/* libcheck's own memory would be counted too: it is not asked anything in between. How many calls failed. */
static int build_and_release(enum callgate_proof proof)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(1));
	int failed = 0;

	if (!ctx)
		return -1;
	(void)callgate_proof_set(ctx, proof);
	for (size_t i = 0; i < rule_count; i++)
		failed +=
		    seccomp_rule_add_array(ctx, rules[i].action, rules[i].nr, rules[i].count, rules[i].conditions) != 0;
	failed += seccomp_precompute(ctx) != 0;
	seccomp_release(ctx);
	return failed;
}

static void check_peak(enum callgate_proof proof, size_t peak_most)
{
	present = peak = allocations = 0;
	int failed = build_and_release(proof);
	size_t left = present, most = peak, count = allocations;

	printf("%zu rules%s: %zu bytes of heap at most, in %zu allocations\n", rule_count,
	       proof == CALLGATE_PROOF_REQUIRED ? ", proved" : "", most, count);
	ck_assert_int_eq(failed, 0);
	ck_assert_uint_eq(left, 0);
	ck_assert_uint_gt(most, 1024);
	ck_assert_uint_lt(most, peak_most);
	ck_assert_uint_lt(count, ALLOCATIONS_MOST);
}

START_TEST(little_memory_is_used)
{
	make_rules();
	check_peak(CALLGATE_PROOF_OFF_FOR_TIMING, PEAK_MOST);
	check_peak(CALLGATE_PROOF_REQUIRED, PEAK_WITH_PROOF);
}
END_TEST

START_TEST(little_memory_is_used_for_a_well_known_profile)
{
	const char *shared = getenv("CALLGATE_SHARED");
	char path[4096];

	snprintf(path, sizeof(path), "%s/bench/policies/moby.ir", shared ? shared : SOURCE_ROOT "/../shared");
	if (!read_rules(path)) {
		printf("%s is not at hand\n", path);
		return;
	}
	ck_assert_uint_gt(rule_count, 300);
	check_peak(CALLGATE_PROOF_OFF_FOR_TIMING, PEAK_MOST);
	check_peak(CALLGATE_PROOF_REQUIRED, PEAK_WITH_PROOF);
}
END_TEST

/* Every allocation in turn: an error is told, nothing is lost, and nothing that is not the program is handed out. */
static void check_every_failure(enum callgate_proof proof)
{
	fail_at = present = allocations = 0;
	int failed = build_and_release(proof);
	size_t count = allocations, unnoticed = 0, left = present;

	for (size_t i = 1; i <= count; i++) {
		fail_at = i;
		allocations = 0;
		unnoticed += build_and_release(proof) == 0;
		left += present;
	}
	fail_at = 0;
	ck_assert_int_eq(failed, 0);
	ck_assert_uint_gt(count, 20);
	ck_assert_uint_eq(left, 0);
	ck_assert_uint_eq(unnoticed, 0);
}

START_TEST(every_allocation_may_fail)
{
	make_rules();
	check_every_failure(CALLGATE_PROOF_OFF_FOR_TIMING);
	check_every_failure(CALLGATE_PROOF_REQUIRED);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("memory");

	tcase_add_test(tcase, little_memory_is_used);
	tcase_add_test(tcase, little_memory_is_used_for_a_well_known_profile);
	tcase_add_test(tcase, every_allocation_may_fail);
	return test_run(tcase);
}
