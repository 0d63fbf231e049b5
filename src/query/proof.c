#include "query/proof.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/program.h"

/* ---- calls and actions ---- */

enum { DECIMAL_MAX = 9999, ARGUMENTS_MAX = 6, NAME_MAX_LENGTH = 40 };

/* Each name between two spaces; what is not in the list has 6 arguments. */
static const char *const names[ARGUMENTS_MAX] = {
#define ARGUMENTS(count, names) [count] = names,
#include "query/data/arguments.inc"
#undef ARGUMENTS
};

/* How many arguments a system call takes: 0 to 6, and 6 for a name that is not in the list, or NULL. */
static unsigned argument_count(const char *name)
{
	char between[NAME_MAX_LENGTH + 3];

	if (!name || strlen(name) > NAME_MAX_LENGTH)
		return ARGUMENTS_MAX;
	snprintf(between, sizeof(between), " %s ", name);
	for (unsigned i = 0; i < ARGUMENTS_MAX; i++)
		if (strstr(names[i], between))
			return i;
	return ARGUMENTS_MAX;
}

/* Error numbers 1 to 34 are the same on every architecture; 38 is ENOSYS on nearly all. */
static bool is_common_error(uint32_t number)
{
	return number <= 34 || number == 38;
}

void describe_action(uint32_t action, struct strbuf *out)
{
	uint32_t data = action & SECCOMP_RET_DATA;
	bool error = (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
	char text[CALLGATE_ACTION_TEXT];

	callgate_action_text(action, text);
	if (error && !is_common_error(data))
		bpf_format_action(action, out);
	else
		strbuf_append(out, text);
}

static const char *name_of(uint32_t audit, uint32_t nr)
{
	const struct callgate_arch *arch = arch_of_call(audit, nr);

	return arch ? arch_syscall_name(arch, (int32_t)nr) : NULL;
}

static void describe_number(uint64_t number, struct strbuf *out)
{
	strbuf_printf(out, number <= DECIMAL_MAX ? "%" PRIu64 : "0x%" PRIx64, number);
}

static void describe_arguments(const struct seccomp_data *call, witness_fields depends, unsigned count,
                               struct strbuf *out)
{
	for (unsigned i = count; i < 6; i++)
		if (depends >> i & 1)
			count = i + 1;
	strbuf_append(out, "(");
	for (unsigned i = 0; i < count; i++) {
		strbuf_append(out, i ? ", " : "");
		if (depends >> i & 1)
			describe_number(call->args[i], out);
		else
			strbuf_append(out, "*");
	}
	strbuf_append(out, ")");
}

void describe_number_of_call(uint32_t audit, uint32_t nr, struct strbuf *out)
{
	const char *name = name_of(audit, nr);

	if (name)
		strbuf_append(out, name);
	else if (nr == UINT32_MAX)
		strbuf_append(out, "call number -1");
	else {
		strbuf_append(out, "call number ");
		describe_number(nr, out);
	}
}

void describe_call(const struct seccomp_data *call, witness_fields depends, struct strbuf *out)
{
	uint32_t nr = (uint32_t)call->nr;
	const struct callgate_arch *arch = arch_of_call(call->arch, nr);

	describe_number_of_call(call->arch, nr, out);
	describe_arguments(call, depends, argument_count(name_of(call->arch, nr)), out);
	if (depends >> INPUT_IP & 1)
		strbuf_printf(out, " at instruction 0x%llx", (unsigned long long)call->instruction_pointer);
	if (arch)
		strbuf_printf(out, " on %s", arch->name);
	else
		strbuf_printf(out, " on architecture 0x%08x", call->arch);
	if (arch_nr_is_no_call(nr))
		strbuf_append(out, ", which is no system call");
}

/* ---- why there is no answer ---- */

static void describe_limit(enum diagram_limit what, size_t limit, struct strbuf *text)
{
	static const char *const units[] = {
	    [DIAGRAM_NODES] = "nodes of its decision diagrams",
	    [DIAGRAM_STEPS] = "steps",
	    [DIAGRAM_STATES] = "states of a program",
	    [DIAGRAM_VALUES] = "values that a program computes",
	};

	strbuf_printf(text, "the budget of %zu %s is used up: too many conditions that overlap on several arguments",
	              limit, units[what]);
}

static void describe_instruction(const struct space_failure *failure, const struct filter *filter, struct strbuf *text)
{
	const struct filter_place *place = &failure->place;
	const struct sock_filter *insn = &filter->programs[place->program]->insns[place->instruction];
	uint16_t op = BPF_OP(insn->code);

	strbuf_printf(text, "not modelled: instruction %zu", place->instruction);
	if (filter->program_count > 1)
		strbuf_printf(text, " of program %zu", place->program);
	strbuf_append(text, bpf_kind_of(insn) == BPF_KIND_RETURN ? " returns a computed word"
	                    : op == BPF_MUL                      ? " multiplies"
	                                                         : " divides");
}

static void describe_region(const struct region *region, struct strbuf *text)
{
	const struct callgate_arch *arch = arch_of_call(region->arch_first, region->nr_first);
	bool all_calls = region->nr_first == 0 && region->nr_last == UINT32_MAX;

	if (all_calls)
		strbuf_append(text, "all calls");
	else
		describe_number_of_call(region->arch_first, region->nr_first, text);
	if (region->nr_first != region->nr_last && !all_calls) {
		strbuf_append(text, " to ");
		describe_number_of_call(region->arch_first, region->nr_last, text);
	}
	if (region->arch_first == 0 && region->arch_last == UINT32_MAX)
		strbuf_append(text, " on all architectures");
	else if (region->arch_first != region->arch_last)
		strbuf_printf(text, " on architectures 0x%08x to 0x%08x", region->arch_first, region->arch_last);
	else if (arch)
		strbuf_printf(text, " on %s", arch->name);
	else
		strbuf_printf(text, " on architecture 0x%08x", region->arch_first);
}

void proof_describe_failure(const char *what, const struct space_failure *failure, const struct filter *const *filters,
                            struct diag *diag)
{
	struct strbuf text = {0};

	assert(failure->error == -EDQUOT || failure->error == -EOPNOTSUPP);
	strbuf_printf(&text, "%s for ", what);
	describe_region(&failure->region, &text);
	strbuf_append(&text, ": ");
	if (failure->error == -EOPNOTSUPP)
		describe_instruction(failure, filters[failure->filter], &text);
	else
		describe_limit(failure->exhausted, failure->limit, &text);
	diag_set(diag, "%s", text.text && !text.failed ? text.text : what);
	strbuf_finish(&text);
}

static void describe_difference(const struct prove_witness *witness, bool rules, struct diag *diag)
{
	struct strbuf text = {0};

	describe_call(&witness->call, witness->depends, &text);
	strbuf_append(&text, rules ? ": the rules say " : ": one gives ");
	describe_action(witness->expected, &text);
	strbuf_append(&text, rules ? ", the program gives " : ", the other ");
	describe_action(witness->actual, &text);
	diag_set(diag, "%s", text.text && !text.failed ? text.text : "the filters differ");
	strbuf_finish(&text);
}

/* ---- proofs ---- */

bool proof_is_acceptable(const struct filter *filter, struct diag *diag)
{
	if (!filter->policy && filter->program_count == 0)
		return diag_fail(diag, false, "there is no program");
	for (size_t i = 0; !filter->policy && i < filter->program_count; i++)
		if (bpf_accept(filter->programs[i], diag) < 0)
			return false;
	return true;
}

/* ---- programs that are the same ---- */

static bool reads_k(const struct bpf_code *code)
{
	switch ((enum bpf_kind)code->kind) {
	case BPF_KIND_BRANCH:
	case BPF_KIND_ARITHMETIC:
	case BPF_KIND_RETURN:
		return !code->x;
	default:
		return code->kind != BPF_KIND_LENGTH && code->kind != BPF_KIND_MOVE && code->kind != BPF_KIND_NEGATE;
	}
}

/* An instruction without what it does not use; a branch whose sides meet is a jump. */
static struct sock_filter canonical(const struct sock_filter *insn)
{
	const struct bpf_code *code = bpf_code_of(insn);
	bool branches = code->kind == BPF_KIND_BRANCH;

	if (branches && insn->jt == insn->jf)
		return (struct sock_filter){.code = BPF_JMP | BPF_JA, .k = insn->jt};
	return (struct sock_filter){insn->code, branches ? insn->jt : 0, branches ? insn->jf : 0,
	                            reads_k(code) ? insn->k : 0};
}

static bool same_program(const struct callgate_program *a, const struct callgate_program *b)
{
	bool same = a->big_endian == b->big_endian && a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++) {
		struct sock_filter x = canonical(&a->insns[i]), y = canonical(&b->insns[i]);
		same = x.code == y.code && x.jt == y.jt && x.jf == y.jf && x.k == y.k;
	}
	return same;
}

bool proof_is_trivial(const struct filter *a, const struct filter *b)
{
	bool same = !a->policy && !b->policy && a->program_count == b->program_count;

	for (size_t i = 0; same && i < a->program_count; i++)
		same = same_program(a->programs[i], b->programs[i]);
	return same;
}

/* ---- other filters ---- */

struct comparison {
	const struct filter *filters[2];
	struct diagram *diagram;
	struct prove_result result;
};

/* A first difference ends the walk. */
enum { FOUND = 1 };

/* The fields that the verdicts depend on, as far as the budget allows to say it. */
static void find_fields(struct diagram *d, struct prove_witness *witness, const node *verdicts)
{
	node both = diagram_and(d, diagram_where(d, verdicts[0], witness->expected),
	                        diagram_where(d, verdicts[1], witness->actual));

	witness->depends = (1u << INPUT_WIDE_FIELDS) - 1;
	if (!d->failed)
		witness->depends = witness_depends(d, both, &witness->call);
	d->failed = 0;
}

static int compare_region(void *closure, const struct region *region, const node *verdicts)
{
	struct comparison *c = closure;
	struct prove_witness *witness = &c->result.witness;

	if (node_same(verdicts[0], verdicts[1]))
		return 0;
	witness->call = witness_of_difference(c->diagram, region, verdicts[0], verdicts[1]);
	witness->expected = witness_verdict(c->filters[0], &witness->call);
	witness->actual = witness_verdict(c->filters[1], &witness->call);
	find_fields(c->diagram, witness, verdicts);
	return FOUND;
}

static int compare(struct comparison *c, const struct prove_budget *budget)
{
	struct space space;
	struct arena_room room;
	int result = space_init(&space, &room, c->filters, 2, budget ? budget->nodes : 0, budget ? budget->work : 0);

	c->diagram = &space.diagram;
	if (result == 0)
		result = space_walk(&space, &REGION_EVERYTHING, compare_region, c);
	c->result.nodes = space.diagram.peak;
	c->result.work = space.diagram.work;
	c->result.failure = space.failure;
	space_finish(&space);
	return result;
}

int proof_equal(const struct filter *a, const struct filter *b, const struct prove_budget *budget, struct diag *diag,
                struct prove_result *ret_result)
{
	struct comparison c = {.filters = {a, b}};

	*ret_result = (struct prove_result){.outcome = PROVE_REFUSED};
	if (!proof_is_acceptable(a, diag) || !proof_is_acceptable(b, diag))
		return 0;
	int result = proof_is_trivial(a, b) ? 0 : compare(&c, budget);
	if (result == -ENOMEM)
		return diag_fail(diag, -ENOMEM, "out of memory for a proof");
	if (result == 0) {
		c.result.outcome = PROVE_EQUAL;
	} else if (result == FOUND && c.result.witness.expected != c.result.witness.actual) {
		c.result.outcome = PROVE_DIFFERENT;
		describe_difference(&c.result.witness, a->policy != NULL, diag);
	} else if (result == FOUND) {
		diag_set(diag, "no proof: simulation does not confirm the witness (a defect of this library)");
	} else {
		proof_describe_failure("no proof", &c.result.failure, c.filters, diag);
	}
	*ret_result = c.result;
	return 0;
}

/* What the programs' bytes say, where these are not the instructions themselves. */
static int read_again(struct callgate_program *const *programs, size_t count, struct callgate_program **ret_read)
{
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++)
		if (programs[i]->bytes != programs[i]->insns)
			result =
			    bpf_program_from_bytes(programs[i]->bytes, programs[i]->count * sizeof(struct sock_filter),
			                           programs[i]->big_endian, NULL, &ret_read[i]);
	return result;
}

int proof_policy(const struct policy *policy, struct callgate_program *const *programs, size_t count,
                 const struct prove_budget *budget, struct diag *diag, struct prove_result *ret_result)
{
	struct callgate_program **read = calloc(count + 1, sizeof(*read));
	const struct callgate_program **list = calloc(count + 1, sizeof(*list));
	struct filter rules = {.policy = policy}, made = {.programs = list, .program_count = count};
	int result = read && list ? read_again(programs, count, read) : -ENOMEM;

	for (size_t i = 0; i < count && result == 0; i++)
		list[i] = read[i] ? read[i] : programs[i];
	if (result == 0)
		result = proof_equal(&rules, &made, budget, diag, ret_result);
	else
		diag_fail(diag, result, "out of memory for a proof");
	for (size_t i = 0; read && i < count; i++)
		bpf_program_free(read[i]);
	free(read);
	free(list);
	return result;
}
