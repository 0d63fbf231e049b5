/*
 * The generated tables, as gen.py lays them out: flat arrays and offsets instead of pointers, so that they stay
 * in read-only memory that all processes share. Private to src/arch.
 *
 * A name is known by its index, its place in alphabetical order. Grep tag: TABLE LAYOUT (gen.py has the other half).
 */
#ifndef CALLGATE_ARCH_GENERATED_H
#define CALLGATE_ARCH_GENERATED_H

#include <stdint.h>

#include <callgate/arch.h>

#define ARCH_PACKED_NONE      1023 /* the highest value of ten bits: no number, no name */
#define ARCH_NUMBER_ABSENT    (-1)
#define ARCH_NUMBER_FAR       1008     /* from here on in arch_numbers: what is to be added to ARCH_NUMBER_FAR_FIRST */
#define ARCH_NUMBER_FAR_FIRST 0x0f0000 /* where the private calls of 32-bit ARM start */
#define ARCH_HASH_BUCKETS     128U
#define ARCH_HASH_SLOTS       1024U
#define ARCH_HASH_START       2166136261U /* FNV-1a */
#define ARCH_HASH_MULTIPLIER  16777619U
#define ARCH_NAME_LENGTH_MAX  31

enum { ARCH_COMPAT_MOST = 3 };

/* What is private to src/arch about one architecture. mips and mipsel share one table of numbers, and so on. */
struct arch_private {
	uint16_t first;           /* of its name_count entries in arch_numbers */
	uint16_t first_by_number; /* of its `count` entries in arch_by_number */
	uint16_t count;           /* how many names have a number here */
	uint16_t first_since;     /* of its `since_count` entries in arch_since_start and arch_since_kind */
	uint8_t since_count;
	/* the others of its machine: positions in arch_descriptors, and 1; then 0 */
	uint8_t compat[ARCH_COMPAT_MOST];
};

extern const uint16_t arch_name_count;
extern const uint16_t arch_name_offset[]; /* index -> offset in arch_name_text */
extern const char arch_name_text[];       /* all names, each with its terminating 0 */

extern const uint16_t arch_shares[]; /* index -> how often ordinary programs make the call, in 1/100000 */

/*
 * How many low bits of each argument the kernel reads: index -> place in arch_width_kinds, where argument N has two
 * bits from bit 2 * N on: 64, 32 and 16 bits, and no such argument. Calls of which nothing is known have 0. And where
 * an architecture differs.
 */
extern const uint8_t arch_widths[];
extern const uint16_t arch_width_kinds[];
extern const struct arch_width_exception {
	uint16_t index;
	uint8_t arch; /* position in arch_descriptors */
	uint8_t kind;
} arch_width_exceptions[];
extern const uint16_t arch_width_exception_count;

/* Packed: four values of ten bits in five bytes, the first in the lowest bits. */
extern const uint8_t arch_numbers[];   /* [first + index] -> number without base */
extern const uint8_t arch_by_number[]; /* [first_by_number + i] -> index of the name with the i-th smallest number */

/* Calls that follow each other by number mostly came to an architecture together. */
extern const struct callgate_since arch_since[];
extern const uint8_t arch_since_start[]; /* packed: the first i, as in arch_by_number, that came when the entry says */
extern const uint8_t arch_since_kind[];  /* index in arch_since */

extern const int16_t arch_pseudo_numbers[];    /* index -> pseudo number, 0 if the name has none */
extern const uint16_t arch_pseudo_count;       /* names that have a pseudo number */
extern const uint16_t arch_pseudo_by_number[]; /* their indices, by ascending pseudo number, then by name */

/*
 * Perfect hash. The low bits of the hash say the bucket; slot = (hash / BUCKETS + displacement[bucket] * step) mod
 * SLOTS with step = (hash >> 17) | 1 has the only index that the name can have.
 */
extern const uint8_t arch_hash_displacement[ARCH_HASH_BUCKETS];
extern const uint8_t arch_hash_slot[]; /* packed */

extern const struct callgate_arch arch_descriptors[];
extern const struct arch_private arch_privates[]; /* in the same order */
extern const uint16_t arch_descriptor_count;
extern const uint16_t arch_native_position; /* in arch_descriptors */

#endif
