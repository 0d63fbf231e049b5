/* support/simulated.h - tests that load nothing, on any machine and any kernel. SPDX-License-Identifier: MIT */
#ifndef SUPPORT_SIMULATED_H
#define SUPPORT_SIMULATED_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/audit.h>
#include <linux/filter.h>

#include <seccomp.h>

#include "support/run.h"

/* As test_run(); filters may have every action and attribute, whatever the kernel here has. */
static inline int simulated_run(TCase *tests)
{
	if (seccomp_api_set(7) != 0)
		return EXIT_FAILURE;
	return test_run(tests);
}

/* From the byte order of this machine to that of an architecture, as callgate_program_new() takes instructions. */
static inline void simulated_byte_order(uint32_t arch, struct sock_filter *insns, size_t count)
{
	const bool host_is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

	if (((arch & __AUDIT_ARCH_LE) != 0) == host_is_little)
		return;
	for (size_t i = 0; i < count; i++) {
		insns[i].code = __builtin_bswap16(insns[i].code);
		insns[i].k = __builtin_bswap32(insns[i].k);
	}
}

#endif
