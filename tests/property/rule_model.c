#include "rule_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define X32_BIT 0x40000000u

static bool is_wide(uint32_t token)
{
	return token & 0x80000000u && token != SCMP_ARCH_MIPS64N32 && token != SCMP_ARCH_MIPSEL64N32;
}

static bool is_multiplexing(uint32_t token)
{
	static const uint32_t tokens[] = {
	    SCMP_ARCH_X86,     SCMP_ARCH_M68K, SCMP_ARCH_MIPS,  SCMP_ARCH_MIPSEL, SCMP_ARCH_PPC, SCMP_ARCH_PPC64,
	    SCMP_ARCH_PPC64LE, SCMP_ARCH_S390, SCMP_ARCH_S390X, SCMP_ARCH_SHEB,   SCMP_ARCH_SH,
	};

	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		if (tokens[i] == token)
			return true;
	return false;
}

static bool is_big_endian(uint32_t token)
{
	return !(token & 0x40000000u);
}

static uint32_t audit(uint32_t token)
{
	return token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
}

void model_init(struct model *model, uint32_t default_action)
{
	memset(model, 0, sizeof(*model));
	model->default_action = default_action;
	model->bad_arch_action = SCMP_ACT_KILL;
	model->now.count = 1;
	model->now.archs[0].token = seccomp_arch_native();
}

static size_t find_arch(const struct model *model, uint32_t token)
{
	size_t i = 0;

	while (i < model->now.count && model->now.archs[i].token != token)
		i++;
	return i;
}

int model_arch_add(struct model *model, uint32_t token)
{
	struct model_state *now = &model->now;

	if (find_arch(model, token) < now->count)
		return -EEXIST;
	if (now->count && is_big_endian(now->archs[0].token) != is_big_endian(token))
		return -EDOM;
	memset(&now->archs[now->count], 0, sizeof(now->archs[0]));
	now->archs[now->count++].token = token;
	return 0;
}

int model_arch_remove(struct model *model, uint32_t token)
{
	size_t at = find_arch(model, token);

	if (at == model->now.count)
		return -EEXIST;
	for (size_t i = at; i + 1 < model->now.count; i++)
		model->now.archs[i] = model->now.archs[i + 1];
	model->now.count--;
	return 0;
}

static bool is_same_condition(const struct scmp_arg_cmp *a, const struct scmp_arg_cmp *b)
{
	return a->arg == b->arg && a->op == b->op && a->datum_a == b->datum_a && a->datum_b == b->datum_b;
}

static bool is_prefix(const struct model_rule *a, const struct model_rule *b)
{
	if (a->count > b->count)
		return false;
	for (unsigned i = 0; i < a->count; i++)
		if (!is_same_condition(&a->args[i], &b->args[i]))
			return false;
	return true;
}

static void remove_rule(struct model_arch *arch, size_t at)
{
	memmove(&arch->rules[at], &arch->rules[at + 1], (--arch->count - at) * sizeof(arch->rules[0]));
}

/* Section 5.3, rules 1 to 6, in their order. */
static int insert(struct model_arch *arch, const struct model_rule *rule)
{
	for (size_t i = 0; i < arch->count; i++)
		if (arch->rules[i].nr == rule->nr && arch->rules[i].count == 0)
			return 0;
	for (size_t i = 0; i < arch->count; i++) {
		const struct model_rule *old = &arch->rules[i];
		if (old->nr != rule->nr)
			continue;
		if (is_prefix(old, rule))
			return old->count == rule->count && old->action != rule->action ? -EEXIST : 0;
		if (rule->count && is_prefix(rule, old) && old->action != rule->action)
			return -EEXIST;
	}
	for (size_t i = arch->count; i-- > 0;)
		if (arch->rules[i].nr == rule->nr && is_prefix(rule, &arch->rules[i]))
			remove_rule(arch, i);
	if (arch->count == MODEL_RULES)
		abort();
	arch->rules[arch->count++] = *rule;
	return 0;
}

/* Sections 5.3.2 and 5.4: what the architecture's word leaves of the comparisons, in argument order. */
static struct model_rule reduce(const struct model_arch *arch, uint32_t nr, uint32_t action, unsigned count,
                                const struct scmp_arg_cmp *args)
{
	uint64_t word = is_wide(arch->token) ? UINT64_MAX : UINT32_MAX;
	struct model_rule rule = {.nr = nr, .action = action};

	for (unsigned arg = 0; arg < 6; arg++)
		for (unsigned i = 0; i < count; i++) {
			struct scmp_arg_cmp one = args[i];
			if (one.arg != arg)
				continue;
			one.datum_a &= word;
			one.datum_b = one.op == SCMP_CMP_MASKED_EQ ? one.datum_b & one.datum_a : 0;
			if (one.op != SCMP_CMP_MASKED_EQ || one.datum_a)
				rule.args[rule.count++] = one;
		}
	return rule;
}

static int add_to(struct model_arch *arch, uint32_t nr, uint32_t action, unsigned count,
                  const struct scmp_arg_cmp *args)
{
	struct model_rule rule = reduce(arch, nr, action, count, args);

	return insert(arch, &rule);
}

static int direct_number(uint32_t token, const char *name)
{
	/* The public interface tells pseudo numbers for these names, so: the number that has the name. */
	for (int nr = 0; nr < 7000; nr++) {
		char *found = seccomp_syscall_resolve_num_arch(token, nr);
		bool same = found && name && strcmp(found, name) == 0;
		free(found);
		if (same && seccomp_syscall_resolve_name_arch(token, "read") / 1000 == nr / 1000)
			return nr;
	}
	return -1;
}

static int add_multiplexed(struct model_arch *arch, int pseudo, uint32_t action, unsigned count,
                           const struct scmp_arg_cmp *args)
{
	bool is_socket = pseudo > -200;
	struct scmp_arg_cmp inner[7];
	unsigned inner_count = 0;

	/* The kernel reads socketcall's call number as an int, and the low half of ipc's. */
	if (is_socket && !is_wide(arch->token))
		inner[inner_count++] = (struct scmp_arg_cmp){0, SCMP_CMP_EQ, (uint64_t)(-pseudo - 100), 0};
	else if (is_socket)
		inner[inner_count++] =
		    (struct scmp_arg_cmp){0, SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint64_t)(-pseudo - 100)};
	else
		inner[inner_count++] = (struct scmp_arg_cmp){0, SCMP_CMP_MASKED_EQ, 0xffff, (uint64_t)(-pseudo - 200)};
	for (unsigned i = 0; i < count; i++)
		if (args[i].arg != 0)
			inner[inner_count++] = args[i];
	char *name = seccomp_syscall_resolve_num_arch(arch->token, pseudo);
	int direct = name ? direct_number(arch->token, name) : -1;
	free(name);
	int base = arch->token == SCMP_ARCH_MIPS || arch->token == SCMP_ARCH_MIPSEL ? 4000 : 0;
	int result = add_to(arch, (uint32_t)(base + (is_socket ? 102 : 117)), action, inner_count, inner);
	return result == 0 && direct >= 0 ? add_to(arch, (uint32_t)direct, action, count, args) : result;
}

static int add_to_arch(struct model_arch *arch, bool exact, uint32_t action, int nr, unsigned count,
                       const struct scmp_arg_cmp *args)
{
	if (arch->token != seccomp_arch_native() && nr != -1) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
		if (!name)
			return -EFAULT;
		nr = seccomp_syscall_resolve_name_arch(arch->token, name);
		free(name);
	}
	if (nr >= -1)
		return add_to(arch, (uint32_t)nr, action, count, args);
	bool is_family = (nr <= -100 && nr >= -120) || (nr <= -200 && nr >= -224);
	if (is_multiplexing(arch->token) && is_family)
		return exact && count ? -EINVAL : add_multiplexed(arch, nr, action, count, args);
	if (exact)
		return -EDOM;
	return is_multiplexing(arch->token) ? 0 : add_to(arch, (uint32_t)nr, action, count, args);
}

static int check_args(unsigned count, const struct scmp_arg_cmp *args)
{
	for (unsigned i = 0; i < count; i++) {
		if (args[i].arg > 5 || (int)args[i].op < 1 || args[i].op > 7)
			return -EINVAL;
		for (unsigned j = 0; j < i; j++)
			if (args[j].arg == args[i].arg)
				return -EINVAL;
	}
	return 0;
}

int model_rule_add(struct model *model, bool exact, uint32_t action, int nr, unsigned count,
                   const struct scmp_arg_cmp *args)
{
	if (model->now.count == 0)
		return -EINVAL;
	if (nr < 0 && nr > -100 && !(nr == -1 && model->skip_rules))
		return -EINVAL;
	if (action == model->default_action)
		return -EACCES;
	if (exact && model->now.count > 1)
		return -EOPNOTSUPP;
	if (check_args(count, args) < 0)
		return -EINVAL;
	struct model_state *before = malloc(sizeof(*before));
	*before = model->now;
	int result = 0;
	for (size_t i = 0; i < model->now.count && result == 0; i++)
		result = add_to_arch(&model->now.archs[i], exact, action, nr, count, args);
	if (result < 0)
		model->now = *before;
	free(before);
	return result;
}

void model_start(struct model *model)
{
	model->saved[model->depth++] = model->now;
}

void model_commit(struct model *model)
{
	if (model->depth)
		model->depth--;
}

void model_reject(struct model *model)
{
	if (model->depth)
		model->now = model->saved[--model->depth];
}

static bool condition_holds(const struct scmp_arg_cmp *one, uint64_t value)
{
	switch (one->op) {
	case SCMP_CMP_NE:
		return value != one->datum_a;
	case SCMP_CMP_LT:
		return value < one->datum_a;
	case SCMP_CMP_LE:
		return value <= one->datum_a;
	case SCMP_CMP_EQ:
		return value == one->datum_a;
	case SCMP_CMP_GE:
		return value >= one->datum_a;
	case SCMP_CMP_GT:
		return value > one->datum_a;
	default:
		return (value & one->datum_a) == one->datum_b;
	}
}

static bool matches(const struct model_rule *rule, uint32_t token, const struct seccomp_data *call)
{
	for (unsigned i = 0; i < rule->count; i++) {
		uint64_t value = call->args[rule->args[i].arg];
		if (!condition_holds(&rule->args[i], is_wide(token) ? value : (uint32_t)value))
			return false;
	}
	return true;
}

static int rank(enum scmp_compare op)
{
	return op == SCMP_CMP_LT || op == SCMP_CMP_LE ? 1 : op == SCMP_CMP_GT || op == SCMP_CMP_GE ? 2 : 0;
}

/* Section 5.3, rule 7: does a come before b for certain? */
static bool precedes(const struct model_rule *a, const struct model_rule *b)
{
	for (unsigned i = 0; i < a->count && i < b->count; i++) {
		const struct scmp_arg_cmp *x = &a->args[i], *y = &b->args[i];
		uint64_t x_datum = x->op == SCMP_CMP_MASKED_EQ ? x->datum_b : x->datum_a;
		uint64_t y_datum = y->op == SCMP_CMP_MASKED_EQ ? y->datum_b : y->datum_a;
		if (x->arg != y->arg)
			return x->arg > y->arg;
		if (rank(x->op) != rank(y->op))
			return rank(x->op) < rank(y->op);
		if (x_datum != y_datum)
			return rank(x->op) == 1 ? x_datum < y_datum : x_datum > y_datum;
		if (!is_same_condition(x, y))
			return false; /* left open */
	}
	return false;
}

/*
 * Rules of one architecture: 1 if the verdict may come from them, 0 if some match but it may not, -1 if none matches.
 */
static int allows_of(const struct model_arch *arch, const struct seccomp_data *call, uint32_t verdict)
{
	int found = -1;

	for (size_t i = 0; i < arch->count; i++) {
		const struct model_rule *rule = &arch->rules[i];
		bool first = true;
		if (rule->nr != (uint32_t)call->nr || !matches(rule, arch->token, call))
			continue;
		for (size_t j = 0; j < arch->count && first; j++)
			first = !(arch->rules[j].nr == rule->nr && matches(&arch->rules[j], arch->token, call) &&
			          precedes(&arch->rules[j], rule));
		if (found < 1)
			found = first && rule->action == verdict;
	}
	return found;
}

bool model_allows(const struct model *model, const struct seccomp_data *call, uint32_t verdict)
{
	uint32_t nr = (uint32_t)call->nr;
	bool covered = false;
	bool has_x86_64 = find_arch(model, SCMP_ARCH_X86_64) < model->now.count;
	bool has_x32 = find_arch(model, SCMP_ARCH_X32) < model->now.count;

	for (size_t i = 0; i < model->now.count; i++)
		covered = covered || audit(model->now.archs[i].token) == call->arch;
	if (call->arch == SCMP_ARCH_X86_64 && has_x86_64 && !has_x32 && nr >= X32_BIT && nr != UINT32_MAX)
		covered = false;
	if (call->arch == SCMP_ARCH_X86_64 && !has_x86_64 && nr < X32_BIT)
		covered = false;
	if (!covered)
		return verdict == model->bad_arch_action;
	/* Pseudo numbers are in no filter, and -1 only where it was asked for. */
	bool is_hidden = call->nr < -1 || (call->nr == -1 && !model->skip_rules);
	for (size_t i = 0; i < model->now.count && !is_hidden; i++) {
		int found = audit(model->now.archs[i].token) == call->arch
		                ? allows_of(&model->now.archs[i], call, verdict)
		                : -1;
		if (found >= 0)
			return found;
	}
	return verdict == model->default_action;
}

static void write_rule(const struct model_rule *rule, FILE *out)
{
	static const char *const operators[] = {"", "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"};

	fprintf(out, "rule 0x%x\n", rule->action);
	for (unsigned i = 0; i < rule->count; i++) {
		const struct scmp_arg_cmp *one = &rule->args[i];
		bool masked = one->op == SCMP_CMP_MASKED_EQ;
		fprintf(out, "condition %u %s 0x%llx 0x%llx\n", one->arg, operators[one->op],
		        masked ? (unsigned long long)one->datum_a : ~0ull,
		        (unsigned long long)(masked ? one->datum_b : one->datum_a));
	}
}

/* The rules for one number, those that come first for certain first. */
static bool write_number(const struct model_arch *arch, uint32_t nr, FILE *out)
{
	bool done[MODEL_RULES] = {false};

	fprintf(out, "call 0x%x\n", nr);
	for (;;) {
		size_t left = 0, next = arch->count;
		for (size_t i = 0; i < arch->count; i++) {
			bool first = arch->rules[i].nr == nr && !done[i];
			left += first;
			for (size_t j = 0; j < arch->count && first; j++) {
				const struct model_rule *other = &arch->rules[j];
				if (other->nr != nr || done[j] || i == j)
					continue;
				bool comes_after = precedes(other, &arch->rules[i]);
				if (!comes_after && !precedes(&arch->rules[i], other) &&
				    other->action != arch->rules[i].action)
					return false;
				first = !comes_after;
			}
			if (first)
				next = i;
		}
		if (left == 0 || next == arch->count)
			return left == 0;
		done[next] = true;
		write_rule(&arch->rules[next], out);
	}
}

static bool write_arch(const struct model_arch *arch, FILE *out)
{
	uint32_t first = arch->token == SCMP_ARCH_X32 ? X32_BIT : 0;
	uint32_t last = arch->token == SCMP_ARCH_X86_64 ? X32_BIT - 1 : UINT32_MAX;

	fprintf(out, "architecture 0x%x 0x%x 0x%x %d\n", audit(arch->token), first, last,
	        is_wide(arch->token) ? 64 : 32);
	for (size_t i = 0; i < arch->count; i++) {
		bool seen = (int32_t)arch->rules[i].nr < 0; /* in no filter */
		for (size_t j = 0; j < i && !seen; j++)
			seen = arch->rules[j].nr == arch->rules[i].nr;
		if (!seen && !write_number(arch, arch->rules[i].nr, out))
			return false;
	}
	return true;
}

bool model_write(const struct model *model, FILE *out)
{
	fprintf(out, "callgate-proof 1\norder %s\ndefault 0x%x\nbad-architecture 0x%x\n",
	        is_big_endian(model->now.archs[0].token) ? "big" : "little", model->default_action,
	        model->bad_arch_action);
	for (size_t i = 0; i < model->now.count; i++)
		if (!write_arch(&model->now.archs[i], out))
			return false;
	return true;
}
