/*
 * Included in front of every file of the compiler for tests/property/wrong_compiler.c: the compiler is then wrong about
 * one comparison. The guards of the headers keep it so.
 */
#include <linux/filter.h>

#ifdef WRONG_GE
#undef BPF_JGE
#define BPF_JGE BPF_JGT
#endif

#ifdef WRONG_EQ
#undef BPF_JEQ
#define BPF_JEQ BPF_JGE
#endif

#ifdef WRONG_SET
#undef BPF_JSET
#define BPF_JSET BPF_JEQ
#endif
