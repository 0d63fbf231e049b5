/*
 * What a struct callgate_profile is made of.
 */
#ifndef CALLGATE_OCI_PROFILE_H
#define CALLGATE_OCI_PROFILE_H

#include <callgate/oci.h>

#include "base/diag.h"
#include "oci/environment.h"

struct callgate_profile {
	struct environment environment;
	uint32_t options[CALLGATE_PROFILE_DEFAULT_ERRNO + 1]; /* by enum callgate_profile_option */
	bool was_read;                                        /* a reading was tried */
	struct diag diag;
};

#endif
