/*
 * A program: instructions in host order plus the byte order of the machine they are for; what each instruction is;
 * whether the kernel accepts it; and the program as text.
 */
#ifndef CALLGATE_BPF_PROGRAM_H
#define CALLGATE_BPF_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>

#include "base/diag.h"
#include "base/strbuf.h"

enum { BPF_PROGRAM_MAX = 4096 };

/* 1 <= count <= BPF_PROGRAM_MAX. insns are in host order; bytes are the same in target order. Immutable. */
struct callgate_program {
	bool big_endian;
	size_t count;
	struct sock_filter *insns;
	struct sock_filter *bytes; /* == insns where host and target order agree */
};

/*
 * Copies `count` instructions given in host order. -EINVAL for 0, -E2BIG for more than BPF_PROGRAM_MAX, -ENOMEM; the
 * diag says which. bpf_program_from_bytes() takes them in target order instead.
 */
int bpf_program_new(const struct sock_filter *insns, size_t count, bool big_endian, struct diag *diag,
                    struct callgate_program **ret_program);
int bpf_program_from_bytes(const void *bytes, size_t size, bool big_endian, struct diag *diag,
                           struct callgate_program **ret_program);
int bpf_program_copy(const struct callgate_program *program, struct diag *diag, struct callgate_program **ret_program);
void bpf_program_free(struct callgate_program *program);

/* What an instruction does. Whoever walks over a program asks for this and not for codes. */
enum bpf_kind {
	BPF_KIND_NONE,       /* no instruction of classic BPF, or one of sockets alone */
	BPF_KIND_LOAD,       /* A = the word at offset k of struct seccomp_data */
	BPF_KIND_LENGTH,     /* register = the size of struct seccomp_data */
	BPF_KIND_CONSTANT,   /* register = k */
	BPF_KIND_READ,       /* register = M[k] */
	BPF_KIND_WRITE,      /* M[k] = register */
	BPF_KIND_MOVE,       /* register = the other one */
	BPF_KIND_ARITHMETIC, /* A = A op operand */
	BPF_KIND_NEGATE,     /* A = -A */
	BPF_KIND_JUMP,       /* to the instruction after the next k ones */
	BPF_KIND_BRANCH,     /* past the next jt instructions where A op operand holds, else past jf */
	BPF_KIND_RETURN,     /* operand, which is A or k */
};

/* A code. The operation is BPF_OP(insn->code); `symbol` is how C writes that. */
struct bpf_code {
	uint8_t kind; /* enum bpf_kind */
	bool x;       /* the register is X, not A; or the operand is X, not k; or BPF_KIND_RETURN returns A */
	bool refused; /* by seccomp(2), whatever the operands are */
	char symbol[3];
};

enum { BPF_CODES = 256 };
extern const struct bpf_code bpf_codes[BPF_CODES];

/* Any code may be asked for. */
static inline const struct bpf_code *bpf_code_of(const struct sock_filter *insn)
{
	static const struct bpf_code none = {.kind = BPF_KIND_NONE, .refused = true};

	return insn->code < BPF_CODES ? &bpf_codes[insn->code] : &none;
}

static inline enum bpf_kind bpf_kind_of(const struct sock_filter *insn)
{
	return (enum bpf_kind)bpf_code_of(insn)->kind;
}

/* a op b for the operation of a BPF_KIND_BRANCH, and of a BPF_KIND_ARITHMETIC; x / 0 is 0. */
bool bpf_compare(uint16_t op, uint32_t a, uint32_t b);
uint32_t bpf_compute(uint16_t op, uint32_t a, uint32_t b);

static inline bool bpf_host_is_big_endian(void)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
}

/* Offset in struct seccomp_data of the low or high half of an argument. */
static inline uint32_t bpf_arg_offset(bool big_endian, unsigned arg, bool high)
{
	return 16 + 8 * arg + (high != big_endian ? 4 : 0);
}

/*
 * What the kernel would say of a program before it loads it: Linux's bpf_check_classic() and seccomp_check_filter(),
 * as observed on 6.18. 0, or -EINVAL with a text that names the first bad instruction.
 */
int bpf_accept(const struct callgate_program *program, struct diag *diag);

/* Converted length in eBPF instructions; only for accepted programs. */
size_t bpf_ebpf_length(const struct callgate_program *program);

/* The kernel refuses a filter when its ebpf length + the sum over older ones of (ebpf length + 4) exceeds this. */
enum { BPF_PATH_MAX = 32768, BPF_PATH_OVERHEAD = 4 };

/* One line per instruction: number, code, operation, operands, targets. Any bytes are taken. */
void bpf_disassemble(const struct callgate_program *program, struct strbuf *out);

/* "ALLOW", "ERRNO(1)", "KILL_PROCESS", or "0x12345678" for what is not a known action. */
void bpf_format_action(uint32_t action, struct strbuf *out);

#endif
