/*
 * What a struct callgate_profile is made of.
 */
#ifndef CALLGATE_OCI_PROFILE_HANDLE_H
#define CALLGATE_OCI_PROFILE_HANDLE_H

#include <callgate/oci.h>

#include "base/diag.h"
#include "base/strbuf.h"
#include "oci/application.h"

struct callgate_profile {
	struct environment environment;
	uint32_t options[CALLGATE_PROFILE_LIKE + 1]; /* by enum callgate_profile_option */
	bool was_read;                               /* a reading was tried */
	bool is_usable;                              /* and there was no error */
	bool is_reviewed;                            /* the filter was asked, too */
	struct strbuf text;                          /* the document points into it */
	struct document document;
	struct messages messages;
	struct arena arena; /* the model's */
	struct model model;
	struct references references;
	struct origins origins;
	struct diag diag;
};

/* What a file is that is taken for a profile by mistake; NULL: it may be JSON. By its contents, whatever its name. */
const char *profile_other_kind(const char *text, size_t size);

/* Begins a question to a profile that was read, whose answer has a place. 0 or -EINVAL. */
int profile_start_answer(struct callgate_profile *profile, const void *ret);
/* Hands the text over; 0 or -ENOMEM. */
int profile_give(struct callgate_profile *profile, struct strbuf *text, char **ret_text);

#endif
