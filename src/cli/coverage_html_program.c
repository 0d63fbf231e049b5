/* The listings of the programs. */
#include <stdlib.h>
#include <string.h>

#include "cli/coverage_html_private.h"

enum { OPEN_MAX = 300 /* instructions; longer listings are folded */ };

/* An edge's cell: how often it was taken, and what held there. */
static void edge_cell(struct strbuf *out, const struct coverage_edge *edge)
{
	strbuf_printf(out, "<td class=\"edge %s\"><b>%lu</b> ", edge->edge.hits ? "hit" : "miss",
	              edge->edge.hits);
	html_text(out, edge->text);
	if (!edge->edge.hits && *edge->example) {
		strbuf_append(out, "<span class=\"if\">as ");
		html_text(out, edge->example);
		strbuf_append(out, " can come to</span>");
	}
	strbuf_append(out, "</td>");
}

void html_missed_edges(struct strbuf *out, const struct coverage *coverage)
{
	bool stacked = callgate_simulator_program(coverage->simulator, 1) != NULL;

	if (coverage->edges_total.hit == coverage->edges_total.all)
		return;
	strbuf_append(
	    out, "<p>Edges of the program that no test took, by instruction:</p>\n<ul class=\"edges\">\n");
	for (size_t i = 0; i < coverage->edge_count; i++) {
		const struct coverage_edge *edge = &coverage->edges[i];
		if (edge->edge.hits)
			continue;
		strbuf_append(out, "<li><span class=\"place\">");
		if (stacked)
			strbuf_printf(out, "%zu:", edge->edge.program);
		strbuf_printf(out, "%zu</span> <code>", edge->edge.instruction);
		html_text(out, edge->text);
		strbuf_append(out, "</code>");
		if (*edge->example) {
			strbuf_append(out, " <span class=\"aside\">as ");
			html_text(out, edge->example);
			strbuf_append(out, " can come to</span>");
		}
		strbuf_append(out, "</li>\n");
	}
	strbuf_append(out, "</ul>\n");
}

/* A line of the disassembly, "  14: 06   0   0 0x7fff0000  return ALLOW": where it is, and what it says. */
static void instruction(struct strbuf *out, char *line, size_t index)
{
	size_t length = strlen(line), start = 0;

	/* The words begin behind the constant, which is eight digits. */
	char *constant = strstr(line, "0x");
	if (constant && (size_t)(constant - line) + 12 <= length)
		start = (size_t)(constant - line) + 12;
	strbuf_printf(out, "<td class=\"place\">%zu</td><td><code>", index);
	html_text(out, line + start);
	strbuf_append(out, "</code></td>");
}

static void listing(struct strbuf *out, const struct coverage *coverage, size_t program, char *text)
{
	char *rest = NULL, *line = strtok_r(text, "\n", &rest);
	size_t edge = 0;

	while (edge < coverage->edge_count && coverage->edges[edge].edge.program < program)
		edge++;
	for (size_t index = 0; line; index++, line = strtok_r(NULL, "\n", &rest)) {
		const struct coverage_edge *sides = &coverage->edges[edge];
		bool branches = edge + 1 < coverage->edge_count && sides->edge.program == program &&
		                sides->edge.instruction == index;
		bool missed = branches && (!sides[0].edge.hits || !sides[1].edge.hits);
		strbuf_append(out, missed ? "<tr class=\"miss\">" : "<tr>");
		instruction(out, line, index);
		if (branches) {
			edge_cell(out, &sides[0]);
			edge_cell(out, &sides[1]);
			edge += 2;
		} else {
			strbuf_append(out, "<td></td><td></td>");
		}
		strbuf_append(out, "</tr>\n");
	}
}

void html_programs(struct strbuf *out, const struct coverage *coverage)
{
	const struct callgate_program *program;

	for (size_t i = 0; (program = callgate_simulator_program(coverage->simulator, i)); i++) {
		size_t length = callgate_program_length(program);
		char *text = callgate_program_disassemble(program);
		if (!text) {
			out->failed = true;
			return;
		}
		strbuf_printf(
		    out,
		    "<h3>Program</h3>\n<details%s><summary>%zu instructions: for each comparison how often "
		    "calls "
		    "of the tests went on either way</summary>\n<table class=\"program\"><thead><tr><th></th>"
		    "<th>Instruction</th><th>If so</th><th>Else</th></tr></thead><tbody>\n",
		    length <= OPEN_MAX ? " open" : "", length);
		listing(out, coverage, i, text);
		strbuf_append(out, "</tbody></table></details>\n");
		free(text);
	}
}
