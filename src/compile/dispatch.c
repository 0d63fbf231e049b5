/* The first pass: switches on the architecture, then on the number, then the rules of each call. */
#include "compile/expansion.h"
#include "compile/pass.h"

enum { USUAL_NODES = 24, USUAL_EDGES = 16 };

/* What is known of the numbers of one edge of a slice's switch. */
struct known_edge {
	uint32_t uniform;  /* how many calls exist there */
	uint32_t prior;    /* how often they are made in ordinary work */
	uint32_t priority; /* what the user said */
	bool wanted;       /* has rules, or is allowed: the program may be expected to make these calls */
	bool cached;       /* is allowed whatever the arguments, so that the kernel asks once */
};

/* SCMP_FLTATR_CTL_OPTIMIZE asks for a tree by number, in which no call is nearer because it is frequent. */
enum { OPTIMIZE_BALANCED = 2 };

/*
 * Views of what is likely. Programs differ, so no single view can be right: what exists, what is called, what the
 * kernel can't answer by itself, what is turned away.
 */
enum {
	VIEW_CALLS,    /* every call that exists is as likely */
	VIEW_USE,      /* as measured, among the calls that the policy expects */
	VIEW_UNCACHED, /* as measured, among those for which the kernel runs the filter */
	VIEW_DENIED,   /* every call that the policy does not expect is as likely */
	VIEW_PRIORITY, /* as the user says, where the user says something */
	VIEWS,
};

/* How much each view counts. Found by search over profiles; docs/performance.md has the alternatives. */
static const uint16_t view_factors[VIEWS] = {58, 61, 28, 21, 72};
enum { VIEWS_UNIT = PASS_WEIGHTS / (58 + 61 + 28 + 21) }; /* a priority comes on top */

/* Adding one to what is not cached makes calls count that ordinary work does not make. */
static void view(const struct known_edge *known, bool with_use, uint64_t ret_views[VIEWS])
{
	bool used = with_use && known->wanted;

	ret_views[VIEW_CALLS] = known->uniform;
	ret_views[VIEW_USE] = used ? known->prior : 0;
	ret_views[VIEW_UNCACHED] = used && !known->cached ? known->prior + UINT64_C(1) : 0;
	ret_views[VIEW_DENIED] = known->wanted ? 0 : known->uniform;
	ret_views[VIEW_PRIORITY] = known->priority;
}

/* Sets the weights of `count` edges of which `known` is known. */
static void assign_weights(const struct known_edge *known, size_t count, uint32_t optimize, struct graph_edge *edges)
{
	bool with_use = optimize != OPTIMIZE_BALANCED;
	uint64_t views[VIEWS], units[VIEWS] = {0}; /* what one of a view weighs, as a fraction of 2^16 */

	for (size_t i = 0; i < count; i++) {
		view(&known[i], with_use, views);
		for (int j = 0; j < VIEWS; j++)
			units[j] += views[j];
	}
	for (int j = 0; j < VIEWS; j++)
		units[j] = units[j] ? ((uint64_t)view_factors[j] * VIEWS_UNIT << 16) / units[j] : 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t weight = 0;
		view(&known[i], with_use, views);
		for (int j = 0; j < VIEWS; j++)
			weight += units[j] * views[j];
		edges[i].weight = 1 + (uint32_t)(weight >> 16);
	}
}

/* An architecture of a slice, and how far its system calls have been looked at. */
struct member {
	const struct policy_arch *arch;
	const struct policy_syscall *next, *end;
};

/* The architectures of the policy that share an audit value, and what their switch on the number is made of. */
struct slice {
	struct expansion expansion;
	const struct policy *policy;
	const struct cube *fallback; /* the default action, as a rule */
	struct member *members;
	size_t member_count;
	ARENA_VEC(struct graph_edge) edges;
	ARENA_VEC(struct known_edge) known;   /* of each edge */
	ARENA_VEC(const struct cube *) cubes; /* of the number at hand */
};

static bool is_alike(const struct known_edge *a, const struct known_edge *b)
{
	return a->wanted == b->wanted && a->cached == b->cached && a->priority == b->priority;
}

/* Numbers from `first` on lead to `child`; no edge is added where the one before is the same in every respect. */
static bool add_edge(struct slice *slice, uint32_t first, struct graph_id child, bool has_rules, uint32_t priority)
{
	const struct graph_node *node = graph_at(slice->expansion.graph, child);
	bool allowed = node->kind == GRAPH_LEAF && node->value == SECCOMP_RET_ALLOW;
	struct known_edge known = {.wanted = has_rules || allowed, .cached = allowed, .priority = priority};
	size_t count = slice->edges.count;

	if (count && graph_same(slice->edges.items[count - 1].child, child) &&
	    is_alike(&slice->known.items[count - 1], &known))
		return true;
	if (!vec_push_in(&slice->edges, slice->expansion.arena, ((struct graph_edge){first, child, 1})) ||
	    !vec_push_in(&slice->known, slice->expansion.arena, known))
		slice->expansion.graph->failed = true;
	return !slice->expansion.graph->failed;
}

/* The smallest number at or above `first` that some architecture of the slice has rules for; false if there is none. */
static bool find_next(struct slice *slice, uint32_t first, uint32_t *ret_nr)
{
	bool found = false;

	for (size_t i = 0; i < slice->member_count; i++) {
		struct member *member = &slice->members[i];
		while (member->next < member->end && (member->next->nr < first || !member->next->rule_count))
			member->next++;
		if (member->next < member->end && (!found || member->next->nr < *ret_nr)) {
			*ret_nr = member->next->nr;
			found = true;
		}
	}
	return found;
}

static bool collect(struct slice *slice, const struct policy_syscall *syscall, const struct callgate_arch *arch)
{
	struct cube_set *cubes = &slice->expansion.cubes;

	for (uint32_t i = 0; i < syscall->rule_count; i++) {
		const struct policy_rule *rule = &syscall->rules[i];
		uint32_t count;
		const struct literal *literals = cube_literals(cubes, rule, arch, &count);
		struct graph_id target = graph_leaf(slice->expansion.graph, rule->action);
		const struct cube *cube = literals ? cube_make(cubes, target, literals, count) : NULL;
		if (cube && !vec_push_in(&slice->cubes, slice->expansion.arena, cube))
			return false;
		if (cube && cube->count == 0)
			break;
	}
	return !cubes->failed;
}

/* Most calls are decided by their number alone, and then no rule has to be taken apart. */
static bool is_unconditional(const struct policy_syscall *syscall)
{
	return syscall->rules[0].condition_count == 0;
}

/* The graph of the rules for a number: every architecture's of the slice, one after the other. */
static struct graph_id number_graph(struct slice *slice, uint32_t nr, uint32_t *ret_priority)
{
	bool complete = true;

	*ret_priority = 0;
	slice->cubes.count = 0;
	for (size_t i = 0; i < slice->member_count; i++) {
		const struct policy_syscall *syscall = slice->members[i].next;
		if (syscall == slice->members[i].end || syscall->nr != nr)
			continue;
		if (syscall->priority > *ret_priority)
			*ret_priority = syscall->priority;
		if (slice->cubes.count == 0 && is_unconditional(syscall))
			return graph_leaf(slice->expansion.graph, syscall->rules[0].action);
		complete = collect(slice, syscall, slice->members[i].arch->arch) && complete;
	}
	if (!complete || !vec_push_in(&slice->cubes, slice->expansion.arena, slice->fallback)) {
		slice->expansion.graph->failed = true;
		return (struct graph_id){0};
	}
	return expansion_graph(&slice->expansion, slice->cubes.items, slice->cubes.count);
}

/* The verdict on a number for which there are no rules. */
static uint32_t base_action(const struct slice *slice, uint32_t nr, bool *ret_covered)
{
	uint32_t action = slice->policy->bad_arch_action;

	*ret_covered = nr == UINT32_MAX;
	for (size_t i = 0; i < slice->member_count; i++) {
		const struct callgate_arch *arch = slice->members[i].arch->arch;
		*ret_covered |= arch->nr_first <= nr && nr <= arch->nr_last;
	}
	if (*ret_covered)
		action = slice->policy->default_action;
	for (size_t i = slice->member_count; i-- > 0;)
		if (policy_nr_is_unknown(slice->members[i].arch, nr))
			action = slice->members[i].arch->unknown_action;
	return action;
}

static void approach(uint32_t *last, uint32_t nr, uint32_t first)
{
	if (nr < first && first - 1 < *last)
		*last = first - 1;
}

/* The last number up to which the base action is that of nr. */
static uint32_t base_last(const struct slice *slice, uint32_t nr)
{
	uint32_t last = UINT32_MAX;

	approach(&last, nr, UINT32_MAX);
	for (size_t i = 0; i < slice->member_count; i++) {
		const struct policy_arch *arch = slice->members[i].arch;
		approach(&last, nr, arch->arch->nr_first);
		approach(&last, nr, arch->arch->nr_last + 1);
		approach(&last, nr, arch->unknown_first);
	}
	return last;
}

/* Adds the covered numbers [first, last]. A number without rules has the base action. */
static void add_covered(struct slice *slice, uint32_t first, uint32_t last, struct graph_id base)
{
	uint32_t nr = first;

	while (find_next(slice, first, &nr) && nr <= last) {
		uint32_t priority;
		if (nr > first && !add_edge(slice, first, base, false, 0))
			return;
		struct graph_id id = number_graph(slice, nr, &priority);
		if (!add_edge(slice, nr, id, true, priority) || nr == last)
			return;
		first = nr + 1;
	}
	add_edge(slice, first, base, false, 0);
}

/* Adds the calls of an architecture to the edges that decide them. */
static void learn_calls(struct slice *slice, const struct callgate_arch *arch)
{
	size_t count = slice->edges.count, at = 0;

	for (size_t i = 0; i < count; i++) {
		struct known_edge *known = &slice->known.items[i];
		uint32_t last = i + 1 < count ? slice->edges.items[i + 1].first - 1 : UINT32_MAX;
		at = arch_syscall_tally(arch, at, last, &known->uniform, known->wanted ? &known->prior : NULL);
	}
}

static struct graph_id slice_graph(struct slice *slice)
{
	struct graph *graph = slice->expansion.graph;
	uint32_t first = 0, last;

	slice->edges.count = slice->known.count = 0;
	if (!vec_reserve_in(&slice->edges, slice->expansion.arena, USUAL_EDGES) ||
	    !vec_reserve_in(&slice->known, slice->expansion.arena, USUAL_EDGES))
		graph->failed = true;
	for (;; first = last + 1) {
		bool covered;
		struct graph_id base = graph_leaf(graph, base_action(slice, first, &covered));
		last = base_last(slice, first);
		if (covered)
			add_covered(slice, first, last, base);
		else
			add_edge(slice, first, base, false, 0);
		if (graph->failed || last == UINT32_MAX)
			break;
	}
	if (graph->failed)
		return (struct graph_id){0};
	for (size_t i = 0; i < slice->member_count; i++)
		learn_calls(slice, slice->members[i].arch->arch);
	assign_weights(slice->known.items, slice->edges.count, slice->policy->optimize, slice->edges.items);
	return graph_switch(graph, GRAPH_NR, slice->edges.items, slice->edges.count);
}

/*
 * Gathers the architectures that share an audit value with the i-th one; false if one before it does, and they were a
 * slice already.
 */
static bool gather(struct slice *slice, size_t i)
{
	const struct policy_arch *archs = slice->policy->archs;

	slice->member_count = 0;
	for (size_t j = 0; j < slice->policy->arch_count; j++) {
		if (archs[j].arch->audit != archs[i].arch->audit)
			continue;
		if (j < i)
			return false;
		slice->members[slice->member_count++] =
		    (struct member){&archs[j], archs[j].syscalls, archs[j].syscalls + archs[j].syscall_count};
	}
	return true;
}

/* The switch on the architecture, with the switch on the number of each slice below. */
static struct graph_id root_graph(struct slice *slice)
{
	struct graph *graph = slice->expansion.graph;
	struct graph_id root = graph_leaf(graph, slice->policy->bad_arch_action);

	for (size_t i = slice->policy->arch_count; i-- > 0;) {
		uint32_t audit = slice->policy->archs[i].arch->audit;
		if (gather(slice, i))
			root = graph_range(graph, GRAPH_ARCH, audit, audit, slice_graph(slice), root);
	}
	return root;
}

bool pass_rules(struct compilation *c)
{
	struct slice slice = {.policy = c->policy};

	graph_init(&c->graph, c->arena, USUAL_NODES);
	expansion_init(&slice.expansion, &c->graph, c->arena, c->policy);
	slice.members = ARENA_ARRAY(c->arena, struct member, c->policy->arch_count);
	slice.fallback = cube_make(&slice.expansion.cubes, graph_leaf(&c->graph, c->policy->default_action), NULL, 0);
	if (!slice.members || !slice.fallback || c->graph.failed)
		return false;
	c->root = root_graph(&slice);
	return !c->graph.failed;
}
