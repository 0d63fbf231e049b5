/*
 * What transactions would have to take back: the inverse of each step since the outermost start, in order.
 */
#ifndef CALLGATE_POLICY_JOURNAL_H
#define CALLGATE_POLICY_JOURNAL_H

#include "base/vec.h"
#include "policy/arch_rules.h"

enum journal_kind {
	JOURNAL_SLOT,         /* `slot` was at reference `at` */
	JOURNAL_NODES,        /* there were `at` nodes */
	JOURNAL_ARCH_ADDED,   /* `rules` was not there */
	JOURNAL_ARCH_REMOVED, /* `rules` was at position `at`; it is owned by the journal now */
};

struct journal_entry {
	enum journal_kind kind;
	uint32_t at;
	struct arch_rules *rules;
	struct rule_slot slot;
};

/* Empty while no transaction is open. A mark is the number of entries at a start. */
struct journal {
	VEC(struct journal_entry) entries;
	VEC(size_t) marks;
};

/* False when memory is out. */
bool journal_start(struct journal *journal);

/* Forgets the innermost start; with the outermost, all entries too. */
void journal_commit(struct journal *journal);

/* Makes room for `more` entries if a transaction is open; false when memory is out. */
bool journal_reserve(struct journal *journal, size_t more);

/* Notes a step that is about to be done; nothing when no transaction is open. Room is there. */
void journal_note(struct journal *journal, struct journal_entry entry);

/* Forgets everything. */
void journal_finish(struct journal *journal);

static inline bool journal_is_open(const struct journal *journal)
{
	return journal->marks.count > 0;
}

#endif
