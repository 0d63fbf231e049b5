#include <assert.h>
#include <inttypes.h>

#include <callgate/oci.h>

#include "oci/application.h"
#include "oci/json_token.h"

#define INDENT "\t"

static void write_key(struct strbuf *out, const char *indent, const char *key)
{
	strbuf_printf(out, ",\n%s\"%s\": ", indent, key);
}

static void write_number(struct strbuf *out, const char *indent, const char *key,
                         const struct verdict *verdict, uint32_t default_errno)
{
	if (!action_takes_number(verdict->action))
		return;
	write_key(out, indent, key);
	strbuf_printf(out, "%" PRIu32, verdict_value(verdict, default_errno) & SECCOMP_RET_DATA);
}

static void write_archs(struct strbuf *out, const struct model *model)
{
	write_key(out, INDENT, "architectures");
	for (size_t i = 0; i < model->arch_count; i++)
		strbuf_printf(out, "%s\"%s\"", i ? ", " : "[", model->archs[i]->oci_name);
	strbuf_append(out, "]");
}

static void write_flags(struct strbuf *out, const struct model *model)
{
	const char *separator = "[";

	for (const struct word *flag = flag_words; flag->name; flag++) {
		if (!model->flags[flag->value])
			continue;
		if (*separator == '[')
			write_key(out, INDENT, "flags");
		strbuf_printf(out, "%s\"%s\"", separator, flag->name);
		separator = ", ";
	}
	if (*separator != '[')
		strbuf_append(out, "]");
}

static void write_condition(struct strbuf *out, const struct scmp_arg_cmp *compare)
{
	assert(compare->op >= SCMP_CMP_NE && compare->op <= SCMP_CMP_MASKED_EQ);
	strbuf_printf(out, "{\"index\": %u, \"value\": %" PRIu64, compare->arg, compare->datum_a);
	if (compare->op == SCMP_CMP_MASKED_EQ)
		strbuf_printf(out, ", \"valueTwo\": %" PRIu64, compare->datum_b);
	strbuf_printf(out, ", \"op\": \"%s\"}", comparison_words[compare->op - SCMP_CMP_NE].name);
}

static void write_entry(struct strbuf *out, const struct entry *entry, uint32_t default_errno)
{
	strbuf_append(out, "{\n" INDENT INDENT INDENT "\"names\": [");
	for (size_t i = 0; i < entry->name_count; i++) {
		strbuf_append(out, i ? ", " : "");
		token_write_string(out, entry->names[i].name);
	}
	strbuf_append(out, "]");
	write_key(out, INDENT INDENT INDENT, "action");
	strbuf_printf(out, "\"%s\"", entry->verdict.name);
	write_number(out, INDENT INDENT INDENT, "errnoRet", &entry->verdict, default_errno);
	if (entry->condition_count)
		write_key(out, INDENT INDENT INDENT, "args");
	for (size_t i = 0; i < entry->condition_count; i++) {
		strbuf_append(out, i ? ", " : "[");
		write_condition(out, &entry->conditions[i].compare);
	}
	strbuf_append(out, entry->condition_count ? "]\n" INDENT INDENT "}" : "\n" INDENT INDENT "}");
}

static void write_listener(struct strbuf *out, const struct model *model)
{
	if (!model->listener_path)
		return;
	write_key(out, INDENT, "listenerPath");
	token_write_string(out, model->listener_path);
	if (!model->listener_metadata)
		return;
	write_key(out, INDENT, "listenerMetadata");
	token_write_string(out, model->listener_metadata);
}

void write_resolved(struct strbuf *out, const struct model *model, const uint32_t *options)
{
	uint32_t default_errno = options[CALLGATE_PROFILE_DEFAULT_ERRNO];
	const char *separator = "[\n";

	strbuf_printf(out, "{\n" INDENT "\"defaultAction\": \"%s\"", model->fallback.name);
	write_number(out, INDENT, "defaultErrnoRet", &model->fallback, default_errno);
	write_archs(out, model);
	write_flags(out, model);
	write_listener(out, model);
	write_key(out, INDENT, "syscalls");
	for (size_t i = 0; i < model->entry_count; i++) {
		if (model->entries[i].excluded || model->entries[i].name_count == 0)
			continue;
		strbuf_printf(out, "%s" INDENT INDENT, separator);
		write_entry(out, &model->entries[i], default_errno);
		separator = ",\n";
	}
	strbuf_append(out, *separator == '[' ? "[]\n}\n" : "\n" INDENT "]\n}\n");
}
