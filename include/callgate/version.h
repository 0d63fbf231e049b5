/* callgate/version.h - which callgate this is. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_VERSION_H
#define CALLGATE_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define CALLGATE_VERSION_MAJOR 0
#define CALLGATE_VERSION_MINOR 2
#define CALLGATE_VERSION_MICRO 0

/* For the preprocessor: true if the headers are of this version or of a later one. */
#define CALLGATE_VERSION_AT_LEAST(major, minor, micro) \
	(CALLGATE_VERSION_MAJOR > (major) ||           \
	 (CALLGATE_VERSION_MAJOR == (major) &&         \
	  (CALLGATE_VERSION_MINOR > (minor) ||         \
	   (CALLGATE_VERSION_MINOR == (minor) && CALLGATE_VERSION_MICRO >= (micro)))))

/*
 * The version of the library that is running, such as "0.2.0"; the string is static. It can differ from the macros
 * above, which are the version of the headers. (seccomp_version() returns the version of the libseccomp interface that
 * this library implements.)
 */
const char *callgate_version(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
