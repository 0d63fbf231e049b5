/*
 * What a confined child writes to its parent: this header, then `size` bytes. A child can write anything, so the parent believes
 * only what it has checked, and nothing in here is more than a claim.
 */
#ifndef CALLGATE_WORKER_REPORT_H
#define CALLGATE_WORKER_REPORT_H

#include <stdint.h>

enum { REPORT_MAGIC = 0x63676d31 };

enum report_kind {
	REPORT_VALUE = 1,     /* the function returned `value`; the output follows */
	REPORT_TOO_LARGE = 2, /* `size` bytes would not fit; nothing follows */
	REPORT_FORBIDDEN = 3, /* system call `detail` on `arch`; nothing follows */
	REPORT_FAILED = 4,    /* preparing failed: `value` is the errno, `detail` the step; nothing follows */
	REPORT_READY = 5,     /* plugins: loaded */
	REPORT_REFUSED = 6,   /* plugins: the dynamic linker's words follow */
	REPORT_LISTENER = 7,  /* plugins: the host shall open files; the listener comes with it */
	REPORT_NO_LIMIT =
	    8, /* plugins: nothing can limit files: `value` is Landlock's errno, `detail` the listener's */
};

struct report {
	uint32_t magic;
	uint32_t kind;
	int64_t value;
	uint64_t size;
	int32_t detail;
	uint32_t arch;
	uint64_t sequence; /* plugins: which request this answers */
};

#endif
