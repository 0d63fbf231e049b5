/*
 * Any bytes as a filter program: the first byte chooses the architecture, the second a change, and the rest are
 * instructions. What the kernel would refuse is refused with words by every function. What it would take gets the same
 * verdict from the simulator and from a second interpreter, comes back from its listing as the same bytes, is equal to
 * itself, and differs from a changed copy just where the witnesses say so.
 */
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

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
