#include "support/random_program.h"

#include <stdlib.h>

#include <linux/seccomp.h>

#include "bpf/program.h"

static const uint16_t accepted_codes[] = {
    BPF_LD | BPF_W | BPF_ABS,
    BPF_LD | BPF_W | BPF_ABS,
    BPF_LD | BPF_W | BPF_ABS,
    BPF_LD | BPF_W | BPF_LEN,
    BPF_LDX | BPF_W | BPF_LEN,
    BPF_LD | BPF_IMM,
    BPF_LDX | BPF_IMM,
    BPF_LD | BPF_MEM,
    BPF_LDX | BPF_MEM,
    BPF_ST,
    BPF_STX,
    BPF_ALU | BPF_ADD | BPF_K,
    BPF_ALU | BPF_ADD | BPF_X,
    BPF_ALU | BPF_SUB | BPF_K,
    BPF_ALU | BPF_SUB | BPF_X,
    BPF_ALU | BPF_MUL | BPF_K,
    BPF_ALU | BPF_MUL | BPF_X,
    BPF_ALU | BPF_DIV | BPF_K,
    BPF_ALU | BPF_DIV | BPF_X,
    BPF_ALU | BPF_AND | BPF_K,
    BPF_ALU | BPF_AND | BPF_X,
    BPF_ALU | BPF_OR | BPF_K,
    BPF_ALU | BPF_OR | BPF_X,
    BPF_ALU | BPF_XOR | BPF_K,
    BPF_ALU | BPF_XOR | BPF_X,
    BPF_ALU | BPF_LSH | BPF_K,
    BPF_ALU | BPF_LSH | BPF_X,
    BPF_ALU | BPF_RSH | BPF_K,
    BPF_ALU | BPF_RSH | BPF_X,
    BPF_ALU | BPF_NEG,
    BPF_MISC | BPF_TAX,
    BPF_MISC | BPF_TXA,
    BPF_JMP | BPF_JA,
    BPF_JMP | BPF_JEQ | BPF_K,
    BPF_JMP | BPF_JEQ | BPF_X,
    BPF_JMP | BPF_JGE | BPF_K,
    BPF_JMP | BPF_JGE | BPF_X,
    BPF_JMP | BPF_JGT | BPF_K,
    BPF_JMP | BPF_JGT | BPF_X,
    BPF_JMP | BPF_JSET | BPF_K,
    BPF_JMP | BPF_JSET | BPF_X,
    BPF_RET | BPF_K,
};

uint32_t random_word(struct random *random)
{
	switch (random_below(random, 6)) {
	case 0:
		return random_below(random, 4);
	case 1:
		return 0u - random_below(random, 4);
	case 2:
		return (1u << random_below(random, 32)) + random_below(random, 3) - 1;
	case 3:
		return random_below(random, 500);
	default:
		return (uint32_t)random_next(random);
	}
}

static uint32_t random_return(struct random *random)
{
	static const uint32_t others[] = {SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_KILL_PROCESS,
	                                  SECCOMP_RET_TRACE,       SECCOMP_RET_LOG,  SECCOMP_RET_ALLOW,
	                                  SECCOMP_RET_USER_NOTIF,  SECCOMP_RET_ERRNO};

	if (random_below(random, 40) == 0)
		return others[random_below(random, 8)] | random_below(random, 3);
	return SECCOMP_RET_ERRNO | random_below(random, 4200);
}

static uint32_t distance(struct random *random, size_t left)
{
	uint32_t bound = left > 256 ? 256 : (uint32_t)left;

	if (random_below(random, 3) && bound > 4)
		bound = 4;
	return bound ? random_below(random, bound) : 0;
}

static uint32_t operand(struct random *random, uint16_t code, size_t left)
{
	switch (BPF_CLASS(code)) {
	case BPF_RET:
		return random_return(random);
	case BPF_ST:
	case BPF_STX:
		return random_below(random, 4);
	case BPF_LD:
	case BPF_LDX:
		if (BPF_MODE(code) == BPF_ABS)
			return random_below(random, 16) * 4;
		return BPF_MODE(code) == BPF_MEM ? random_below(random, 4) : random_word(random);
	case BPF_ALU:
		if (code == (BPF_ALU | BPF_LSH | BPF_K) || code == (BPF_ALU | BPF_RSH | BPF_K))
			return random_below(random, 32);
		if (code == (BPF_ALU | BPF_DIV | BPF_K))
			return random_word(random) | 1;
		return random_word(random);
	default:
		return code == (BPF_JMP | BPF_JA) ? distance(random, left) : random_word(random);
	}
}

static struct sock_filter plausible(struct random *random, size_t at, size_t count)
{
	size_t left = count - at - 1;
	uint16_t code = accepted_codes[random_below(random, sizeof(accepted_codes) / sizeof(accepted_codes[0]))];
	struct sock_filter insn = {.code = code, .k = operand(random, code, left)};

	if (BPF_CLASS(code) == BPF_JMP && BPF_OP(code) != BPF_JA) {
		insn.jt = (uint8_t)distance(random, left);
		insn.jf = (uint8_t)distance(random, left);
	}
	return insn;
}

static void spoil(struct random *random, struct sock_filter *insn)
{
	switch (random_below(random, 5)) {
	case 0:
		insn->code ^= (uint16_t)(1u << random_below(random, 16));
		break;
	case 1:
		insn->code = (uint16_t)random_below(random, 256);
		break;
	case 2:
		insn->k = random_word(random);
		break;
	case 3:
		insn->jt = (uint8_t)random_next(random);
		break;
	default:
		insn->jf = (uint8_t)random_next(random);
		break;
	}
}

struct sock_filter random_instruction(struct random *random, size_t at, size_t count)
{
	struct sock_filter insn = plausible(random, at, count);

	if (random_below(random, 20) == 0)
		spoil(random, &insn);
	if (random_below(random, 500) == 0) {
		uint64_t any = random_next(random);
		insn = (struct sock_filter){(uint16_t)any, (uint8_t)(any >> 16), (uint8_t)(any >> 24),
		                            (uint32_t)(any >> 32)};
	}
	return insn;
}

void random_stream(struct random *random, struct sock_filter *insns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		insns[i] = random_instruction(random, i, count);
	if (random_below(random, 10))
		insns[count - 1] = (struct sock_filter)BPF_STMT(
		    random_below(random, 2) ? BPF_RET | BPF_K : BPF_RET | BPF_A, random_return(random));
}

/* Turns A into ERRNO(twelve bits of A), which a caller of the filter can read. */
static size_t append_result(struct random *random, struct sock_filter *insns)
{
	size_t n = 0;

	insns[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, random_below(random, 21));
	insns[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff);
	insns[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO);
	insns[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, random_word(random));
	return n;
}

static size_t random_attempt(struct random *random, struct sock_filter *insns, size_t longest)
{
	size_t n = 0, count = 6 + random_below(random, (uint32_t)longest - 14);

	if (random_below(random, 2)) /* else A and X are seen as they are at entry */
		insns[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, random_below(random, 16) * 4);
	if (random_below(random, 2))
		for (uint32_t i = 0; i < 4; i++)
			insns[n++] = (struct sock_filter)BPF_STMT(i % 2 ? BPF_ST : BPF_STX, i);
	for (; n < count; n++) {
		insns[n] = plausible(random, n, count + 1); /* jumps end before the result is made */
		if (BPF_CLASS(insns[n].code) == BPF_RET && random_below(random, 3))
			n--;
	}
	return n + append_result(random, insns + n);
}

size_t random_accepted(struct random *random, struct sock_filter *insns, size_t longest)
{
	for (;;) {
		size_t count = random_attempt(random, insns, longest);
		struct callgate_program program = {
		    .big_endian = bpf_host_is_big_endian(), .count = count, .insns = insns, .bytes = insns};
		if (bpf_accept(&program, NULL) == 0)
			return count;
	}
}

static void make_modelled(struct random *random, struct sock_filter *insn)
{
	uint16_t op = BPF_OP(insn->code);
	bool by_x = BPF_SRC(insn->code) == BPF_X;

	if (insn->code == (BPF_RET | BPF_A))
		*insn = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, random_return(random));
	else if (BPF_CLASS(insn->code) == BPF_ALU && (op == BPF_MUL || op == BPF_DIV) && by_x)
		insn->code = BPF_ALU | BPF_ADD | BPF_X;
	else if (BPF_CLASS(insn->code) == BPF_ALU && (op == BPF_MUL || op == BPF_DIV))
		insn->k = 1u << random_below(random, 32);
}

size_t random_modelled(struct random *random, struct sock_filter *insns, size_t longest)
{
	size_t count = random_accepted(random, insns, longest);

	if (random_below(random, 8))
		for (size_t i = 0; i < count; i++)
			make_modelled(random, &insns[i]);
	return count;
}
