#include "policy/journal.h"

bool journal_start(struct journal *journal)
{
	return vec_push(&journal->marks, journal->entries.count);
}

static void forget_entries(struct journal *journal)
{
	for (size_t i = 0; i < journal->entries.count; i++)
		if (journal->entries.items[i].kind == JOURNAL_ARCH_REMOVED)
			arch_rules_free(journal->entries.items[i].rules);
	journal->entries.count = 0;
}

void journal_commit(struct journal *journal)
{
	if (journal->marks.count > 0 && --journal->marks.count == 0)
		forget_entries(journal);
}

bool journal_reserve(struct journal *journal, size_t more)
{
	return !journal_is_open(journal) || vec_reserve(&journal->entries, more);
}

void journal_note(struct journal *journal, struct journal_entry entry)
{
	if (journal_is_open(journal))
		journal->entries.items[journal->entries.count++] = entry;
}

void journal_finish(struct journal *journal)
{
	forget_entries(journal);
	vec_finish(&journal->entries);
	vec_finish(&journal->marks);
}
