/* callgate/decode.h - system calls in words. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_DECODE_H
#define CALLGATE_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#include <callgate/simulate.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Link with -lcallgate-info (pkg-config callgate-info). Everything here is async-signal-safe: it makes no system call, takes no lock,
 * allocates nothing, and leaves errno alone.
 *
 * The functions that write a text write at most `size` bytes with the final '\0' into `buffer` (nothing if size is 0), and return the
 * length of the whole text without it, as snprintf(3) does.
 */

/* Reads a string of the process that makes the call: at most `size` bytes with a '\0', into `buffer`. 0; a negative number if it can't be read. */
typedef int callgate_text_reader(void *data, uint64_t address, char *buffer, size_t size);

/*
 * "openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC, 0)": the call, its number where it has no name ("500(...)"), and its arguments as the
 * kernel declares and reads them (callgate_argument_bits() of <callgate/info.h>); all six in hexadecimal where the call is unknown.
 *
 * Paths are read with `reader`, which gets `data`; with NULL, or where it fails, they are addresses, as other pointers are. A string
 * is what the process had there at that time: it may have another one there when the kernel looks.
 */
size_t callgate_decode_call(const struct callgate_call *call, callgate_text_reader *reader, void *data,
                            char *buffer, size_t size);

/*
 * One argument (0 to 5) with this value in words: "O_WRONLY|O_TRUNC", "-1", "0644". `arch` is a SCMP_ARCH_* token, 0: native; `call` the name.
 */
size_t callgate_decode_argument(uint32_t arch, const char *call, unsigned int arg, uint64_t value,
                                char *buffer, size_t size);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
