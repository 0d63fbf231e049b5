#include "compile/dispatch.h"

#include "compile/weights.h"

enum { USUAL_EDGES = 16 };

/* What a run of the policy's architectures that share an audit value is made with. */
struct section {
	struct rules *rules;
	const struct policy *policy;
	const struct form *fallback; /* the default action, as a rule */
	uint32_t audit;
	size_t *cursors; /* by architecture of the policy: the next system call */
	ARENA_VEC(struct graph_edge) edges;
	ARENA_VEC(struct weights_edge) known; /* of each edge */
	ARENA_VEC(const struct form *) forms; /* of the number at hand */
	uint32_t last_action;                 /* what last_leaf stands for, unless that is node 0 */
	struct graph_id last_leaf;
};

static bool is_alike(const struct weights_edge *a, const struct weights_edge *b)
{
	return a->wanted == b->wanted && a->cached == b->cached && a->priority == b->priority;
}

/* From `first` on it is `child`; nothing is added where it has been that already. */
static bool add_edge(struct section *section, uint32_t first, struct graph_id child, bool has_rules,
                     uint32_t priority)
{
	const struct graph_node *node = graph_at(section->rules->graph, child);
	bool allowed = node->kind == GRAPH_LEAF && node->value == SECCOMP_RET_ALLOW;
	struct weights_edge known = {.wanted = has_rules || allowed, .cached = allowed, .priority = priority};
	size_t count = section->edges.count;

	if (count && graph_same(section->edges.items[count - 1].child, child) &&
	    is_alike(&section->known.items[count - 1], &known))
		return true;
	if (!vec_push_in(&section->edges, section->rules->arena, ((struct graph_edge){first, child, 1})) ||
	    !vec_push_in(&section->known, section->rules->arena, known))
		section->rules->graph->failed = true;
	return !section->rules->graph->failed;
}

static bool is_member(const struct section *section, size_t i)
{
	return section->policy->archs[i].arch->audit == section->audit;
}

/* The next system call of an architecture of the section, as far as it has rules. */
static const struct policy_syscall *next_syscall(const struct section *section, size_t i)
{
	const struct policy_arch *arch = &section->policy->archs[i];
	size_t at = section->cursors[i];

	return is_member(section, i) && at < arch->syscall_count ? &arch->syscalls[at] : NULL;
}

/* The smallest number at or above `first` that some architecture of the section has rules for; false if there is none. */
static bool find_next(struct section *section, uint32_t first, uint32_t *ret_nr)
{
	bool found = false;

	for (size_t i = 0; i < section->policy->arch_count; i++) {
		const struct policy_syscall *syscall;
		while ((syscall = next_syscall(section, i)) && (syscall->nr < first || !syscall->rule_count))
			section->cursors[i]++;
		if (syscall && (!found || syscall->nr < *ret_nr)) {
			*ret_nr = syscall->nr;
			found = true;
		}
	}
	return found;
}

static bool collect(struct section *section, const struct policy_syscall *syscall, const struct arch *arch)
{
	for (uint32_t i = 0; i < syscall->rule_count; i++) {
		const struct form *form = form_of_rule(section->rules->forms, &syscall->rules[i], arch);
		if (form && !vec_push_in(&section->forms, section->rules->arena, form))
			return false;
		if (form && form->count == 0)
			break;
	}
	return !section->rules->forms->failed;
}

/* Most calls are decided by their number alone; then nothing has to be taken apart. */
static bool is_plain(const struct policy_syscall *syscall)
{
	return syscall->rules[0].condition_count == 0;
}

static struct graph_id leaf(struct section *section, uint32_t action)
{
	if (!section->last_leaf.index || section->last_action != action) {
		section->last_action = action;
		section->last_leaf = graph_leaf(section->rules->graph, action);
	}
	return section->last_leaf;
}

/* The rules for a number: those of every architecture of the section, one after the other. */
static struct graph_id number_graph(struct section *section, uint32_t nr, uint32_t *ret_priority)
{
	bool complete = true;

	*ret_priority = 0;
	section->forms.count = 0;
	for (size_t i = 0; i < section->policy->arch_count; i++) {
		const struct policy_syscall *syscall = next_syscall(section, i);
		if (!syscall || syscall->nr != nr)
			continue;
		if (syscall->priority > *ret_priority)
			*ret_priority = syscall->priority;
		if (section->forms.count == 0 && is_plain(syscall))
			return leaf(section, syscall->rules[0].action);
		complete = collect(section, syscall, section->policy->archs[i].arch) && complete;
	}
	if (!complete || !vec_push_in(&section->forms, section->rules->arena, section->fallback)) {
		section->rules->graph->failed = true;
		return (struct graph_id){0};
	}
	return rules_graph(section->rules, section->forms.items, section->forms.count);
}

/* The verdict on a number for which there are no rules. */
static uint32_t base_action(const struct section *section, uint32_t nr, bool *ret_covered)
{
	const struct policy *policy = section->policy;
	bool covered = nr == UINT32_MAX;

	for (size_t i = 0; i < policy->arch_count && !covered; i++)
		covered = is_member(section, i) && policy->archs[i].arch->nr_first <= nr &&
		          nr <= policy->archs[i].arch->nr_last;
	*ret_covered = covered;
	if (!covered)
		return policy->bad_arch_action;
	for (size_t i = 0; i < policy->arch_count; i++)
		if (is_member(section, i) && policy_nr_is_newer(&policy->archs[i], nr))
			return policy->archs[i].newer_action;
	return policy->default_action;
}

static void approach(uint32_t *last, uint32_t nr, uint32_t first)
{
	if (nr < first && first - 1 < *last)
		*last = first - 1;
}

/* Up to where the base action is the same as that of nr. */
static uint32_t base_last(const struct section *section, uint32_t nr)
{
	uint32_t last = UINT32_MAX;

	approach(&last, nr, UINT32_MAX);
	for (size_t i = 0; i < section->policy->arch_count; i++) {
		const struct policy_arch *arch = &section->policy->archs[i];
		if (!is_member(section, i))
			continue;
		approach(&last, nr, arch->arch->nr_first);
		approach(&last, nr, arch->arch->nr_last + 1);
		approach(&last, nr, arch->newer_first);
	}
	return last;
}

/* [first, last] is covered, and has the base action wherever there are no rules. */
static void add_covered(struct section *section, uint32_t first, uint32_t last, struct graph_id base)
{
	uint32_t nr = first;

	while (find_next(section, first, &nr) && nr <= last) {
		uint32_t priority;
		if (nr > first && !add_edge(section, first, base, false, 0))
			return;
		struct graph_id id = number_graph(section, nr, &priority);
		if (!add_edge(section, nr, id, true, priority) || nr == last)
			return;
		first = nr + 1;
	}
	add_edge(section, first, base, false, 0);
}

static void weigh_for(struct section *section, const struct arch *arch)
{
	size_t count = section->edges.count, at = 0;

	for (size_t i = 0; i < count; i++) {
		struct weights_edge *known = &section->known.items[i];
		uint32_t last = i + 1 < count ? section->edges.items[i + 1].first - 1 : UINT32_MAX;
		at =
		    arch_syscall_tally(arch, at, last, &known->uniform, known->wanted ? &known->prior : NULL);
	}
}

static void weigh(struct section *section)
{
	for (size_t i = 0; i < section->policy->arch_count; i++)
		if (is_member(section, i))
			weigh_for(section, section->policy->archs[i].arch);
	weights_assign(section->known.items, section->edges.count, section->policy->optimize,
	               section->edges.items);
}

static struct graph_id section_graph(struct section *section)
{
	struct graph *graph = section->rules->graph;
	uint32_t first = 0, last;

	section->edges.count = section->known.count = 0;
	if (!vec_reserve_in(&section->edges, section->rules->arena, USUAL_EDGES) ||
	    !vec_reserve_in(&section->known, section->rules->arena, USUAL_EDGES))
		graph->failed = true;
	for (;; first = last + 1) {
		bool covered;
		struct graph_id base = graph_leaf(graph, base_action(section, first, &covered));
		last = base_last(section, first);
		if (covered)
			add_covered(section, first, last, base);
		else
			add_edge(section, first, base, false, 0);
		if (graph->failed || last == UINT32_MAX)
			break;
	}
	if (graph->failed)
		return (struct graph_id){0};
	weigh(section);
	return graph_switch(graph, GRAPH_NR, section->edges.items, section->edges.count);
}

static bool is_first_of_audit(const struct policy *policy, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (policy->archs[j].arch->audit == policy->archs[i].arch->audit)
			return false;
	return true;
}

/* The sections, each in its place on the line of audit values. */
static struct graph_id root_graph(struct section *section)
{
	struct graph *graph = section->rules->graph;
	struct graph_id root = graph_leaf(graph, section->policy->bad_arch_action);

	for (size_t i = section->policy->arch_count; i-- > 0;) {
		if (!is_first_of_audit(section->policy, i))
			continue;
		section->audit = section->policy->archs[i].arch->audit;
		root = graph_range(graph, GRAPH_ARCH, section->audit, section->audit, section_graph(section),
		                   root);
	}
	return root;
}

struct graph_id dispatch_graph(struct graph *graph, const struct policy *policy, struct arena *arena)
{
	struct form_set forms = {.arena = arena};
	struct popularity popularity = {.arena = arena};
	struct rules rules = {
	    .graph = graph,
	    .forms = &forms,
	    .popularity = &popularity,
	    .arena = arena,
	    .one_arch = policy->arch_count == 1,
	};
	struct section section = {.rules = &rules, .policy = policy};
	struct graph_id root = {0};

	section.cursors = ARENA_ARRAY(arena, size_t, policy->arch_count);
	section.fallback = form_make(&forms, policy->default_action, NULL, 0);
	if (section.cursors && section.fallback && popularity_learn(&popularity, policy))
		root = root_graph(&section);
	else
		graph->failed = true;
	return root;
}
