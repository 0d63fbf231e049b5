/* Policies as text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench.h"
#include "cli/cli.h"

static char *next_word(char **rest)
{
	return strtok_r(NULL, " \t\n", rest);
}

static uint64_t next_number(char **rest)
{
	const char *word = next_word(rest);

	return word ? strtoull(word, NULL, 0) : 0;
}

static bool parse_archs(struct bench_policy *policy, char **rest)
{
	bool is_first = true;

	for (const char *word; (word = next_word(rest)); is_first = false) {
		uint32_t token = seccomp_arch_resolve_name(word);
		if (!token || policy->arch_count == BENCH_ARCHS_MAX)
			return false;
		if (!is_first)
			policy->archs[policy->arch_count++] = token;
	}
	return true;
}

static bool parse_rule(struct bench_policy *policy, char **rest)
{
	struct bench_rule rule = {.action = (uint32_t)next_number(rest)};
	const char *name = (next_word(rest), next_word(rest));

	if (!name || strlen(name) >= sizeof(rule.name))
		return false;
	strcpy(rule.name, name);
	rule.count = (unsigned)next_number(rest);
	if (rule.count > BENCH_CONDITIONS_MAX)
		return false;
	for (unsigned i = 0; i < rule.count; i++) {
		struct scmp_arg_cmp *condition = &rule.conditions[i];
		condition->arg = (unsigned)next_number(rest);
		condition->op = (enum scmp_compare)next_number(rest);
		condition->datum_a = next_number(rest);
		condition->datum_b = next_number(rest);
	}
	return vec_push(&policy->rules, rule);
}

static bool parse_line(struct bench_policy *policy, char *line)
{
	char *rest = NULL;
	const char *kind = strtok_r(line, " \t", &rest);

	if (!kind || *kind == '#')
		return true;
	if (strcmp(kind, "arch") == 0)
		return parse_archs(policy, &rest);
	if (strcmp(kind, "rule") == 0)
		return parse_rule(policy, &rest);
	policy->default_action = (uint32_t)next_number(&rest);
	return strcmp(kind, "default") == 0;
}

bool bench_policy_parse(struct bench_policy *policy, const char *name, const char *text)
{
	char *copy = strdup(text), *rest = NULL;
	bool usable = copy != NULL;
	unsigned number = 0;

	*policy = (struct bench_policy){.default_action = SCMP_ACT_KILL_PROCESS};
	snprintf(policy->name, sizeof(policy->name), "%s", name);
	for (char *line = copy ? strtok_r(copy, "\n", &rest) : NULL; line && usable;
	     line = strtok_r(NULL, "\n", &rest), number++)
		usable = parse_line(policy, line);
	if (!usable)
		cli_error("%s: line %u of the policy is not understood", name, number);
	free(copy);
	return usable;
}

bool bench_policy_read(struct bench_policy *policy, const char *path)
{
	FILE *file = fopen(path, "re");
	const char *slash = strrchr(path, '/');
	char *text = NULL;
	size_t room = 0;

	ssize_t length = file ? getdelim(&text, &room, '\0', file) : -1;
	if (file)
		fclose(file);
	if (length < 0)
		cli_error("%s: cannot be read", path);
	bool usable = length >= 0 && bench_policy_parse(policy, slash ? slash + 1 : path, text);
	free(text);
	return usable;
}

void bench_policy_finish(struct bench_policy *policy)
{
	vec_finish(&policy->rules);
}
