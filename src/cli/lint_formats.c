/* Findings for people, for programs (JSON, SARIF 2.1.0) and for the pages of pull requests. */
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/arch.h>
#include <callgate/decode.h>
#include <callgate/version.h>

#include "cli/lint_file.h"
#include "cli/print.h"

static const char *const levels[] = {"note", "warning", "error"}; /* ORDER callgate_finding_level */

/* "socketcall(SYS_SOCKET, ...) on x86 gets ALLOW" */
static void write_witness(char *text, size_t size, const struct callgate_finding *finding)
{
	const struct callgate_arch *arch = callgate_arch_of_call(finding->witness.arch, finding->witness.nr);
	unsigned long long args[6];
	char call[400] = "", action[CALLGATE_ACTION_TEXT];

	for (int i = 0; i < 6; i++)
		args[i] = finding->witness.args[i];
	if (strcmp(finding->name, "width") == 0) /* whose bits are those that words leave out */
		snprintf(call, sizeof(call), "%s(0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx)",
		         call_name(&finding->witness), args[0], args[1], args[2], args[3], args[4], args[5]);
	else
		callgate_decode_call(&finding->witness, NULL, NULL, call, sizeof(call));
	callgate_action_text(finding->action, action);
	snprintf(text, size, "%s on %s gets %s", call, arch ? arch->name : "an unknown architecture", action);
}

/* ---- text ---- */

static void print_place(FILE *out, const struct placed_finding *placed)
{
	if (placed->line)
		print_safely(out, "%s:%u:%u: ", placed->file, placed->line, placed->column);
	else
		print_safely(out, "%s: ", placed->file);
}

static void print_lines(const struct lint_report *report)
{
	size_t counts[3] = {0}, suppressed = 0, known = 0;

	for (size_t i = 0; i < report->list.count; i++) {
		const struct placed_finding *placed = &report->list.items[i];
		const struct callgate_finding *finding = &placed->finding;
		char witness[600];
		suppressed += placed->justification != NULL;
		known += !placed->justification && placed->is_known;
		if (!lint_counts(placed))
			continue;
		counts[finding->level]++;
		print_place(stdout, placed);
		print_safely(stdout, "%s[%s]: %s\n", levels[finding->level], finding->name, finding->text);
		if (finding->has_witness) {
			write_witness(witness, sizeof(witness), finding);
			print_safely(stdout, "    call: %s\n", witness);
		}
		if (finding->fix)
			print_safely(stdout, "    help: %s\n", finding->fix);
	}
	fflush(stdout);
	fprintf(stderr, "callgate: %zu error%s, %zu warning%s, %zu note%s, %zu suppressed", counts[2],
	        counts[2] == 1 ? "" : "s", counts[1], counts[1] == 1 ? "" : "s", counts[0], counts[0] == 1 ? "" : "s",
	        suppressed);
	if (report->baseline.is_given)
		fprintf(stderr, ", %zu in the baseline", known);
	fputc('\n', stderr);
}

/* ---- JSON ---- */

static void print_json(const struct lint_report *report)
{
	struct json json = {.out = stdout};

	json_open(&json, NULL, "{}");
	json_number(&json, "version", 1);
	json_open(&json, "findings", "[]");
	for (size_t i = 0; i < report->list.count; i++) {
		const struct placed_finding *placed = &report->list.items[i];
		const struct callgate_finding *finding = &placed->finding;
		json_open(&json, NULL, "{}");
		json_text(&json, "file", placed->file);
		json_number(&json, "line", placed->line);
		json_number(&json, "column", placed->column);
		json_text(&json, "name", finding->name);
		json_text(&json, "level", levels[finding->level]);
		json_text(&json, "text", finding->text);
		json_text(&json, "fix", finding->fix);
		json_text(&json, "fingerprint", placed->fingerprint);
		json_text(&json, "suppressed", placed->justification);
		json_bool(&json, "known", placed->is_known);
		if (finding->has_witness) {
			json_open(&json, "witness", "{}");
			json_call(&json, &finding->witness, 0x3f);
			json_action(&json, "action", finding->action);
			json_close(&json);
		}
		json_close(&json);
	}
	json_close(&json);
	json_close(&json);
}

/* ---- SARIF ---- */

static void json_message(struct json *json, const char *key, const char *text)
{
	json_open(json, key, "{}");
	json_text(json, "text", text);
	json_close(json);
}

static void print_sarif_tool(struct json *json)
{
	const struct callgate_finding_kind *kind;

	json_open(json, "tool", "{}");
	json_open(json, "driver", "{}");
	json_text(json, "name", "callgate");
	json_text(json, "version", callgate_version());
	json_open(json, "rules", "[]");
	for (size_t i = 0; (kind = callgate_finding_kind_at(i)); i++) {
		json_open(json, NULL, "{}");
		json_text(json, "id", kind->name);
		json_message(json, "shortDescription", kind->summary);
		json_message(json, "fullDescription", kind->explanation);
		json_close(json);
	}
	json_close(json);
	json_close(json);
	json_close(json);
}

/* A character that a reference of RFC 3986 has as it is; a colon would make a scheme of the first name. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~/", c) != NULL);
}

/* A path as a reference. With two slashes at its beginning it would name a host. */
static void json_uri(struct json *json, const char *key, const char *path)
{
	struct strbuf uri = {0};

	while (path[0] == '/' && path[1] == '/')
		path++;
	for (; *path; path++)
		if (is_plain(*path))
			strbuf_append_bytes(&uri, path, 1);
		else
			strbuf_printf(&uri, "%%%02X", (unsigned char)*path);
	json_text(json, key, text_of(&uri, NULL));
	strbuf_finish(&uri);
}

static void print_sarif_place(struct json *json, const struct placed_finding *placed)
{
	json_open(json, "locations", "[]");
	json_open(json, NULL, "{}");
	json_open(json, "physicalLocation", "{}");
	json_open(json, "artifactLocation", "{}");
	json_uri(json, "uri", placed->file);
	json_close(json);
	if (placed->line) {
		json_open(json, "region", "{}");
		json_number(json, "startLine", placed->line);
		json_number(json, "startColumn", placed->column);
		json_close(json);
	}
	json_close(json);
	json_close(json);
	json_close(json);
}

static void print_sarif_result(struct json *json, const struct placed_finding *placed)
{
	const struct callgate_finding *finding = &placed->finding;
	struct strbuf text = {0};
	char witness[600] = "";

	if (finding->has_witness)
		write_witness(witness, sizeof(witness), finding);
	strbuf_printf(&text, "%s%s%s%s%s", finding->text, *witness ? "\nCall: " : "", witness,
	              finding->fix ? "\nHelp: " : "", finding->fix ? finding->fix : "");
	json_open(json, NULL, "{}");
	json_text(json, "ruleId", finding->name);
	json_text(json, "level", levels[finding->level]);
	json_message(json, "message", text_of(&text, finding->text));
	print_sarif_place(json, placed);
	json_open(json, "partialFingerprints", "{}");
	json_text(json, "callgate/v1", placed->fingerprint);
	json_close(json);
	json_open(json, "suppressions", "[]");
	if (placed->justification) {
		json_open(json, NULL, "{}");
		json_text(json, "kind", "inSource");
		json_text(json, "justification", placed->justification);
		json_close(json);
	}
	json_close(json);
	if (placed->is_known)
		json_text(json, "baselineState", "unchanged");
	json_close(json);
	strbuf_finish(&text);
}

static void print_sarif(const struct lint_report *report)
{
	struct json json = {.out = stdout};

	json_open(&json, NULL, "{}");
	json_text(&json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	json_text(&json, "version", "2.1.0");
	json_open(&json, "runs", "[]");
	json_open(&json, NULL, "{}");
	print_sarif_tool(&json);
	json_text(&json, "columnKind", "unicodeCodePoints");
	json_open(&json, "results", "[]");
	for (size_t i = 0; i < report->list.count; i++)
		print_sarif_result(&json, &report->list.items[i]);
	json_close(&json);
	json_close(&json);
	json_close(&json);
	json_close(&json);
}

/* ---- commands of GitHub's runners ---- */

/* The runner decodes %25, %0D, %0A and, of properties, %3A and %2C; other bytes that nobody would see are shown so. */
static void print_escaped(const char *text, bool is_property)
{
	for (size_t size, left = strlen(text); left > 0; text += size, left -= size) {
		const size_t whole =
		    *text == '%' || (is_property && (*text == ':' || *text == ',')) ? 0 : character_size(text, left);
		size = whole ? whole : 1;
		if (whole)
			fwrite(text, 1, whole, stdout);
		else
			printf("%%%02X", (unsigned char)*text);
	}
}

static void print_github(const struct lint_report *report)
{
	static const char *const commands[] = {"notice", "warning", "error"}; /* ORDER callgate_finding_level */

	for (size_t i = 0; i < report->list.count; i++) {
		const struct placed_finding *placed = &report->list.items[i];
		if (!lint_counts(placed))
			continue;
		printf("::%s file=", commands[placed->finding.level]);
		print_escaped(placed->file, true);
		if (placed->line)
			printf(",line=%u,col=%u", placed->line, placed->column);
		printf(",title=callgate lint (%s)::", placed->finding.name);
		print_escaped(placed->finding.text, false);
		putchar('\n');
	}
}

/* ---- the formats ---- */

const char *const lint_formats[] = {"text", "json", "sarif", "github", NULL};

void lint_print(const struct lint_report *report, int format)
{
	static void (*const printers[])(const struct lint_report *report) = {print_lines, print_json, print_sarif,
	                                                                     print_github}; /* ORDER lint_formats */

	printers[format](report);
}
