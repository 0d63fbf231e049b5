/*
 * What a filter does with calls, for people: conditions in words, places, costs, and the decisions of its program. All
 * texts are in the arena of struct explaining.
 *
 *	struct explaining explaining = {0};
 *	bool done = explain_start(&explaining, &filter) && explain_call(&explaining, arch, "socket", &call);
 *	...
 *	explain_finish(&explaining);
 */
#ifndef CALLGATE_CLI_EXPLAIN_H
#define CALLGATE_CLI_EXPLAIN_H

#include <callgate/action.h>
#include <callgate/arch.h>
#include <callgate/syscall.h>

#include "cli/filter_file.h"
#include "cli/print.h"

struct explaining {
	const struct filter *filter;
	struct callgate_filter question;
	struct callgate_simulator *simulator;
	struct arena arena;
	bool out_of_memory;
};

/* A condition with one answer. The next case is for calls that no case before it is for. */
struct explained_case {
	uint32_t action;
	const char *condition; /* "if family in {AF_UNIX, AF_INET}"; "otherwise"; "": whatever the arguments are */
	const char *place;     /* "p.json:4, 6"; "the default, p.json:1"; "the program" */
	const char *lines;     /* the same without the file: "4, 6"; "the default, line 1" */
	const char *rest;      /* "the default", where no rule decides; else NULL */
	unsigned int line;     /* the first one; 0: there is none */
};

enum explained_kind { EXPLAINED_ALLOWED, EXPLAINED_DENIED, EXPLAINED_CONDITIONAL };

/* ---- the decisions of a program about one call ---- */

struct graph_edge {
	int node;        /* -1: the answer is `action` */
	uint32_t action; /* of a computed answer, 0 */
	size_t cost;     /* instructions from after the last decision to this one, or to the answer */
};

/* A jump that calls of this number leave on both sides. */
struct graph_node {
	size_t instruction;
	const char *question; /* "family == AF_UNIX" */
	struct graph_edge yes, no;
	size_t least, most; /* instructions from here to an answer, this one included */
};

/*
 * Of a stack of programs, the one with the most decisions; `least` and `most` are of all. Nodes are in the order of the
 * program.
 */
struct decision_graph {
	struct graph_edge start;
	ARENA_VEC(struct graph_node) nodes;
	size_t least, most;
};

struct explained_call {
	const struct callgate_arch *arch;
	const char *name;
	int32_t nr;
	enum explained_kind kind;
	ARENA_VEC(struct explained_case) cases;
	bool is_complete; /* the prover has found which cases there are */
	bool from_bitmap;
	char since[CALLGATE_SINCE_TEXT]; /* "5.6": the first Linux that has it; "": not known */
	struct decision_graph graph;
};

/* False after a message was printed. */
bool explain_start(struct explaining *explaining, const struct filter *filter);
void explain_finish(struct explaining *explaining);

/* Is the filter for this architecture? A program is for the one that the command line says. */
bool explain_has_arch(const struct explaining *explaining, const struct callgate_arch *arch,
                      const struct environment *environment);

/* What the filter does with a call that the architecture has. False after a message was printed. */
bool explain_call(struct explaining *explaining, const struct callgate_arch *arch, const char *name,
                  struct explained_call *ret_call);

/* ---- words, explain_words.c ---- */

enum { EXPLAINED_VALUE = 200 };

/* The bits of an argument that the kernel reads. */
uint64_t explain_read_mask(const struct callgate_arch *arch, const char *call, unsigned argument);

/*
 * A value as callgate_decode_argument() has it, and false if that is a number only. What the kernel does not read has
 * no name.
 */
bool explain_value(const struct callgate_arch *arch, const char *call, unsigned argument, uint64_t value,
                   char words[EXPLAINED_VALUE]);

void explain_name(struct strbuf *text, const struct callgate_arch *arch, const char *call, unsigned argument);

/* A rule's comparison in the form of a condition. */
struct callgate_condition explain_comparison(const struct scmp_arg_cmp *c, const struct callgate_arch *arch);

/* "argument 0 == 0x1" in words: "family == AF_UNIX". */
void explain_condition(struct strbuf *text, const struct callgate_arch *arch, const char *call,
                       const struct callgate_condition *condition);

/* ---- graphs, explain_graph.c ---- */

/* How often the edges of the simulator's programs were taken so far, in its order; NULL: no memory. */
const unsigned long *graph_hits(struct explaining *explaining);

/* Of the edges that were taken since `before`. False: no memory. */
bool graph_make(struct explaining *explaining, const unsigned long *before, struct explained_call *call);

void graph_print_dot(FILE *out, const struct explained_call *call);

/* As a picture of the page, explain_picture.c; without decisions, none. */
void graph_print_html(FILE *out, const struct explained_call *call);

/* ---- all that is explained of a filter; cmd_explain.c, and its page, explain_page.c ---- */

struct callgate_bypass;

struct explanation {
	struct explaining explaining;
	ARENA_VEC(struct explained_call) calls; /* by architecture, in the order of names */
	/* From an older filter (first) to this one (second); NULL: none is given. */
	struct callgate_comparison *changes;
	unsigned counts[3]; /* of calls, by enum explained_kind */
	unsigned kinds;     /* bit of each kind that is asked for */
	const char *only;   /* the call that is asked about; others are ways to its effect. NULL: all are */
};

enum explained_change { EXPLAINED_SAME, EXPLAINED_MORE, EXPLAINED_LESS, EXPLAINED_OTHER };

/* Is the call to be shown? */
bool explanation_shows(const struct explanation *x, const struct explained_call *call);

/* What has changed of a call, and the difference that shows it; NULL: nothing. */
enum explained_change explanation_change(const struct explanation *x, const struct explained_call *call,
                                         const struct callgate_difference **ret_difference);

/* ---- other ways to the same effect, explain_ways.c ---- */

enum { EXPLAINED_WAY = 160 };

struct explained_way {
	const struct callgate_bypass *row;
	const struct explained_call *call; /* what has to pass: the way, or io_uring_setup(2), if that is denied */
	enum explained_kind kind;          /* of the calls that the row is about, which may be some of that name */
};

/* The next way from *index on that the architecture has; false after the last. */
bool explanation_way(const struct explanation *x, const struct explained_call *call, size_t *index,
                     struct explained_way *ret_way);

/* Is a call of this name one of the ways of `only`? */
bool explanation_needs(const char *only, const char *name);

/* Which calls of the way's name: "(IORING_OP_OPENAT)", "(cmd == F_DUPFD)"; "": all. */
void explained_way_words(const struct callgate_bypass *row, char text[EXPLAINED_WAY]);

/* Is the call made, whatever else happens? */
bool explained_is_allowed(uint32_t action);
const char *explained_word(enum explained_kind kind); /* "allowed" */

/* "EPERM" for "ERRNO(EPERM)": pages have little room. */
void explained_short_action(uint32_t action, char text[CALLGATE_ACTION_TEXT]);

void explanation_print_cost(FILE *out, const struct explained_call *call);

/* In explain_formats.c and explain_page.c. */
void explanation_print_words(FILE *out, const struct explanation *x);
void explanation_print_json(FILE *out, const struct explanation *x);
void explanation_print_markdown(FILE *out, const struct explanation *x);
void explanation_print_page(FILE *out, const struct explanation *x);

#endif
