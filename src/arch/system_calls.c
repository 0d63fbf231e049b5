#include "arch/arch.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "arch/generated.h"
#include "base/strbuf.h"

/*
 * x32's own calls start here (arch/x86/entry/syscalls/syscall_64.tbl, Linux 6.18); nobody's common ones have come that
 * far.
 */
#define COMMON_NUMBERS_END 512

static const struct arch_private *private_of(const struct callgate_arch *arch)
{
	assert(arch >= arch_descriptors && arch < arch_descriptors + arch_descriptor_count);
	return &arch_privates[arch - arch_descriptors];
}

static uint16_t packed_at(const uint8_t *packed, size_t i)
{
	return (packed[i + i / 4] | (unsigned)packed[i + i / 4 + 1] << 8) >> (i % 4 * 2) & ARCH_PACKED_NONE;
}

static const char *name_text(uint16_t idx)
{
	return &arch_name_text[arch_name_offset[idx]];
}

/*
 * The index of a name, ARCH_PACKED_NONE if it is unknown or NULL. Never reads more than the longest known name and one.
 */
static uint16_t index_of_name(const char *name)
{
	uint32_t hash = ARCH_HASH_START;

	if (!name)
		return ARCH_PACKED_NONE;
	for (size_t len = 0; name[len] != '\0'; len++) {
		if (len == ARCH_NAME_LENGTH_MAX)
			return ARCH_PACKED_NONE;
		hash = (hash ^ (unsigned char)name[len]) * ARCH_HASH_MULTIPLIER;
	}
	uint32_t displacement = arch_hash_displacement[hash % ARCH_HASH_BUCKETS];
	uint32_t slot = (hash / ARCH_HASH_BUCKETS + displacement * ((hash >> 17) | 1)) % ARCH_HASH_SLOTS;
	uint16_t idx = packed_at(arch_hash_slot, slot);
	return idx == ARCH_PACKED_NONE || strcmp(name_text(idx), name) != 0 ? ARCH_PACKED_NONE : idx;
}

/* Without the base; ARCH_NUMBER_ABSENT where the architecture lacks the call. */
static int32_t number_of(const struct callgate_arch *arch, uint16_t idx)
{
	int32_t packed = packed_at(arch_numbers, private_of(arch)->first + (size_t)idx);

	if (packed == ARCH_PACKED_NONE)
		return ARCH_NUMBER_ABSENT;
	return packed < ARCH_NUMBER_FAR ? packed : packed - ARCH_NUMBER_FAR + ARCH_NUMBER_FAR_FIRST;
}

/* The index of the name with the i-th smallest number. */
static uint16_t by_number(const struct callgate_arch *arch, size_t i)
{
	assert(i < private_of(arch)->count);
	return packed_at(arch_by_number, private_of(arch)->first_by_number + i);
}

/* Whether the architecture's table holds the pseudo number of this name instead of a number. */
static bool holds_pseudo(const struct callgate_arch *arch, uint16_t idx)
{
	int32_t pseudo = arch_pseudo_numbers[idx];

	return arch_syscall_rewrite(arch, pseudo) != pseudo || number_of(arch, idx) == ARCH_NUMBER_ABSENT;
}

/* The number in the architecture's table: its own or, where it has none or that is multiplexed, the pseudo number. */
static int32_t table_number(const struct callgate_arch *arch, uint16_t idx)
{
	return holds_pseudo(arch, idx) ? arch_pseudo_numbers[idx] : number_of(arch, idx) + (int32_t)arch->nr_base;
}

int32_t arch_syscall_number(const struct callgate_arch *arch, const char *name)
{
	uint16_t idx = index_of_name(name);

	return idx == ARCH_PACKED_NONE ? ARCH_NR_ERROR : table_number(arch, idx);
}

int32_t arch_syscall_direct_number(const struct callgate_arch *arch, const char *name)
{
	uint16_t idx = index_of_name(name);

	if (idx == ARCH_PACKED_NONE || number_of(arch, idx) == ARCH_NUMBER_ABSENT)
		return -1;
	return number_of(arch, idx) + (int32_t)arch->nr_base;
}

static uint16_t index_of_pseudo(const struct callgate_arch *arch, int32_t nr)
{
	size_t low = 0, high = arch_pseudo_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (arch_pseudo_numbers[arch_pseudo_by_number[middle]] < nr)
			low = middle + 1;
		else
			high = middle;
	}
	/* Two names may share a pseudo number: the first that this architecture lacks is meant. */
	for (; low < arch_pseudo_count && arch_pseudo_numbers[arch_pseudo_by_number[low]] == nr; low++)
		if (holds_pseudo(arch, arch_pseudo_by_number[low]))
			return arch_pseudo_by_number[low];
	return ARCH_PACKED_NONE;
}

/* The place of a number, with the base or without, among the architecture's; their count if it is none of them. */
static size_t place_of(const struct callgate_arch *arch, int32_t nr)
{
	uint32_t number = (uint32_t)nr - ((uint32_t)nr < arch->nr_base ? 0 : arch->nr_base);
	size_t count = private_of(arch)->count, low = 0, high = nr < 0 ? 0 : count;

	/* Most numbers follow each other without a gap from the first on. */
	for (size_t at = number < high ? number : high / 2; low < high; at = low + (high - low) / 2) {
		uint32_t found = (uint32_t)number_of(arch, by_number(arch, at));
		if (found == number)
			return at;
		if (found < number)
			low = at + 1;
		else
			high = at;
	}
	return count;
}

/* The index of the call that has the number, with the base or without, or the pseudo number. */
static uint16_t index_of_number(const struct callgate_arch *arch, int32_t nr)
{
	size_t place = place_of(arch, nr);

	if (nr < 0)
		return index_of_pseudo(arch, nr);
	return place < private_of(arch)->count ? by_number(arch, place) : ARCH_PACKED_NONE;
}

const char *arch_syscall_name(const struct callgate_arch *arch, int32_t nr)
{
	uint16_t idx = index_of_number(arch, nr);

	return idx == ARCH_PACKED_NONE ? NULL : name_text(idx);
}

const struct callgate_since *arch_syscall_since_at(const struct callgate_arch *arch, size_t i)
{
	size_t low = private_of(arch)->first_since, high = low + private_of(arch)->since_count;

	assert(i < private_of(arch)->count);
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (packed_at(arch_since_start, middle) <= i)
			low = middle;
		else
			high = middle;
	}
	return &arch_since[arch_since_kind[low]];
}

const struct callgate_since *arch_syscall_since(const struct callgate_arch *arch, int32_t nr)
{
	size_t place = place_of(arch, nr);

	return place < private_of(arch)->count ? arch_syscall_since_at(arch, place) : NULL;
}

bool arch_since_may_be_after(const struct callgate_since *since, unsigned major, unsigned minor)
{
	const struct callgate_linux *by = &since->by;

	return by->major == 0 || by->major > major || (by->major == major && by->minor > minor);
}

int32_t arch_syscall_rewrite(const struct callgate_arch *arch, int32_t nr)
{
	/* No call has -100 or -200: the numbers within socketcall(2) and ipc(2) begin with 1. */
	if (!arch->multiplexed || nr % 100 == 0)
		return nr;
	if (arch_nr_is_socket_pseudo(nr))
		return arch->socketcall_nr;
	return arch_nr_is_ipc_pseudo(nr) ? arch->ipc_nr : nr;
}

int arch_syscall_translate(const struct callgate_arch *to, int32_t native_nr, int32_t *ret_nr)
{
	const struct callgate_arch *native = arch_native();

	if (to == native || native_nr == ARCH_NR_SKIP) {
		*ret_nr = native_nr;
		return 0;
	}
	uint16_t idx = index_of_number(native, native_nr);
	if (idx == ARCH_PACKED_NONE)
		return -EFAULT;
	*ret_nr = table_number(to, idx);
	return 0;
}

const char *arch_syscall_name_at(size_t i)
{
	return i < arch_name_count ? name_text((uint16_t)i) : NULL;
}

size_t arch_syscall_number_count(const struct callgate_arch *arch)
{
	return private_of(arch)->count;
}

int32_t arch_syscall_number_at(const struct callgate_arch *arch, size_t i)
{
	return number_of(arch, by_number(arch, i)) + (int32_t)arch->nr_base;
}

size_t arch_syscall_tally(const struct callgate_arch *arch, size_t from, uint32_t last, uint32_t *count,
                          uint32_t *share)
{
	size_t end = from, high = private_of(arch)->count;
	int64_t most = end < high ? last + INT64_C(1) - arch_syscall_number_at(arch, end) : 0;

	/* Most numbers follow each other without a gap: the last one that is possible mostly is the last. */
	if (most < (int64_t)(high - end))
		high = most > 0 ? end + (size_t)most : end;
	for (size_t at = high - 1; end < high; at = end + (high - end) / 2)
		if ((uint32_t)arch_syscall_number_at(arch, at) <= last)
			end = at + 1;
		else
			high = at;
	*count += (uint32_t)(end - from);
	for (; share && from < end; from++)
		*share += arch_shares[by_number(arch, from)];
	return end;
}

int32_t arch_syscall_number_max(const struct callgate_arch *arch)
{
	return arch_syscall_number_at(arch, arch_syscall_number_count(arch) - 1U);
}

int32_t arch_syscall_number_newest(const struct callgate_arch *arch)
{
	size_t i = arch_syscall_number_count(arch) - 1U;

	while (number_of(arch, by_number(arch, i)) >= COMMON_NUMBERS_END)
		i--;
	return arch_syscall_number_at(arch, i);
}

const char *arch_syscall_closest_name(const char *name)
{
	struct similar similar = similar_start(name);

	for (uint16_t idx = 0; idx < arch_name_count; idx++)
		similar_offer(&similar, name_text(idx));
	return similar.best;
}

unsigned arch_argument_bits(const struct callgate_arch *arch, const char *name, unsigned arg)
{
	static const uint8_t bits_of_code[] = {64, 32, 16, 0};
	uint16_t idx = index_of_name(name);

	if (arg >= ARCH_ARGUMENTS)
		return 0;
	if (idx == ARCH_PACKED_NONE)
		return arch->word_bits;
	uint8_t kind = arch_widths[idx];
	for (size_t i = 0; i < arch_width_exception_count; i++)
		if (arch_width_exceptions[i].index == idx && &arch_descriptors[arch_width_exceptions[i].arch] == arch)
			kind = arch_width_exceptions[i].kind;
	unsigned bits = bits_of_code[arch_width_kinds[kind] >> (2 * arg) & 3];
	return bits < arch->word_bits ? bits : arch->word_bits;
}
