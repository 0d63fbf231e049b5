/*
 * What the files of the page share.
 */
#ifndef CALLGATE_CLI_COVERAGE_HTML_PRIVATE_H
#define CALLGATE_CLI_COVERAGE_HTML_PRIVATE_H

#include "base/strbuf.h"
#include "cli/coverage.h"

/* Text as it may stand between tags and in attributes. */
void html_text(struct strbuf *out, const char *text);

/* The listings of the programs, with how often the tests took each edge. */
void html_programs(struct strbuf *out, const struct coverage *coverage);

extern const char html_style[];

#endif
