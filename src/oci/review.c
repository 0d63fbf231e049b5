#include "oci/application.h"

/*
 * So many entries with conditions for one call are compared with each other: more are generated, and nobody reads about
 * them.
 */
enum { COMPARED_MAX = 64 };

struct review {
	const struct model *model;
	uint32_t default_errno;
	bool same_argument_is_or;
	struct messages *messages;
};

static uint32_t value_of(const struct review *review, const struct verdict *verdict)
{
	return verdict_value(verdict, review->default_errno);
}

static const struct condition *second_on_one_argument(const struct entry *entry)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < entry->condition_count; i++) {
		if (seen & 1u << entry->conditions[i].compare.arg)
			return &entry->conditions[i];
		seen |= 1u << entry->conditions[i].compare.arg;
	}
	return NULL;
}

static const struct callgate_arch *narrow_arch(const struct model *model)
{
	for (size_t i = 0; i < model->arch_count; i++)
		if (model->archs[i]->word_bits == 32)
			return model->archs[i];
	return NULL;
}

static bool is_wide(const struct scmp_arg_cmp *compare)
{
	bool masked = compare->op == SCMP_CMP_MASKED_EQ;

	return compare->datum_a > UINT32_MAX || (masked && (compare->datum_a & compare->datum_b) > UINT32_MAX);
}

/* On those architectures it means another number, as in Docker. */
static void review_width(const struct review *review, const struct entry *entry)
{
	const struct callgate_arch *narrow = narrow_arch(review->model);

	for (size_t i = 0; narrow && i < entry->condition_count; i++)
		if (is_wide(&entry->conditions[i].compare))
			messages_find(review->messages, "width", entry->conditions[i].place,
			              "on %s, where arguments have 32 bits, only the lower 32 bits of the value count",
			              narrow->name);
}

/* The default is that one condition is enough, as soon as an argument is compared twice. */
static void review_pairs(const struct review *review, const struct entry *entry)
{
	for (size_t i = 0; i < entry->condition_count && i < COMPARED_MAX; i++)
		for (size_t j = 0; j < i; j++) {
			const struct condition *later = &entry->conditions[i];
			const struct scmp_arg_cmp *before = &entry->conditions[j].compare;
			if (before->arg != later->compare.arg)
				continue;
			if (review->same_argument_is_or ? conditions_cover(before, &later->compare)
			                                : conditions_exclude(before, &later->compare)) {
				messages_add(review->messages, review->same_argument_is_or ? "always" : "never",
				             CALLGATE_SEVERITY_NOTE, later->place,
				             review->same_argument_is_or
				                 ? "one of these conditions on argument %u always holds"
				                 : "no argument %u fulfils all of these conditions",
				             before->arg);
				return;
			}
		}
}

static void review_conditions(const struct review *review, const struct entry *entry)
{
	const struct condition *second = second_on_one_argument(entry);

	if (!entry->excluded)
		review_width(review, entry);
	if (!second)
		return;
	review_pairs(review, entry);
	messages_warn(review->messages, second->place, "argument %u is compared twice in this entry: %s",
	              second->compare.arg,
	              review->same_argument_is_or ? "as in Docker, it is enough when any one of its conditions holds"
	                                          : "here all its conditions must hold, in Docker any one is enough");
}

static void review_notify(const struct review *review, const struct verdict *verdict)
{
	if (verdict->action == SCMP_ACT_NOTIFY && !review->model->listener_path)
		messages_warn(review->messages, verdict->place,
		              "SCMP_ACT_NOTIFY without \"listenerPath\": who answers?");
}

static void review_entry(const struct review *review, const struct entry *entry)
{
	const struct verdict *verdict = &entry->verdict, *fallback = &review->model->fallback;

	if (!entry->excluded && !entry_has_effect(review->model, entry, review->default_errno))
		messages_find(review->messages, "dead", verdict->place,
		              "this is the default action: the entry has no effect, not even on entries before it");
	if (verdict->action == SCMP_ACT_ERRNO(0) && !verdict->has_number && fallback->has_number &&
	    fallback->number != review->default_errno)
		messages_warn(review->messages, verdict->place,
		              "no \"errnoRet\": this gives %u, not the profile's \"defaultErrnoRet\"",
		              review->default_errno);
	review_notify(review, verdict);
	review_conditions(review, entry);
}

static bool has_condition(const struct entry *entry, const struct scmp_arg_cmp *wanted)
{
	for (size_t i = 0; i < entry->condition_count; i++) {
		const struct scmp_arg_cmp *own = &entry->conditions[i].compare;
		bool masked = own->op == SCMP_CMP_MASKED_EQ;
		if (own->arg == wanted->arg && own->op == wanted->op && own->datum_a == wanted->datum_a &&
		    (!masked || ((own->datum_b ^ wanted->datum_b) & own->datum_a) == 0))
			return true;
	}
	return false;
}

static bool have_same_conditions(const struct entry *a, const struct entry *b)
{
	if (a->condition_count != b->condition_count || a->same_argument != b->same_argument)
		return false;
	for (size_t i = 0; i < a->condition_count; i++)
		if (!has_condition(b, &a->conditions[i].compare))
			return false;
	return true;
}

static void review_pair(const struct review *review, const struct reference *before, const struct reference *reference)
{
	const char *name = reference->named->name;
	unsigned int line = before->named->place.line;

	if (value_of(review, &before->entry->verdict) == value_of(review, &reference->entry->verdict))
		messages_find(review->messages, "dead", reference->named->place, "repeats what line %u says about %s",
		              line, name);
	else
		messages_error(review->messages, reference->named->place,
		               "contradicts line %u about %s: the same conditions, another action", line, name);
}

static void never_reached(const struct review *review, const struct reference *reference, const struct reference *by)
{
	messages_find(review->messages, "dead", reference->named->place,
	              "never reached: line %u decides all calls of %s for which these conditions hold",
	              by->named->place.line, reference->named->name);
}

/*
 * The first stands before the second in the profile. A rule that holds for less than another has to count first to
 * matter.
 */
static void review_overlap(const struct review *review, const struct reference *before,
                           const struct reference *reference)
{
	if (before->entry->same_argument || reference->entry->same_argument)
		return;
	int order = conditions_order(before->entry, reference->entry);
	if (order <= 0 && conditions_contain(before->entry, reference->entry))
		never_reached(review, reference, before);
	else if (order > 0 && conditions_contain(reference->entry, before->entry))
		never_reached(review, before, reference);
	else if (order == 0 &&
	         value_of(review, &before->entry->verdict) == value_of(review, &reference->entry->verdict))
		messages_find(review->messages, "dead", before->named->place,
		              "has no effect: line %u does the same with fewer conditions for %s",
		              reference->named->place.line, reference->named->name);
	else if (order == 0)
		messages_error(review->messages, reference->named->place,
		               "contradicts line %u about %s: these conditions and more, another action",
		               before->named->place.line, reference->named->name);
}

static void review_conditional(const struct review *review, const struct reference *const *before, size_t count,
                               const struct reference *reference)
{
	for (size_t i = 0; i < count; i++)
		if (have_same_conditions(before[i]->entry, reference->entry)) {
			review_pair(review, before[i], reference);
			return;
		}
	for (size_t i = 0; i < count; i++)
		review_overlap(review, before[i], reference);
}

/* After an entry without conditions. */
static void review_after(const struct review *review, const struct reference *whole, const struct reference *reference)
{
	if (have_same_conditions(whole->entry, reference->entry) &&
	    value_of(review, &whole->entry->verdict) == value_of(review, &reference->entry->verdict))
		review_pair(review, whole, reference);
	else
		messages_find(review->messages, "dead", reference->named->place,
		              "never reached: line %u already decides every call of %s", whole->named->place.line,
		              reference->named->name);
}

/* All references of one call, in the order of the profile. */
static void review_call(const struct review *review, const struct reference *references, size_t count)
{
	const struct reference *conditional[COMPARED_MAX], *whole = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct reference *reference = &references[i];
		if (whole) {
			review_after(review, whole, reference);
		} else if (reference->entry->condition_count == 0) {
			if (kept)
				messages_find(review->messages, "dead", reference->named->place,
				              "decides every call of %s: the conditions of line %u have no effect",
				              reference->named->name, conditional[0]->named->place.line);
			whole = reference;
		} else {
			review_conditional(review, conditional, kept, reference);
			if (kept < COMPARED_MAX)
				conditional[kept++] = reference;
		}
	}
}

void review_model(const struct model *model, const struct references *references, const uint32_t *options,
                  struct messages *messages)
{
	struct review review = {model, options[CALLGATE_PROFILE_DEFAULT_ERRNO],
	                        options[CALLGATE_PROFILE_SAME_ARGUMENT] == CALLGATE_SAME_ARGUMENT_OR, messages};

	review_notify(&review, &model->fallback);
	for (size_t i = 0; i < model->entry_count; i++)
		review_entry(&review, &model->entries[i]);
	for (size_t i = 0, count; i < references->count; i += count) {
		count = references_same(references, i);
		review_call(&review, &references->list[i], count);
	}
}
