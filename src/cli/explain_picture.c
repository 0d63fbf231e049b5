/*
 * The decisions of a program about one call as a picture: a layered graph. A decision stands one row below the lowest
 * that leads to it, and each answer below the decision that gives it; an edge over several rows has a bend in each
 * between. Within a row, vertices are exchanged while that leaves fewer crossings, and then moved towards what they are
 * linked with.
 */
#include <assert.h>
#include <limits.h>
#include <string.h>

#include <callgate/action.h>

#include "base/strbuf.h"
#include "cli/explain.h"

enum { DECISIONS_MOST = 80, ROW = 92, BOX = 38, PILL = 26, CHARACTER = 8, GAP = 22, MARGIN = 10, ROUNDS = 24 };

#define PUT(...) html_put(out, __VA_ARGS__)

struct vertex {
	const char *question; /* NULL: an answer, or a bend */
	bool is_answer;
	uint32_t action;
	size_t row, order; /* within the row, from the left */
	long x, width;     /* of its middle */
	size_t below[2], below_count;
	ARENA_VEC(size_t) above;
};

/* From a decision to where it leads, through bends. */
struct way {
	bool is_yes;
	ARENA_VEC(size_t) vertices;
};

struct picture {
	struct arena arena;
	const struct decision_graph *graph;
	ARENA_VEC(struct vertex) vertices;
	ARENA_VEC(struct way) ways;
	ARENA_VEC(size_t) rows[DECISIONS_MOST + 1]; /* vertices from the left */
	size_t row_of[DECISIONS_MOST], vertex_of[DECISIONS_MOST];
	bool out_of_memory;
};

enum { NO_VERTEX = INT_MAX };

/* Wide enough for the words of its edges, too. */
static long decision_width(const char *question)
{
	const long width = (long)strlen(question) * CHARACTER + 24;

	return width > 104 ? width : 104;
}

/* ---- rows ---- */

static void lower(struct picture *p, size_t node, const struct graph_edge *edge)
{
	if (edge->node >= 0 && p->row_of[edge->node] <= p->row_of[node])
		p->row_of[edge->node] = p->row_of[node] + 1;
}

/* Programs only go forward, so that all that leads to a decision comes before it. */
static void find_rows(struct picture *p)
{
	for (size_t i = 0; i < p->graph->nodes.count; i++) {
		p->vertex_of[i] = NO_VERTEX;
		lower(p, i, &p->graph->nodes.items[i].yes);
		lower(p, i, &p->graph->nodes.items[i].no);
	}
}

/* Its index; 0 where memory is out. */
static size_t add_vertex(struct picture *p, struct vertex vertex)
{
	const size_t index = p->vertices.count;

	assert(vertex.row <= DECISIONS_MOST);
	vertex.order = p->rows[vertex.row].count;
	if (vec_reserve_in(&p->vertices, &p->arena, 1) && vec_push_in(&p->rows[vertex.row], &p->arena, index)) {
		vec_push_in(&p->vertices, &p->arena, vertex);
		return index;
	}
	p->out_of_memory = true;
	return 0;
}

static void link_to(struct picture *p, struct way *way, size_t to)
{
	const size_t from = way->vertices.items[way->vertices.count - 1];
	struct vertex *above = &p->vertices.items[from], *below = &p->vertices.items[to];

	if (!p->out_of_memory && vec_push_in(&way->vertices, &p->arena, to) &&
	    vec_push_in(&below->above, &p->arena, from))
		above->below[above->below_count++] = to;
	else
		p->out_of_memory = true;
}

static size_t add_answer(struct picture *p, uint32_t action, size_t row)
{
	char text[CALLGATE_ACTION_TEXT];

	explained_short_action(action, text);
	return add_vertex(
	    p, (struct vertex){
	           .is_answer = true, .action = action, .row = row, .width = (long)strlen(text) * CHARACTER + 20});
}

static void add_ways(struct picture *p, size_t node);

static void add_way(struct picture *p, size_t node, const struct graph_edge *edge, bool is_yes)
{
	const size_t from = p->vertex_of[node], row = p->row_of[node] + 1;
	const bool is_new = edge->node >= 0 && p->vertex_of[edge->node] == NO_VERTEX;
	struct way way = {.is_yes = is_yes};

	if (p->out_of_memory || !vec_push_in(&way.vertices, &p->arena, from)) {
		p->out_of_memory = true;
		return;
	}
	for (size_t bend = row; edge->node >= 0 && bend < p->row_of[edge->node]; bend++)
		link_to(p, &way, add_vertex(p, (struct vertex){.row = bend}));
	if (is_new) {
		const char *question = p->graph->nodes.items[edge->node].question;
		p->vertex_of[edge->node] = add_vertex(p, (struct vertex){.question = question,
		                                                         .row = p->row_of[edge->node],
		                                                         .width = decision_width(question)});
	}
	link_to(p, &way, edge->node < 0 ? add_answer(p, edge->action, row) : p->vertex_of[edge->node]);
	p->out_of_memory |= !vec_push_in(&p->ways, &p->arena, way);
	if (is_new)
		add_ways(p, (size_t)edge->node);
}

/* What a decision leads to comes before what its neighbour leads to, so that trees have no crossings from the start. */
static void add_ways(struct picture *p, size_t node)
{
	add_way(p, node, &p->graph->nodes.items[node].yes, true);
	add_way(p, node, &p->graph->nodes.items[node].no, false);
}

/* ---- the order within rows ---- */

static size_t count_pairs(const struct picture *p, const size_t *left, size_t left_count, const size_t *right,
                          size_t right_count)
{
	size_t count = 0;

	for (size_t i = 0; i < left_count; i++)
		for (size_t j = 0; j < right_count; j++)
			count += p->vertices.items[left[i]].order > p->vertices.items[right[j]].order;
	return count;
}

/* Of the links of two neighbours. */
static size_t count_crossings(const struct picture *p, size_t left, size_t right)
{
	const struct vertex *a = &p->vertices.items[left], *b = &p->vertices.items[right];

	return count_pairs(p, a->above.items, a->above.count, b->above.items, b->above.count) +
	       count_pairs(p, a->below, a->below_count, b->below, b->below_count);
}

static bool exchange(struct picture *p, size_t row)
{
	size_t *items = p->rows[row].items;
	bool any = false;

	for (size_t i = 0; i + 1 < p->rows[row].count; i++) {
		const size_t left = items[i], right = items[i + 1];
		if (count_crossings(p, left, right) <= count_crossings(p, right, left))
			continue;
		items[i] = right;
		items[i + 1] = left;
		p->vertices.items[right].order = i;
		p->vertices.items[left].order = i + 1;
		any = true;
	}
	return any;
}

static void order_rows(struct picture *p)
{
	bool any = true;

	for (size_t round = 0; any && round < ROUNDS; round++) {
		any = false;
		for (size_t row = 0; row <= DECISIONS_MOST; row++)
			any |= exchange(p, row);
	}
}

/* ---- places ---- */

static long mean(const struct picture *p, const size_t *vertices, size_t count, long otherwise)
{
	long sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += p->vertices.items[vertices[i]].x;
	return count ? sum / (long)count : otherwise;
}

static long distance(const struct vertex *left, const struct vertex *right)
{
	return (left->width + right->width) / 2 + GAP;
}

/*
 * Each is moved to the middle of its neighbours above or below: as far as those on its left let it, and those on its
 * right; between the two.
 */
static void place_row(struct picture *p, size_t row, bool by_above)
{
	const size_t count = p->rows[row].count;
	long *from_left = ARENA_ARRAY(&p->arena, long, count);

	if (!from_left) {
		p->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct vertex *v = &p->vertices.items[p->rows[row].items[i]];
		v->x =
		    by_above ? mean(p, v->above.items, v->above.count, v->x) : mean(p, v->below, v->below_count, v->x);
		from_left[i] = v->x;
		if (i > 0) {
			const long least =
			    from_left[i - 1] + distance(&p->vertices.items[p->rows[row].items[i - 1]], v);
			from_left[i] = from_left[i] > least ? from_left[i] : least;
		}
	}
	for (size_t i = count; i-- > 0;) {
		struct vertex *v = &p->vertices.items[p->rows[row].items[i]];
		if (i + 1 < count) {
			const struct vertex *right = &p->vertices.items[p->rows[row].items[i + 1]];
			const long most = right->x - distance(v, right);
			v->x = v->x < most ? v->x : most;
		}
	}
	for (size_t i = 0; i < count; i++) {
		struct vertex *v = &p->vertices.items[p->rows[row].items[i]];
		v->x = (v->x + from_left[i]) / 2;
	}
}

/* Parents are moved last, over their children. Returns the width of all. */
static long place(struct picture *p)
{
	long least = LONG_MAX, most = 0;

	for (int round = 0; round < ROUNDS && !p->out_of_memory; round++)
		for (size_t row = 0; row <= DECISIONS_MOST && !p->out_of_memory; row++)
			place_row(p, round % 2 ? DECISIONS_MOST - row : row, round % 2 == 0);
	for (size_t i = 0; i < p->vertices.count; i++) {
		const struct vertex *v = &p->vertices.items[i];
		least = v->x - v->width / 2 < least ? v->x - v->width / 2 : least;
	}
	for (size_t i = 0; i < p->vertices.count; i++) {
		struct vertex *v = &p->vertices.items[i];
		v->x += MARGIN - least;
		most = v->x + v->width / 2 > most ? v->x + v->width / 2 : most;
	}
	return most + MARGIN;
}

/* ---- drawing ---- */

static unsigned long middle_of(const struct vertex *v)
{
	return MARGIN + v->row * ROW + BOX / 2;
}

static unsigned long half_height(const struct vertex *v)
{
	return (v->is_answer ? PILL : BOX) / 2;
}

/* An edge leaves a box on the side to which it goes; its word is on the other side of it. */
static void put_way(FILE *out, const struct picture *p, const struct way *way)
{
	const struct vertex *from = &p->vertices.items[way->vertices.items[0]], *to = from;
	const size_t next = way->vertices.items[1], other = from->below[from->below[0] == next];
	const bool is_left = p->vertices.items[next].order < p->vertices.items[other].order;
	const long x = from->x + (is_left ? -1 : 1) * from->width / 4;
	const unsigned long y = middle_of(from) + half_height(from);
	const char *word = way->is_yes ? "yes" : "no";
	struct strbuf line = {0};
	unsigned long at_y = y;
	long at_x = x;

	strbuf_printf(&line, "M%ld %lu", x, y);
	for (size_t i = 1; i < way->vertices.count; i++) {
		to = &p->vertices.items[way->vertices.items[i]];
		const unsigned long top = middle_of(to) - half_height(to);
		strbuf_printf(&line, "C%ld %lu %ld %lu %ld %lu", at_x, at_y + (top - at_y) / 2, to->x,
		              top - (top - at_y) / 2, to->x, top);
		at_x = to->x;
		at_y = top + (i + 1 < way->vertices.count ? BOX : 0);
		if (i + 1 < way->vertices.count)
			strbuf_printf(&line, "V%lu", at_y);
	}
	PUT("graph-way", TEXT("class", word), TEXT("line", text_of(&line, "")), NUMBER("x", (unsigned long)at_x),
	    NUMBER("y", at_y), NUMBER("label-x", (unsigned long)(is_left ? x + 6 : x - 6)), NUMBER("label-y", y + 14),
	    TEXT("anchor", is_left ? "start" : "end"));
	strbuf_finish(&line);
}

static void put_vertex(FILE *out, const struct vertex *v)
{
	const unsigned long left = (unsigned long)(v->x - v->width / 2), y = middle_of(v);
	char action[CALLGATE_ACTION_TEXT];

	if (v->question) {
		PUT("graph-decision", NUMBER("left", left), NUMBER("top", y - BOX / 2),
		    NUMBER("width", (unsigned long)v->width), NUMBER("x", (unsigned long)v->x), NUMBER("y", y + 5),
		    TEXT("question", v->question));
	} else if (v->is_answer) {
		explained_short_action(v->action, action);
		PUT("graph-answer", TEXT("class", html_action_class(v->action)), NUMBER("left", left),
		    NUMBER("top", y - PILL / 2), NUMBER("width", (unsigned long)v->width),
		    NUMBER("x", (unsigned long)v->x), NUMBER("y", y + 5), TEXT("action", action));
	}
}

static void put_picture(FILE *out, const struct picture *p, const struct explained_call *call, long width)
{
	size_t rows = 0;

	while (rows <= DECISIONS_MOST && p->rows[rows].count > 0)
		rows++;
	PUT("graph", NUMBER("count", p->graph->nodes.count), TEXT("call", call->name), TEXT("arch", call->arch->name),
	    NUMBER("width", (unsigned long)width), NUMBER("height", 2 * MARGIN + (rows - 1) * ROW + BOX));
	for (size_t i = 0; i < p->ways.count; i++)
		put_way(out, p, &p->ways.items[i]);
	for (size_t i = 0; i < p->vertices.count; i++)
		put_vertex(out, &p->vertices.items[i]);
	PUT("graph-end");
}

void graph_print_html(FILE *out, const struct explained_call *call)
{
	struct picture p = {.graph = &call->graph};
	const size_t count = call->graph.nodes.count;

	if (count > DECISIONS_MOST)
		PUT("graph-large", NUMBER("count", count), TEXT("call", call->name));
	if (count == 0 || count > DECISIONS_MOST)
		return;
	const char *question = call->graph.nodes.items[0].question;
	find_rows(&p);
	p.vertex_of[0] = add_vertex(&p, (struct vertex){.question = question, .width = decision_width(question)});
	add_ways(&p, 0);
	order_rows(&p);
	const long width = place(&p);
	if (p.out_of_memory)
		cli_error("out of memory: a picture of %s is missing", call->name);
	else
		put_picture(out, &p, call, width);
	arena_finish(&p.arena);
}
