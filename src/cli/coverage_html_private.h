/*
 * What the files of the page share.
 */
#ifndef CALLGATE_CLI_COVERAGE_HTML_PRIVATE_H
#define CALLGATE_CLI_COVERAGE_HTML_PRIVATE_H

#include "base/strbuf.h"
#include "cli/coverage.h"

/* Text as it may stand between tags and in attributes. */
void html_text(struct strbuf *out, const char *text);

/* The profile's text, if there is one and it can be read again. The tests of the section have anchors. */
void html_source(struct strbuf *out, const struct coverage *coverage, size_t section);

/* The edges that no test took, as a list; nothing if there are none. */
void html_missed_edges(struct strbuf *out, const struct coverage *coverage);

/* The listings of the programs, with how often the tests took each edge. */
void html_programs(struct strbuf *out, const struct coverage *coverage);

extern const char html_style[];

#endif
