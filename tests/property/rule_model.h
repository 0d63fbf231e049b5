/*
 * The contract's rules about rules, again and as naively as can be: lists that are copied as a whole and searched from
 * end to end. It shares no code with src/policy; system call numbers come through the public interface.
 */
#ifndef CALLGATE_TESTS_RULE_MODEL_H
#define CALLGATE_TESTS_RULE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <seccomp.h>

enum { MODEL_ARCHS = 6, MODEL_RULES = 200, MODEL_DEPTH = 12 };

struct model_rule {
	uint32_t nr;
	uint32_t action;
	unsigned count;
	struct scmp_arg_cmp args[6]; /* ascending by argument */
};

struct model_arch {
	uint32_t token;
	size_t count;
	struct model_rule rules[MODEL_RULES];
};

struct model_state {
	size_t count;
	struct model_arch archs[MODEL_ARCHS];
};

struct model {
	uint32_t default_action, bad_arch_action;
	bool skip_rules;
	struct model_state now;
	size_t depth;
	struct model_state saved[MODEL_DEPTH];
};

/* Each returns what the function of <seccomp.h> of that name must return. */
void model_init(struct model *model, uint32_t default_action);
int model_arch_add(struct model *model, uint32_t token);
int model_arch_remove(struct model *model, uint32_t token);
int model_rule_add(struct model *model, bool exact, uint32_t action, int nr, unsigned count,
                   const struct scmp_arg_cmp *args);
void model_start(struct model *model);
void model_commit(struct model *model);
void model_reject(struct model *model);

/* May a filter with these rules give this verdict? More than one may be right where the contract leaves it open. */
bool model_allows(const struct model *model, const struct seccomp_data *call, uint32_t verdict);

/*
 * Writes the policy in the language of docs/verified-checker.md, without programs. False where the contract leaves open
 * which of two rules with different actions wins; the text is then of no use.
 */
bool model_write(const struct model *model, FILE *out);

#endif
