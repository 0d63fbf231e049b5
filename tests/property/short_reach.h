/*
 * Included in front of src/compile/emit.c for tests/property/small_scope.c: conditional jumps reach as far as this.
 */
#include <stdint.h>

#undef UINT8_MAX
#define UINT8_MAX 2
