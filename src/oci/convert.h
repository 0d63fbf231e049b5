/*
 * A filter written in another form: what it says is asked from the proof, call by call, and not taken from the text
 * that it was read from.
 */
#ifndef CALLGATE_OCI_CONVERT_H
#define CALLGATE_OCI_CONVERT_H

#include "oci/application.h"
#include "oci/call_cases.h"

/* What is to be written. Memory is of the arena; the diag says why writing fails. */
struct conversion {
	const struct application *application; /* with its context */
	struct callgate_filter filter;         /* that context */
	struct arena *arena;
	struct diag *diag;
	/*
	 * A policy: socketcall(2) and ipc(2) come before what is said of the calls that they make, whatever is said of
	 * them.
	 */
	bool multiplexed_first;
	/* JSON: calls that get ENOSYS since they are newer than others are left to the runtime. */
	bool omits_newer;
};

/* The cases of a call, and what an unnamed call like it gets; 0, -errno. */
struct call_answer {
	struct call_cases cases;
	bool is_unnamed; /* no rule decides: it gets what unnamed calls get */
};
int conversion_ask(const struct conversion *conversion, const struct callgate_arch *arch, const char *name, int nr,
                   struct call_answer *ret_answer);

/* -EDQUOT, and the words: what the call's arguments decide takes more cases than a text can have. */
int conversion_refuse(const struct conversion *conversion, const struct callgate_arch *arch, const char *name);

/*
 * "socket(AF_INET) -> ALLOW" and "EPERM": a case of a call, with the names that values and errors have on the
 * architecture. as_wide: where registers have 32 bits, as if all 64 were compared, which is the same there.
 */
void policy_write_case(struct strbuf *out, const struct callgate_arch *arch, const char *name,
                       const struct call_case *one, bool as_wide);
void policy_write_action(struct strbuf *out, const struct callgate_arch *arch, uint32_t action);

/* ---- what is said of each call by a policy that is to be written, policy_rows.c ---- */

enum { NARROW = 2 };

/* What is said of a call on one architecture. */
struct answer {
	bool is_there;
	/*
	 * The statements about its arguments, each a line; "": none. Where registers have 32 bits any width says the
	 * same, and there are two ways to write it: as where arguments are compared as the kernel reads them, and as
	 * where all 64 bits are.
	 */
	const char *lines[NARROW];
	const char *rest; /* the action of all other calls; NULL: that needs no statement */
	bool is_decided;  /* a statement decides about every such call */
};

struct row {
	const char *name;
	int number;             /* -1: the row is about the name; else about this number where it has none */
	struct answer *answers; /* by the architecture's place in the model */
};

struct policy_rows {
	size_t count;
	struct row *items; /* by name, and then calls that have none */
};

/* All that the conversion's filter does with calls. In its arena; 0, -ENOMEM, or what conversion_ask() returns. */
int policy_rows_read(const struct conversion *conversion, struct policy_rows *ret_rows);

/* socketcall(2), ipc(2) */
bool policy_is_multiplexer(const char *name);

/* ---- whole texts ---- */

/* 0, -ENOMEM, -EDQUOT (what is done with a call is too much to be written), and errors of the questions. */
int write_as_policy(struct strbuf *out, const struct conversion *conversion);
int write_as_json(struct strbuf *out, const struct conversion *conversion);

#endif
