#include "policy/ruleset.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/rule_tree.h"

static void forget_entries(struct journal *journal)
{
	for (size_t i = 0; i < journal->entries.count; i++)
		if (journal->entries.items[i].kind == JOURNAL_ARCH_REMOVED)
			arch_rules_free(journal->entries.items[i].rules);
	journal->entries.count = 0;
}

bool journal_reserve(struct journal *journal, size_t more)
{
	return !journal_is_open(journal) || vec_reserve(&journal->entries, more);
}

void journal_note(struct journal *journal, struct journal_entry entry)
{
	if (!journal_is_open(journal))
		return;
	assert(journal->entries.count < journal->entries.capacity);
	journal->entries.items[journal->entries.count++] = entry;
}

static void finish_journal(struct journal *journal)
{
	forget_entries(journal);
	vec_finish(&journal->entries);
	vec_finish(&journal->marks);
}

struct ruleset *ruleset_new(void)
{
	return calloc(1, sizeof(struct ruleset));
}

void ruleset_free(struct ruleset *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->archs.count; i++)
		arch_rules_free(rules->archs.items[i]);
	vec_finish(&rules->archs);
	finish_journal(&rules->journal);
	free(rules);
}

size_t ruleset_arch_count(const struct ruleset *rules)
{
	return rules->archs.count;
}

/* The position of an architecture, or the number of them if it is not there. */
static size_t position(const struct ruleset *rules, const struct callgate_arch *arch)
{
	size_t i = 0;

	while (i < rules->archs.count && rules->archs.items[i]->arch != arch)
		i++;
	return i;
}

bool ruleset_has_arch(const struct ruleset *rules, const struct callgate_arch *arch)
{
	return position(rules, arch) < rules->archs.count;
}

static int check_byte_order(const struct ruleset *rules, const struct callgate_arch *arch, struct diag *diag)
{
	if (rules->archs.count == 0 || rules->archs.items[0]->arch->big_endian == arch->big_endian)
		return 0;
	return diag_fail(diag, -EDOM, "architecture %s has another byte order than %s, which is in the context",
	                 arch->name, rules->archs.items[0]->arch->name);
}

/* Room for `more` architectures and for noting them. */
static int reserve_archs(struct ruleset *rules, size_t more, struct diag *diag)
{
	if (vec_reserve(&rules->archs, more) && journal_reserve(&rules->journal, more))
		return 0;
	return diag_fail(diag, -ENOMEM, "out of memory for an architecture");
}

static void append_arch(struct ruleset *rules, struct arch_rules *added)
{
	assert(rules->archs.count < rules->archs.capacity);
	journal_note(&rules->journal, (struct journal_entry){.kind = JOURNAL_ARCH_ADDED, .rules = added});
	rules->archs.items[rules->archs.count++] = added;
}

int ruleset_arch_add(struct ruleset *rules, const struct callgate_arch *arch, struct diag *diag)
{
	int result;

	if (ruleset_has_arch(rules, arch))
		return diag_fail(diag, -EEXIST, "architecture %s is in the context already", arch->name);
	if ((result = check_byte_order(rules, arch, diag)) < 0 || (result = reserve_archs(rules, 1, diag)) < 0)
		return result;
	struct arch_rules *added = arch_rules_new(arch);
	if (!added)
		return diag_fail(diag, -ENOMEM, "out of memory for an architecture");
	append_arch(rules, added);
	return 0;
}

int ruleset_set_unknown(struct ruleset *rules, const struct callgate_arch *arch, uint32_t action, const int *newest,
                        struct diag *diag)
{
	size_t at = position(rules, arch);

	if (at == rules->archs.count)
		return diag_fail(diag, -EEXIST, "architecture %s is not in the context", arch->name);
	rules->archs.items[at]->has_unknown = true;
	rules->archs.items[at]->unknown_first = newest ? (uint32_t)*newest + 1 : 0;
	rules->archs.items[at]->unknown_action = action;
	return 0;
}

/* Closes the gap; the pointer is the caller's then. */
static struct arch_rules *take_arch(struct ruleset *rules, size_t at)
{
	struct arch_rules *taken = rules->archs.items[at];

	assert(at < rules->archs.count);
	rules->archs.count--;
	memmove(&rules->archs.items[at], &rules->archs.items[at + 1],
	        (rules->archs.count - at) * sizeof(rules->archs.items[0]));
	return taken;
}

int ruleset_arch_remove(struct ruleset *rules, const struct callgate_arch *arch, struct diag *diag)
{
	size_t at = position(rules, arch);

	if (at == rules->archs.count)
		return diag_fail(diag, -EEXIST, "architecture %s is not in the context", arch->name);
	if (!journal_reserve(&rules->journal, 1))
		return diag_fail(diag, -ENOMEM, "out of memory for noting a removed architecture");
	struct arch_rules *removed = take_arch(rules, at);
	if (!journal_is_open(&rules->journal))
		arch_rules_free(removed);
	journal_note(&rules->journal,
	             (struct journal_entry){.kind = JOURNAL_ARCH_REMOVED, .at = (uint32_t)at, .rules = removed});
	return 0;
}

int ruleset_merge(struct ruleset *to, struct ruleset *from, struct diag *diag)
{
	int result;

	if (from->archs.count > 0 && (result = check_byte_order(to, from->archs.items[0]->arch, diag)) < 0)
		return result;
	for (size_t i = 0; i < from->archs.count; i++)
		if (ruleset_has_arch(to, from->archs.items[i]->arch))
			return diag_fail(diag, -EEXIST, "architecture %s is in both contexts",
			                 from->archs.items[i]->arch->name);
	if ((result = reserve_archs(to, from->archs.count, diag)) < 0)
		return result;
	for (size_t i = 0; i < from->archs.count; i++)
		append_arch(to, from->archs.items[i]);
	from->archs.count = 0;
	finish_journal(&from->journal);
	return 0;
}

int ruleset_start(struct ruleset *rules, struct diag *diag)
{
	return vec_push(&rules->journal.marks, rules->journal.entries.count)
	           ? 0
	           : diag_fail(diag, -ENOMEM, "out of memory for a transaction");
}

void ruleset_commit(struct ruleset *rules)
{
	struct journal *journal = &rules->journal;

	if (journal_is_open(journal) && --journal->marks.count == 0)
		forget_entries(journal);
}

static void undo(struct ruleset *rules, const struct journal_entry *entry)
{
	switch (entry->kind) {
	case JOURNAL_SLOT:
		*arch_rules_slot(entry->rules, entry->at) = entry->slot;
		break;
	case JOURNAL_ORDERED:
		ordered_drop(entry->rules, entry->at);
		break;
	case JOURNAL_NODES:
		arch_rules_drop_nodes(entry->rules, entry->at);
		break;
	case JOURNAL_ARCH_ADDED:
		arch_rules_free(take_arch(rules, rules->archs.count - 1));
		break;
	case JOURNAL_ARCH_REMOVED:
		/* There is room: it was there, and everything that came after it is undone. */
		assert(rules->archs.count < rules->archs.capacity && entry->at <= rules->archs.count);
		memmove(&rules->archs.items[entry->at + 1], &rules->archs.items[entry->at],
		        (rules->archs.count - entry->at) * sizeof(rules->archs.items[0]));
		rules->archs.items[entry->at] = entry->rules;
		rules->archs.count++;
		break;
	}
}

bool ruleset_reject(struct ruleset *rules)
{
	struct journal *journal = &rules->journal;

	if (!journal_is_open(journal))
		return false;
	size_t mark = journal->marks.items[--journal->marks.count];
	assert(mark <= journal->entries.count);
	while (journal->entries.count > mark)
		undo(rules, &journal->entries.items[--journal->entries.count]);
	return true;
}
