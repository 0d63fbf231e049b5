/*
 * Any bytes as a filter program: the first byte chooses the architecture, the second a change, and the rest are
 * instructions. The words of its listing are assembled again to the same program. What the kernel would refuse is
 * refused with words by every function. What it would take gets the same verdict from the simulator and from a second
 * interpreter, is equal to itself, and differs from a changed copy just where the witnesses say so.
 */
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <callgate/action.h>
#include <callgate/arch.h>
#include <callgate/diagnosis.h>
#include <callgate/program.h>
#include <callgate/prove.h>
#include <callgate/simulate.h>

#include "fuzz/fuzz.h"
#include "property/interpret.h"

/* Longer programs find nothing that these do not, and take their time. */
enum { INSTRUCTIONS_MAX = 60, CALLS = 24, DIFFERENCES = 4 };

/* ---- calls ---- */

static uint64_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005 + 1442695040888963407;
	return *state >> 16;
}

/* Words that the program compares with are likelier to matter than others. */
static uint32_t word(uint64_t *state, const uint8_t *bytes, size_t count, bool big_endian)
{
	uint32_t k;

	if (next(state) % 4 == 0)
		return (uint32_t)next(state);
	memcpy(&k, bytes + 8 * (next(state) % count) + 4, sizeof(k));
	return (big_endian ? be32toh(k) : le32toh(k)) + (uint32_t)(next(state) % 3) - 1;
}

static struct callgate_call choose_call(uint64_t *state, const struct callgate_arch *arch, const uint8_t *bytes,
                                        size_t count)
{
	struct callgate_call call = {.arch = arch->audit, .nr = (int32_t)word(state, bytes, count, arch->big_endian)};

	if (next(state) % 8 == 0)
		call.arch = word(state, bytes, count, arch->big_endian);
	/* These two stand for other values in a call. */
	if (call.arch == SCMP_ARCH_NATIVE || call.arch == SCMP_ARCH_X32)
		call.arch = arch->audit;
	for (size_t i = 0; i < 6; i++) {
		call.args[i] = word(state, bytes, count, arch->big_endian);
		if (arch->register_bits == 64 && next(state) % 2)
			call.args[i] |= (uint64_t)word(state, bytes, count, arch->big_endian) << 32;
	}
	return call;
}

/* ---- what holds of one program ---- */

static uint32_t verdict_of(const struct callgate_program *program, const struct callgate_call *call)
{
	struct callgate_verdict verdict;

	FUZZ_EXPECT(callgate_simulate_program(program, call, &verdict) == 0);
	FUZZ_EXPECT(verdict.executed >= 1 && verdict.executed <= callgate_program_length(program));
	FUZZ_EXPECT(verdict.reason == CALLGATE_REASON_PROGRAM);
	return verdict.action;
}

static void check_refused(const struct callgate_program *program)
{
	const struct callgate_filter filter = {.programs = &program, .program_count = 1};
	struct callgate_call call = {0};
	struct callgate_verdict verdict;
	struct callgate_comparison *comparison;

	FUZZ_EXPECT(*callgate_diagnosis(NULL));
	FUZZ_EXPECT(callgate_program_ebpf_length(program) == 0);
	FUZZ_EXPECT(callgate_simulate_program(program, &call, &verdict) == -EINVAL && *callgate_diagnosis(NULL));
	FUZZ_EXPECT(callgate_compare(&filter, &filter, 1, &comparison) == 0);
	FUZZ_EXPECT(comparison->relation == CALLGATE_RELATION_REFUSED);
	callgate_comparison_free(comparison);
}

/* ---- its listing ---- */

/* What follows a prefix; NULL: the text begins otherwise. */
static const char *after(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0 ? text + strlen(prefix) : NULL;
}

/* "nr", "arg2.hi", "data[3]": where the word is in struct seccomp_data. */
static uint32_t offset_of(const char *word, bool big_endian)
{
	unsigned int arg = 0, offset;
	char half[3];

	if (strcmp(word, "nr") == 0 || strcmp(word, "arch") == 0)
		return *word == 'n' ? 0 : 4;
	if (sscanf(word, "data[%u]", &offset) == 1)
		return offset;
	FUZZ_EXPECT(sscanf(word, "ip.%2s", half) == 1 || sscanf(word, "arg%u.%2s", &arg, half) == 2);
	FUZZ_EXPECT(strcmp(half, "hi") == 0 || strcmp(half, "lo") == 0);
	return (*word == 'i' ? 8 : 16 + 8 * arg) + ((*half == 'h') != big_endian ? 4 : 0);
}

/* The word after the operator, which sets the bit for X in the code, or the constant. */
static void assemble_operand(const char *word, struct sock_filter *insn)
{
	char *end = NULL;

	if (strcmp(word, "X") == 0) {
		insn->code |= BPF_X;
		return;
	}
	insn->k = (uint32_t)strtoul(word, &end, 16);
	FUZZ_EXPECT(end && *end == '\0' && after(word, "0x"));
}

/* "A = arg0.lo", "X = 0x5", "A = M[3]", "X = length" and so on, but for "A = -A". */
static void assemble_load(const char *word, char to, bool big_endian, struct sock_filter *insn)
{
	unsigned int place;

	insn->code = to == 'A' ? BPF_LD : BPF_LDX;
	if (strcmp(word, "A") == 0 || strcmp(word, "X") == 0) {
		FUZZ_EXPECT(*word != to);
		insn->code = BPF_MISC | (to == 'X' ? BPF_TAX : BPF_TXA);
	} else if (strcmp(word, "length") == 0) {
		insn->code |= BPF_W | BPF_LEN;
	} else if (sscanf(word, "M[%u]", &place) == 1) {
		insn->code |= BPF_MEM;
		insn->k = place;
	} else if (after(word, "0x")) {
		insn->code |= BPF_IMM;
		assemble_operand(word, insn);
	} else {
		FUZZ_EXPECT(to == 'A');
		insn->code |= BPF_W | BPF_ABS;
		insn->k = offset_of(word, big_endian);
	}
}

static uint16_t operation_of(const char *symbol)
{
	static const struct {
		const char *symbol;
		uint16_t code;
	} operations[] = {{"+", BPF_ADD}, {"-", BPF_SUB}, {"*", BPF_MUL},  {"/", BPF_DIV},  {"&", BPF_AND},
	                  {"|", BPF_OR},  {"^", BPF_XOR}, {"<<", BPF_LSH}, {">>", BPF_RSH}, {"%", BPF_MOD}};

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strcmp(operations[i].symbol, symbol) == 0)
			return operations[i].code;
	fprintf(stderr, "no operation: %s\n", symbol);
	abort();
}

static uint16_t comparison_of(const char *symbol)
{
	return strcmp(symbol, "==") == 0   ? BPF_JEQ
	       : strcmp(symbol, ">") == 0  ? BPF_JGT
	       : strcmp(symbol, ">=") == 0 ? BPF_JGE
	                                   : BPF_JSET;
}

/* "KILL_PROCESS", "ERRNO(1)", "0x12345678" */
static uint32_t action_of(const char *word)
{
	char name[CALLGATE_ACTION_TEXT];
	unsigned int data = 0;

	if (after(word, "0x"))
		return (uint32_t)strtoul(word, NULL, 16);
	FUZZ_EXPECT(sscanf(word, "%31[A-Z_](%u)", name, &data) >= 1);
	const struct callgate_action_kind *kind = callgate_action_kind_find(name);
	FUZZ_EXPECT(kind != NULL);
	return kind->action | data;
}

/* The instruction that the words of a line mean; what an instruction has no use for is 0. False: they say it is none.
 */
static bool assemble(const char *words, size_t at, bool big_endian, struct sock_filter *ret_insn)
{
	struct sock_filter insn = {0};
	char first[40], second[40];
	unsigned long then, otherwise;
	const char *rest;

	if (after(words, "(not an instruction"))
		return false;
	if (sscanf(words, "if A %3s %15s goto %lu else %lu", first, second, &then, &otherwise) == 4) {
		insn.code = BPF_JMP | comparison_of(first);
		assemble_operand(second, &insn);
		insn.jt = (uint8_t)(then - at - 1);
		insn.jf = (uint8_t)(otherwise - at - 1);
	} else if ((rest = after(words, "goto "))) {
		insn.code = BPF_JMP | BPF_JA;
		insn.k = (uint32_t)(strtoull(rest, NULL, 10) - at - 1);
	} else if ((rest = after(words, "return "))) {
		insn.code = BPF_RET | (strcmp(rest, "A") == 0 ? BPF_A : BPF_K);
		insn.k = strcmp(rest, "A") == 0 ? 0 : action_of(rest);
	} else if (strcmp(words, "A = -A") == 0) {
		insn.code = BPF_ALU | BPF_NEG;
	} else if (sscanf(words, "M[%lu] = %39s", &then, first) == 2) {
		insn.code = *first == 'A' ? BPF_ST : BPF_STX;
		insn.k = (uint32_t)then;
	} else if (sscanf(words, "A %2[^= ]= %39s", first, second) == 2) {
		insn.code = BPF_ALU | operation_of(first);
		assemble_operand(second, &insn);
	} else {
		FUZZ_EXPECT(sscanf(words, "%1[AX] = %39s", first, second) == 2);
		assemble_load(second, *first, big_endian, &insn);
	}
	*ret_insn = insn;
	return true;
}

/* Is the constant a part of the instruction? */
static bool uses_constant(uint16_t code)
{
	switch (BPF_CLASS(code)) {
	case BPF_LD:
	case BPF_LDX:
		return BPF_MODE(code) != BPF_LEN;
	case BPF_ALU:
		return BPF_OP(code) != BPF_NEG && BPF_SRC(code) == BPF_K;
	case BPF_JMP:
		return BPF_OP(code) == BPF_JA || BPF_SRC(code) == BPF_K;
	case BPF_RET:
		return BPF_RVAL(code) == BPF_K;
	default:
		return BPF_CLASS(code) != BPF_MISC;
	}
}

static void check_words(const char *line, const struct sock_filter *insn, size_t at, bool big_endian)
{
	struct sock_filter assembled;
	char words[80] = "";
	const bool branches = BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA;

	sscanf(line, "%*u: %*x %*u %*u %*x %79[^\n]", words);
	if (!assemble(words, at, big_endian, &assembled))
		return;
	if (assembled.code == insn->code && (!uses_constant(insn->code) || assembled.k == insn->k) &&
	    (!branches || (assembled.jt == insn->jt && assembled.jf == insn->jf)))
		return;
	fprintf(stderr, "%02x %u %u 0x%x is \"%s\", which is %02x %u %u 0x%x\n", insn->code, insn->jt, insn->jf,
	        insn->k, words, assembled.code, assembled.jt, assembled.jf, assembled.k);
	abort();
}

/* The listing has a line for each instruction, with its number, code, jumps and constant. */
static void check_listing(const struct callgate_program *program, bool big_endian)
{
	char *text = callgate_program_disassemble(program);
	const uint8_t *bytes = callgate_program_bytes(program);
	char *at = text;

	FUZZ_EXPECT(text != NULL);
	for (size_t i = 0; i < callgate_program_length(program); i++, bytes += 8) {
		unsigned int number, code, jt, jf, k;
		uint16_t expected_code;
		uint32_t expected_k;

		FUZZ_EXPECT(sscanf(at, "%u: %x %u %u %x", &number, &code, &jt, &jf, &k) == 5);
		memcpy(&expected_code, bytes, 2);
		memcpy(&expected_k, bytes + 4, 4);
		FUZZ_EXPECT(number == i && jt == bytes[2] && jf == bytes[3]);
		FUZZ_EXPECT(code == (big_endian ? be16toh(expected_code) : le16toh(expected_code)));
		FUZZ_EXPECT(k == (big_endian ? be32toh(expected_k) : le32toh(expected_k)));
		check_words(at, &(struct sock_filter){(uint16_t)code, (uint8_t)jt, (uint8_t)jf, k}, i, big_endian);
		at = strchr(at, '\n');
		FUZZ_EXPECT(at != NULL);
		at++;
	}
	FUZZ_EXPECT(*at == '\0');
	free(text);
}

static void check_verdicts(const struct callgate_program *program, const struct callgate_arch *arch, uint64_t seed)
{
	const uint8_t *bytes = callgate_program_bytes(program);
	size_t count = callgate_program_length(program);

	for (int i = 0; i < CALLS; i++) {
		struct callgate_call call = choose_call(&seed, arch, bytes, count);
		FUZZ_EXPECT(verdict_of(program, &call) == interpret_call(program, arch->big_endian, &call));
	}
}

/* ---- what holds of two ---- */

/* What the kernel does for a value: no action is KILL_PROCESS, and data count for some actions only (seccomp(2)). */
static uint32_t effect(uint32_t value)
{
	uint32_t data = value & SECCOMP_RET_DATA;

	switch (value & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO: /* The largest errno is 4095. */
		return SECCOMP_RET_ERRNO | (data > 4095 ? 4095 : data);
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_TRACE:
		return value;
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_USER_NOTIF:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_ALLOW:
		return value & SECCOMP_RET_ACTION_FULL;
	default:
		return SECCOMP_RET_KILL_PROCESS;
	}
}

static bool same_effect(uint32_t one, uint32_t other)
{
	return effect(one) == effect(other);
}

static void check_pair(const struct callgate_program *first, const struct callgate_program *second,
                       const struct callgate_arch *arch, uint64_t seed)
{
	const struct callgate_filter filters[2] = {{.programs = &first, .program_count = 1},
	                                           {.programs = &second, .program_count = 1}};
	struct callgate_comparison *comparison;

	FUZZ_EXPECT(callgate_compare(&filters[0], &filters[1], DIFFERENCES, &comparison) == 0);
	FUZZ_EXPECT(comparison->relation != CALLGATE_RELATION_REFUSED);
	FUZZ_EXPECT(comparison->relation != CALLGATE_RELATION_EQUAL || comparison->count == 0);
	for (size_t i = 0; i < comparison->count; i++) {
		const struct callgate_difference *difference = &comparison->differences[i];
		uint32_t one = interpret_call(first, arch->big_endian, &difference->witness);
		uint32_t other = interpret_call(second, arch->big_endian, &difference->witness);
		FUZZ_EXPECT(one == difference->first && other == difference->second && one != other);
	}
	for (int i = 0; comparison->relation == CALLGATE_RELATION_EQUAL && i < CALLS; i++) {
		struct callgate_call call =
		    choose_call(&seed, arch, callgate_program_bytes(second), callgate_program_length(second));
		FUZZ_EXPECT(same_effect(interpret_call(first, arch->big_endian, &call),
		                        interpret_call(second, arch->big_endian, &call)));
	}
	callgate_comparison_free(comparison);
}

/* A copy of the program with one bit of an instruction flipped; NULL if the kernel would refuse it. */
static struct callgate_program *changed_copy(const struct callgate_program *program, const struct callgate_arch *arch,
                                             uint64_t change)
{
	uint8_t bytes[8 * INSTRUCTIONS_MAX];
	size_t size = 8 * callgate_program_length(program);
	struct callgate_program *copy;

	memcpy(bytes, callgate_program_bytes(program), size);
	bytes[change / 8 % size] ^= (uint8_t)(1u << change % 8);
	FUZZ_EXPECT(callgate_program_new(bytes, size, arch->token, &copy) == 0);
	if (callgate_program_check(copy) == 0)
		return copy;
	callgate_program_free(copy);
	return NULL;
}

static void check_accepted(const struct callgate_program *program, const struct callgate_arch *arch, uint64_t seed)
{
	size_t length = callgate_program_ebpf_length(program);

	FUZZ_EXPECT(length >= callgate_program_length(program));
	check_verdicts(program, arch, seed);
	check_pair(program, program, arch, seed);
	struct callgate_program *copy = changed_copy(program, arch, next(&seed));
	if (copy)
		check_pair(program, copy, arch, seed);
	callgate_program_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct callgate_arch *arch;
	struct callgate_program *program = NULL;
	size_t archs = 0;

	while (callgate_arch_at(archs))
		archs++;
	if (size < 2)
		return 0;
	arch = callgate_arch_at(data[0] % archs);
	int result = callgate_program_new(data + 2, size - 2, arch->token, &program);
	bool fits = size > 2 && (size - 2) % 8 == 0;
	FUZZ_EXPECT(result == (!fits ? -EINVAL : (size - 2) / 8 > CALLGATE_PROGRAM_MAX ? -E2BIG : 0));
	FUZZ_EXPECT(result == 0 || (!program && *callgate_diagnosis(NULL)));
	if (result == 0) {
		check_listing(program, arch->big_endian);
		if (callgate_program_check(program) < 0)
			check_refused(program);
		else if (callgate_program_length(program) <= INSTRUCTIONS_MAX)
			check_accepted(program, arch, data[1] + 1);
	}
	callgate_program_free(program);
	return 0;
}
