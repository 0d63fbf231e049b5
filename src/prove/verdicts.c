#include "prove/verdicts.h"

#include "prove/witness.h"

/* Outside the cell, everything becomes one and the same, a leaf. */
static node restrict_number(struct diagram *d, const struct cell *cell, node n, node outside)
{
	struct diagram_number arch = {INPUT_ARCH, 0, INPUT_WORD_BITS, INPUT_WORD_MAX}, nr = arch;

	nr.field = INPUT_NR;
	n = diagram_compare(d, nr, POLICY_GE, cell->nr_first, n, outside);
	n = diagram_compare(d, nr, POLICY_LE, cell->nr_last, n, outside);
	n = diagram_compare(d, arch, POLICY_GE, cell->arch_first, n, outside);
	return diagram_compare(d, arch, POLICY_LE, cell->arch_last, n, outside);
}

static void restrict_all(struct diagram *d, const struct cell *cell, node *nodes, size_t count, node outside)
{
	bool numbers = false;

	for (size_t i = 0; i < count; i++)
		numbers = numbers || diagram_tests_number(d, nodes[i]);
	for (size_t i = 0; numbers && i < count; i++)
		nodes[i] = restrict_number(d, cell, nodes[i], outside);
}

static void ask_bits(struct verdicts *verdicts, struct side *sides, size_t count, const struct cell *cell)
{
	verdicts->in_bits = true;
	for (size_t i = 0; i < count && !verdicts->diagram->failed; i++)
		verdicts->bits[i] = side_bits(&sides[i], cell);
	if (!verdicts->diagram->failed)
		restrict_all(verdicts->diagram, cell, verdicts->bits[0].bit, count * VERDICT_BITS,
		             verdicts->diagram->zero);
}

void verdicts_ask(struct verdicts *verdicts, struct diagram *diagram, struct side *sides, size_t count,
                  const struct cell *cell)
{
	verdicts->diagram = diagram;
	verdicts->in_bits = false;
	for (size_t i = 0; i < count && !diagram->failed; i++)
		verdicts->whole[i] = side_node(&sides[i], cell);
	if (diagram->failed == MACHINE_RETURNS_WORDS) {
		diagram->failed = 0;
		ask_bits(verdicts, sides, count, cell);
	} else if (!diagram->failed)
		restrict_all(diagram, cell, verdicts->whole, count, (node){0});
}

bool verdicts_same(const struct verdicts *verdicts)
{
	bool same = true;

	if (!verdicts->in_bits)
		return node_same(verdicts->whole[0], verdicts->whole[1]);
	for (unsigned i = 0; i < VERDICT_BITS; i++)
		same = same && node_same(verdicts->bits[0].bit[i], verdicts->bits[1].bit[i]);
	return same;
}

struct seccomp_data verdicts_witness(const struct verdicts *verdicts, const struct cell *cell)
{
	node a = verdicts->whole[0], b = verdicts->whole[1];

	for (unsigned i = 0; verdicts->in_bits && i < VERDICT_BITS; i++) {
		a = verdicts->bits[0].bit[i];
		b = verdicts->bits[1].bit[i];
		if (!node_same(a, b))
			break;
	}
	return witness_of_difference(verdicts->diagram, cell, a, b);
}

node verdicts_calls(const struct verdicts *verdicts, const struct cell *cell)
{
	struct diagram *d = verdicts->diagram;

	return restrict_number(d, cell, d->one, d->zero);
}

node verdicts_differ(const struct verdicts *verdicts)
{
	struct diagram *d = verdicts->diagram;
	node result = d->zero;

	if (!verdicts->in_bits)
		return diagram_differ(d, verdicts->whole[0], verdicts->whole[1]);
	for (unsigned i = 0; i < VERDICT_BITS; i++)
		result =
		    diagram_or(d, result, diagram_xor(d, verdicts->bits[0].bit[i], verdicts->bits[1].bit[i]));
	return result;
}

/* Where the bits of the verdict from `lowest` on are these. */
static node bits_are(const struct verdicts *verdicts, size_t side, uint32_t verdict, unsigned lowest)
{
	struct diagram *d = verdicts->diagram;
	node result = d->one;

	for (unsigned i = lowest; i < VERDICT_BITS; i++) {
		node bit = verdicts->bits[side].bit[i];
		result = diagram_and(d, result, verdict >> i & 1 ? bit : diagram_not(d, bit));
	}
	return result;
}

node verdicts_are(const struct verdicts *verdicts, size_t side, uint32_t verdict)
{
	return verdicts->in_bits ? bits_are(verdicts, side, verdict, 0)
	                         : diagram_where(verdicts->diagram, verdicts->whole[side], verdict);
}

node verdicts_allow(const struct verdicts *verdicts, size_t side)
{
	enum { DATA_BITS = 16 };

	if (!verdicts->in_bits)
		return diagram_allows(verdicts->diagram, verdicts->whole[side]);
	return diagram_or(verdicts->diagram, bits_are(verdicts, side, SECCOMP_RET_ALLOW, DATA_BITS),
	                  bits_are(verdicts, side, SECCOMP_RET_LOG, DATA_BITS));
}
