/* Coverage as text. */
#include <stdio.h>

#include "cli/coverage.h"

unsigned int coverage_permille(const struct coverage_total *total)
{
	return total->all ? (unsigned int)(total->hit * 1000 / total->all) : 1000;
}

static void print_total(FILE *out, const char *prefix, const char *what, const struct coverage_total *total)
{
	unsigned int permille = coverage_permille(total);

	fprintf(out, "%s  %s: %zu of %zu (%u.%u%%)\n", prefix, what, total->hit, total->all, permille / 10,
	        permille % 10);
}

/* Architectures only where the rule was exercised on others. */
static void print_archs(const struct coverage_rule *rule, FILE *out)
{
	size_t missed = 0;

	if (rule->place_count == 1 && !rule->id)
		return;
	for (size_t i = 0; i < rule->place_count; i++)
		if (!rule->places[i].hits)
			fprintf(out, "%s%s", missed++ ? ", " : " on ",
			        coverage_arch_name(rule->places[i].arch));
}

static void print_rule(const struct coverage *coverage, const struct coverage_rule *rule, FILE *out,
                       const char *prefix)
{
	char action[CALLGATE_ACTION_TEXT];
	bool missed = false;

	for (size_t i = 0; i < rule->place_count; i++)
		missed = missed || !rule->places[i].hits;
	if (!missed)
		return;
	callgate_action_text(rule->action, action);
	fprintf(out, "%s  %s:", prefix, coverage_filter(coverage)->path);
	if (rule->line)
		fprintf(out, "%u:%u:", rule->line, rule->column);
	fprintf(out, " not exercised: %s%s%s -> %s", rule->name, *rule->conditions ? " if " : "",
	        rule->conditions, action);
	print_archs(rule, out);
	fputc('\n', out);
}

static void print_edge(const struct coverage_edge *edge, bool stacked, FILE *out, const char *prefix)
{
	if (edge->edge.hits)
		return;
	fprintf(out, "%s  ", prefix);
	if (stacked)
		fprintf(out, "program %zu, ", edge->edge.program);
	fprintf(out, "instruction %zu: not exercised: %s", edge->edge.instruction, edge->text);
	fprintf(out, *edge->example ? ", as %s can come to\n" : "%s\n", edge->example);
}

void coverage_print(const struct coverage *coverage, FILE *out, const char *prefix)
{
	bool stacked = callgate_simulator_program(coverage->simulator, 1) != NULL;

	fprintf(out, "%scoverage of %s by %s\n", prefix, coverage_filter(coverage)->path,
	        coverage->source->path);
	for (size_t i = 0; i < coverage->rule_count; i++)
		print_rule(coverage, &coverage->rules[i], out, prefix);
	for (size_t i = 0; i < coverage->edge_count; i++)
		print_edge(&coverage->edges[i], stacked, out, prefix);
	if (coverage_has_rules(coverage))
		print_total(out, prefix, "rules", &coverage->rules_total);
	print_total(out, prefix, "edges", &coverage->edges_total);
}
