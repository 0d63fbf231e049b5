/*
 * Hashing of small integers, for the tables of the compiler. Every bit of the input reaches the low bits of the result.
 */
#ifndef CALLGATE_COMPILE_HASH_H
#define CALLGATE_COMPILE_HASH_H

#include <stdint.h>

static inline uint64_t hash_add(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9fb21c651e98df25);
	return hash ^ hash >> 29;
}

static inline uint32_t hash_end(uint64_t hash)
{
	hash *= UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(hash >> 32);
}

#endif
