#include "fuzz/second_reading.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <callgate/oci.h>

/* ORDER SECOND_OPS: of two rules about one argument, the one with the operator that stands first here counts. */
enum { EQ, MASKED_EQ, NE, LT, LE, GT, GE };
static const char *const operators[] = {"EQ", "MASKED_EQ", "NE", "LT", "LE", "GT", "GE"};

enum { CONDITIONS = 64, RULES = 4096, QUESTIONS_PER_CONDITION = 5 };

struct condition {
	unsigned arg, op;
	uint64_t mask, value;
};

struct rule {
	const char *name;
	uint32_t action;
	unsigned count;
	bool orderly; /* no two conditions on one argument */
	struct condition conditions[CONDITIONS];
};

struct second_reading {
	json_t *json;
	struct second_environment environment;
	uint32_t fallback;
	size_t count;
	struct rule rules[RULES];
};

/* Keys are matched without case, as Go does. */
static json_t *get(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key), *other;
	const char *name;

	if (!value)
		json_object_foreach(object, name, other)
		{
			if (strcasecmp(name, key) == 0)
				value = other;
		}
	return json_is_null(value) ? NULL : value;
}

static bool is_listed(json_t *list, const char *word)
{
	size_t index;
	json_t *item;

	json_array_foreach(list, index, item)
	{
		if (word && strcmp(json_string_value(item), word) == 0)
			return true;
	}
	return false;
}

static bool is_only(json_t *list, const char *word)
{
	size_t index;
	json_t *item;

	json_array_foreach(list, index, item)
	{
		if (!word || strcmp(json_string_value(item), word) != 0)
			return false;
	}
	return true;
}

/* The kernel is 6.1. */
static bool is_kernel_new(json_t *version)
{
	unsigned major = 0, minor = 0;

	return sscanf(json_string_value(version), "%u.%u", &major, &minor) == 2 &&
	       (major < 6 || (major == 6 && minor <= 1));
}

static bool names_machine(const struct second_reading *reading, json_t *list)
{
	size_t index;
	json_t *item;

	json_array_foreach(list, index, item)
	{
		if (callgate_profile_arch(json_string_value(item)) == reading->environment.arch)
			return true;
	}
	return false;
}

static bool applies(const struct second_reading *reading, json_t *entry)
{
	json_t *includes = get(entry, "includes"), *excludes = get(entry, "excludes");
	const char *capability = reading->environment.capability;
	json_t *least = get(includes, "minKernel"), *most = get(excludes, "minKernel");

	return is_only(get(includes, "caps"), capability) && !is_listed(get(excludes, "caps"), capability) &&
	       (json_array_size(get(includes, "arches")) == 0 || names_machine(reading, get(includes, "arches"))) &&
	       !names_machine(reading, get(excludes, "arches")) && (!least || is_kernel_new(least)) &&
	       (!most || !is_kernel_new(most));
}

static uint32_t read_action(json_t *object, const char *key, const char *number, const char *name)
{
	static const struct {
		const char *word;
		uint32_t action;
	} actions[] = {
	    {"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD},
	    {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
	    {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
	    {"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
	    {"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0)},
	    {"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0)},
	    {"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY},
	    {"SCMP_ACT_LOG", SCMP_ACT_LOG},
	    {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
	};
	const char *word = json_string_value(get(object, key)), *error = json_string_value(get(object, name));
	size_t at = 0;

	while (strcmp(actions[at].word, word) != 0)
		at++;
	uint32_t action = actions[at].action;
	if (action != SCMP_ACT_ERRNO(0) && action != SCMP_ACT_TRACE(0))
		return action;
	if (get(object, number))
		return action | (uint32_t)json_integer_value(get(object, number));
	return action | (uint32_t)(error && *error ? callgate_profile_errno(error) : 1);
}

static struct condition read_condition(json_t *json)
{
	struct condition condition = {.arg = (unsigned)json_integer_value(get(json, "index")),
	                              .mask = UINT64_MAX,
	                              .value = (uint64_t)json_integer_value(get(json, "value"))};
	const char *op = json_string_value(get(json, "op")) + strlen("SCMP_CMP_");

	while (strcmp(operators[condition.op], op) != 0)
		condition.op++;
	if (condition.op == MASKED_EQ) {
		condition.mask = condition.value;
		condition.value &= (uint64_t)json_integer_value(get(json, "valueTwo"));
	}
	return condition;
}

static int by_argument(const void *a, const void *b)
{
	const struct condition *x = a, *y = b;

	return (x->arg > y->arg) - (x->arg < y->arg);
}

/* Conditions in the order of arguments, without those that hold always. */
static void add_rule(struct second_reading *reading, struct rule *rule)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < rule->count; i++)
		if (rule->conditions[i].op != MASKED_EQ || rule->conditions[i].mask)
			rule->conditions[kept++] = rule->conditions[i];
	rule->count = kept;
	qsort(rule->conditions, kept, sizeof(rule->conditions[0]), by_argument);
	rule->orderly = true;
	for (unsigned i = 1; i < kept; i++)
		rule->orderly = rule->orderly && rule->conditions[i - 1].arg != rule->conditions[i].arg;
	reading->rules[reading->count++] = *rule;
}

static bool has_same_argument(const struct rule *rule)
{
	unsigned seen = 0;

	for (unsigned i = 0; i < rule->count; i++) {
		if (seen & 1u << rule->conditions[i].arg)
			return true;
		seen |= 1u << rule->conditions[i].arg;
	}
	return false;
}

static bool add_name(struct second_reading *reading, json_t *name, const struct rule *model)
{
	bool alternatives = has_same_argument(model) && !reading->environment.all_of_same_argument;

	if (reading->count + CONDITIONS > RULES)
		return false;
	for (unsigned i = 0; i < (alternatives ? model->count : 1); i++) {
		struct rule rule = *model;
		rule.name = json_string_value(name);
		if (alternatives) {
			rule.count = 1;
			rule.conditions[0] = model->conditions[i];
		}
		add_rule(reading, &rule);
	}
	return true;
}

static bool read_entry(struct second_reading *reading, json_t *entry)
{
	struct rule rule = {.action = read_action(entry, "action", "errnoRet", "errno")};
	size_t index;
	json_t *item;

	if (json_array_size(get(entry, "args")) > CONDITIONS)
		return false;
	if (!applies(reading, entry) || rule.action == reading->fallback)
		return true;
	json_array_foreach(get(entry, "args"), index, item)
	{
		rule.conditions[rule.count++] = read_condition(item);
	}
	if (json_array_size(get(entry, "names")) == 0 && get(entry, "name"))
		return add_name(reading, get(entry, "name"), &rule);
	json_array_foreach(get(entry, "names"), index, item)
	{
		if (!add_name(reading, item, &rule))
			return false;
	}
	return true;
}

struct second_reading *second_reading_new(const void *text, size_t size, const struct second_environment *environment)
{
	struct second_reading *reading = calloc(1, sizeof(*reading));
	size_t index;
	json_t *entry;
	bool done;

	if (!reading)
		return NULL;
	reading->environment = *environment;
	reading->json = json_loadb(text, size, 0, NULL);
	done = reading->json != NULL;
	if (done)
		reading->fallback = read_action(reading->json, "defaultAction", "defaultErrnoRet", "defaultErrno");
	json_array_foreach(get(reading->json, "syscalls"), index, entry)
	{
		done = done && read_entry(reading, entry);
	}
	if (done)
		return reading;
	second_reading_free(reading);
	return NULL;
}

void second_reading_free(struct second_reading *reading)
{
	if (!reading)
		return;
	json_decref(reading->json);
	free(reading);
}

static bool holds(const struct condition *condition, uint64_t arg)
{
	switch (condition->op) {
	case NE:
		return arg != condition->value;
	case LT:
		return arg < condition->value;
	case LE:
		return arg <= condition->value;
	case GT:
		return arg > condition->value;
	case GE:
		return arg >= condition->value;
	default:
		return (arg & condition->mask) == condition->value;
	}
}

static bool matches(const struct rule *rule, const uint64_t args[6])
{
	for (unsigned i = 0; i < rule->count; i++)
		if (!holds(&rule->conditions[i], args[rule->conditions[i].arg]))
			return false;
	return true;
}

/* Negative: the first counts before the second. 0: nothing is said about it. */
static int compare_conditions(const struct condition *a, const struct condition *b)
{
	int class_a = a->op >= GT ? 2 : a->op >= LT, class_b = b->op >= GT ? 2 : b->op >= LT;

	if (a->arg != b->arg)
		return a->arg > b->arg ? -1 : 1;
	if (class_a != class_b)
		return class_a - class_b;
	if (a->value != b->value)
		return (a->value > b->value) == (class_a == 1) ? 1 : -1;
	return a->op != b->op ? (int)a->op - (int)b->op : (a->mask < b->mask) - (a->mask > b->mask);
}

static int compare_rules(const struct rule *a, const struct rule *b)
{
	for (unsigned i = 0; i < a->count && i < b->count; i++) {
		int order = compare_conditions(&a->conditions[i], &b->conditions[i]);
		if (order)
			return order;
	}
	return 0;
}

/* Does the second only add conditions on higher arguments to the first? */
static bool is_prefix(const struct rule *a, const struct rule *b)
{
	return a->count <= b->count && compare_rules(a, b) == 0;
}

static bool is_dropped(const struct second_reading *reading, const struct rule *rule)
{
	for (const struct rule *before = reading->rules; before < rule; before++)
		if (strcmp(before->name, rule->name) == 0 && before->orderly && rule->orderly &&
		    is_prefix(before, rule))
			return true;
	return false;
}

bool second_reading_accepts(const struct second_reading *reading, const char *name, const uint64_t args[6],
                            uint32_t action)
{
	const struct rule *best = NULL;
	bool orderly = true, is_there = false;

	for (size_t i = 0; i < reading->count; i++) {
		const struct rule *rule = &reading->rules[i];
		if (strcmp(rule->name, name) != 0)
			continue;
		if (rule->count == 0)
			return action == rule->action;
		orderly = orderly && rule->orderly;
		if (!matches(rule, args) || is_dropped(reading, rule))
			continue;
		is_there = is_there || rule->action == action;
		if (!best || compare_rules(rule, best) < 0)
			best = rule;
	}
	if (!best)
		return action == reading->fallback;
	return orderly ? action == best->action : is_there;
}

/* Arguments with which a rule holds, as far as one can see from each condition alone. */
static void satisfy(const struct rule *rule, uint64_t args[6])
{
	for (unsigned i = 0; i < rule->count; i++) {
		const struct condition *condition = &rule->conditions[i];
		args[condition->arg] = condition->op == NE || condition->op == GT ? condition->value + 1
		                       : condition->op == LT                      ? condition->value - 1
		                                                                  : condition->value;
	}
}

bool second_reading_question(const struct second_reading *reading, size_t number, const char **ret_name,
                             uint64_t ret_args[6])
{
	static const uint64_t steps[QUESTIONS_PER_CONDITION] = {0, 1, UINT64_MAX, UINT64_C(1) << 32, UINT64_C(1) << 63};
	size_t first = 0;

	for (size_t i = 0; i < reading->count; i++) {
		const struct rule *rule = &reading->rules[i];
		size_t count = rule->count * QUESTIONS_PER_CONDITION + 1;
		if (number - first >= count) {
			first += count;
			continue;
		}
		*ret_name = rule->name;
		memset(ret_args, 0, 6 * sizeof(*ret_args));
		satisfy(rule, ret_args);
		number -= first;
		if (number > 0) {
			const struct condition *condition = &rule->conditions[(number - 1) / QUESTIONS_PER_CONDITION];
			ret_args[condition->arg] = condition->value + steps[(number - 1) % QUESTIONS_PER_CONDITION];
		}
		return true;
	}
	return false;
}
