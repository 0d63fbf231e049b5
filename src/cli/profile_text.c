#include "cli/profile_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output.h"

enum { DEPTH = 32 /* more than CALLGATE_PROFILE_DEPTH_MAX */, TEXT_SIZE_MAX = 64 << 20 };

/* What is no regular file may have no end, or nobody who writes into it. NULL after a message. */
static FILE *open_regular(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	const bool is_there = fd >= 0 && fstat(fd, &status) == 0, is_regular = is_there && S_ISREG(status.st_mode);
	FILE *file = is_regular ? fdopen(fd, "r") : NULL;

	if (is_there && S_ISDIR(status.st_mode))
		errno = EISDIR;
	if (is_there && !is_regular && !S_ISDIR(status.st_mode))
		cli_error("%s: is no regular file", path);
	else if (!file)
		cli_error("%s: %s", path, strerror(errno));
	if (!file && fd >= 0)
		close(fd);
	return file;
}

bool text_read(const char *path, struct text *ret_text)
{
	const bool is_input = strcmp(path, "-") == 0;
	FILE *file = is_input ? stdin : open_regular(path), *text;
	char piece[4096];
	size_t got, size = 0;

	output_note_input(path);
	if (!file)
		return false;
	text = memory_open(&ret_text->bytes, &ret_text->size);
	while (text && size <= TEXT_SIZE_MAX && (got = fread(piece, 1, sizeof(piece), file)) > 0)
		size += fwrite(piece, 1, got, text);
	const bool has_failed = !text || ferror(file), is_large = size > TEXT_SIZE_MAX;
	if (has_failed)
		cli_error("%s: %s", path, strerror(errno));
	else if (is_large)
		cli_error("%s: has more than %d MiB", path, TEXT_SIZE_MAX >> 20);
	if (!is_input)
		fclose(file);
	const bool is_whole = text && fclose(text) == 0;
	if (text && !is_whole)
		cli_error("%s: out of memory", path);
	return is_whole && !has_failed && !is_large;
}

/* ---- where things stand in JSON ---- */

/* From the first byte to the one after the last. */
struct span {
	size_t begin, end;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_blanks(const struct text *text, size_t at)
{
	while (at < text->size && is_blank(text->bytes[at]))
		at++;
	return at;
}

/* Where the first value is, after a byte order mark. */
static size_t first_value(const struct text *text)
{
	return skip_blanks(text, text->size >= 3 && memcmp(text->bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
}

/* After the string that begins here. */
static size_t skip_string(const struct text *text, size_t at)
{
	for (at++; at < text->size && text->bytes[at] != '"'; at++)
		at += text->bytes[at] == '\\';
	return at < text->size ? at + 1 : text->size;
}

/* After the value that begins here. */
static size_t skip_value(const struct text *text, size_t at)
{
	int depth = 0;

	do {
		const char c = at < text->size ? text->bytes[at] : '\0';
		if (c == '"') {
			at = skip_string(text, at);
			continue;
		}
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		at++;
		if (depth == 0 && c != '}' && c != ']') /* a number or a word */
			while (at < text->size && !strchr(",]} \t\r\n", text->bytes[at]))
				at++;
	} while (depth > 0 && at < text->size);
	return at;
}

/* The value of a key of the object, whatever its case is, as container engines read them. */
static bool find_key(const struct text *text, size_t object, const char *key, struct span *ret_value)
{
	size_t at = object + 1;

	while ((at = skip_blanks(text, at)) < text->size && text->bytes[at] != '}') {
		if (text->bytes[at] == ',') {
			at++;
			continue;
		}
		const size_t name = at + 1;
		at = skip_string(text, at);
		const size_t length = at - name - 1;
		at = skip_blanks(text, skip_blanks(text, at) + 1); /* the colon */
		const size_t end = skip_value(text, at);
		if (length == strlen(key) && strncasecmp(text->bytes + name, key, length) == 0) {
			*ret_value = (struct span){at, end};
			return true;
		}
		at = end;
	}
	return false;
}

/* The innermost brackets around a place, and the ones around those. */
static bool find_brackets(const struct text *text, size_t place, struct span around[3])
{
	size_t open[DEPTH], depth = 0, at = 0;

	while (at < place) {
		const char c = text->bytes[at];
		if (c == '"') {
			at = skip_string(text, at);
			continue;
		}
		if (c == '{' || c == '[') {
			if (depth == DEPTH)
				return false;
			open[depth++] = at;
		}
		depth -= depth > 0 && (c == '}' || c == ']');
		at++;
	}
	for (size_t i = 0; i < 3 && at == place; i++)
		around[i] = i < depth ? (struct span){open[depth - 1 - i], skip_value(text, open[depth - 1 - i])}
		                      : (struct span){0};
	return at == place && depth >= 2;
}

/* An item with one of the commas beside it. */
static struct span with_comma(const struct text *text, struct span item)
{
	const size_t after = skip_blanks(text, item.end);

	if (after < text->size && text->bytes[after] == ',')
		return (struct span){item.begin, skip_blanks(text, after + 1)};
	while (item.begin > 0 && is_blank(text->bytes[item.begin - 1]))
		item.begin--;
	item.begin -= item.begin > 0 && text->bytes[item.begin - 1] == ',';
	return item;
}

/* Columns count characters. text->size: there is no such place. */
static size_t find_place(const struct text *text, unsigned line, unsigned column)
{
	size_t at = 0;

	for (unsigned at_line = 1; at_line < line && at < text->size; at++)
		at_line += text->bytes[at] == '\n';
	for (unsigned at_column = 1; at < text->size; at++) {
		if (((unsigned char)text->bytes[at] & 0xc0) == 0x80)
			continue;
		if (at_column++ == column)
			break;
	}
	return at;
}

/* ---- entries ---- */

bool profile_text_condition(struct json *json, const struct scmp_arg_cmp *condition)
{
	static const char *const names[] = {[SCMP_CMP_NE] = "SCMP_CMP_NE",
	                                    [SCMP_CMP_LT] = "SCMP_CMP_LT",
	                                    [SCMP_CMP_LE] = "SCMP_CMP_LE",
	                                    [SCMP_CMP_EQ] = "SCMP_CMP_EQ",
	                                    [SCMP_CMP_GE] = "SCMP_CMP_GE",
	                                    [SCMP_CMP_GT] = "SCMP_CMP_GT",
	                                    [SCMP_CMP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ"};

	if (condition->arg >= 6 || condition->op >= sizeof(names) / sizeof(names[0]) || !names[condition->op])
		return false;
	json_open(json, NULL, "{}");
	json_number(json, "index", condition->arg);
	json_unsigned(json, "value", condition->datum_a);
	if (condition->op == SCMP_CMP_MASKED_EQ)
		json_unsigned(json, "valueTwo", condition->datum_b);
	json_text(json, "op", names[condition->op]);
	json_close(json);
	return true;
}

/* The blanks before the last item of a list that ends before `end`, if that has a line of its own; else NULL. */
static const char *indentation(const struct text *profile, const struct span *list, size_t end, size_t *ret_length)
{
	struct span last = {list->begin + 1, 0};
	size_t at, line;

	for (at = skip_blanks(profile, list->begin + 1); at < end; at = skip_blanks(profile, at)) {
		last.begin = at;
		at = skip_blanks(profile, skip_value(profile, at));
		at += at < end && profile->bytes[at] == ',';
	}
	for (line = last.begin;
	     line > list->begin && (profile->bytes[line - 1] == ' ' || profile->bytes[line - 1] == '\t');)
		line--;
	*ret_length = last.begin - line;
	return profile->bytes[line - 1] == '\n' ? profile->bytes + line : NULL;
}

/* What is printed for a list begins each line with two spaces: the file's own indentation takes their place. */
static void put_indented(FILE *out, const struct text *printed, const char *line_end, const char *blanks, size_t length)
{
	for (size_t i = 0; i < printed->size; i++) {
		if (printed->bytes[i] == '\n')
			fputs(line_end, out);
		else
			fputc(printed->bytes[i], out);
		if (printed->bytes[i] != '\n' || !blanks)
			continue;
		fwrite(blanks, 1, length, out);
		i += printed->size - i > 2 && memcmp(printed->bytes + i + 1, "  ", 2) == 0 ? 2 : 0;
	}
}

int profile_text_append(const struct text *profile, void (*print)(struct json *json, const void *data),
                        const void *data, struct text *ret_text)
{
	struct span list;
	struct text text = {0}, printed = {0};
	const size_t object = first_value(profile);
	size_t length;

	if (object >= profile->size || !find_key(profile, object, "syscalls", &list) ||
	    profile->bytes[list.begin] != '[')
		return -EINVAL;
	size_t kept = list.end - 1;
	while (is_blank(profile->bytes[kept - 1]))
		kept--;
	FILE *out = memory_open(&printed.bytes, &printed.size);
	if (!out)
		return -ENOMEM;
	struct json json = {.out = out, .depth = 1, .levels = {{"[]", kept > list.begin + 1, true}}};
	print(&json, data);
	if (fclose(out) != 0 || !(out = memory_open(&text.bytes, &text.size))) {
		free(printed.bytes);
		return -ENOMEM;
	}
	fwrite(profile->bytes, 1, kept, out);
	const char *blanks = indentation(profile, &list, kept, &length);
	put_indented(out, &printed, profile_text_line_end(profile), blanks, length);
	free(printed.bytes);
	if (!memchr(profile->bytes + kept, '\n', list.end - 1 - kept))
		fputs(profile_text_line_end(profile), out);
	fwrite(profile->bytes + kept, 1, profile->size - kept, out);
	if (fclose(out) != 0) {
		free(text.bytes);
		return -ENOMEM;
	}
	*ret_text = text;
	return 0;
}

bool profile_text_has_list(const struct text *text, const char *key)
{
	const size_t object = first_value(text);
	struct span list;

	return object < text->size && text->bytes[object] == '{' && find_key(text, object, key, &list) &&
	       list.end <= text->size && list.end > list.begin + 1 && text->bytes[list.begin] == '[' &&
	       text->bytes[list.end - 1] == ']';
}

bool profile_text_is_json(const struct text *text)
{
	const size_t at = first_value(text);

	return at < text->size && text->bytes[at] == '{';
}

const char *profile_text_line_end(const struct text *text)
{
	const char *newline = text->size ? memchr(text->bytes, '\n', text->size) : NULL;

	return newline && newline > text->bytes && newline[-1] == '\r' ? "\r\n" : "\n";
}

/* A name in an entry: the list of names, unless the entry has a single `name`. */
struct named_entry {
	struct span name, names, entry;
	bool is_listed;
};

static bool find_entry(const struct text *profile, unsigned line, unsigned column, struct named_entry *ret)
{
	const size_t place = find_place(profile, line, column);
	struct span around[3];

	if (place >= profile->size || profile->bytes[place] != '"' || !find_brackets(profile, place, around))
		return false;
	const bool is_listed = profile->bytes[around[0].begin] == '[';
	*ret = (struct named_entry){{place, skip_string(profile, place)}, around[0], around[is_listed], is_listed};
	return profile->bytes[ret->entry.begin] == '{';
}

static void put(FILE *out, const struct text *text, size_t begin, size_t end)
{
	fwrite(text->bytes + begin, 1, end - begin, out);
}

/* The entry with its one name and more conditions. */
static void put_copy(FILE *out, const struct text *text, const struct named_entry *found, const char *conditions)
{
	const struct span *entry = &found->entry;
	struct span args, names = found->is_listed ? found->names : (struct span){entry->begin, entry->begin};
	const bool has_key = find_key(text, entry->begin, "args", &args);
	const bool has_list = has_key && text->bytes[args.begin] == '[';
	const bool has_items = has_list && skip_blanks(text, args.begin + 1) < args.end - 1;
	size_t at = entry->begin;

	if (!has_key) {
		args = (struct span){entry->end - 1, entry->end - 1};
		while (is_blank(text->bytes[args.begin - 1]))
			args.begin--;
		args.end = args.begin;
	}
	for (int i = 0; i < 2; i++) { /* in the order in which they stand */
		const bool is_names = (names.begin < args.begin) == (i == 0);
		put(out, text, at, is_names ? names.begin : has_items ? args.end - 1 : args.begin);
		at = is_names ? names.end : args.end;
		if (is_names && found->is_listed) {
			fputc('[', out);
			put(out, text, found->name.begin, found->name.end);
			fputc(']', out);
		} else if (!is_names)
			fprintf(out, "%s%s]", has_items ? ", " : has_key ? "[" : ", \"args\": [", conditions);
	}
	put(out, text, at, entry->end);
}

int profile_text_narrow(const struct text *profile, unsigned line, unsigned column, size_t count,
                        char *const *conditions, struct text *ret_text)
{
	struct named_entry found;
	struct text text = {0};

	if (!find_entry(profile, line, column, &found))
		return -EINVAL;
	const struct span cut = with_comma(profile, found.name), all = with_comma(profile, found.entry);
	const bool stays =
	    found.is_listed && skip_blanks(profile, skip_string(profile, skip_blanks(profile, found.names.begin + 1))) <
	                           found.names.end - 1; /* with its other names */
	FILE *out = memory_open(&text.bytes, &text.size);
	if (!out)
		return -ENOMEM;
	put(out, profile, 0, stays ? cut.begin : count ? found.entry.begin : all.begin);
	if (stays)
		put(out, profile, cut.end, found.entry.end);
	for (size_t i = 0; i < count; i++) {
		fputs(stays || i > 0 ? ", " : "", out);
		put_copy(out, profile, &found, conditions[i]);
	}
	put(out, profile, stays || count ? found.entry.end : all.end, profile->size);
	if (fclose(out) != 0) {
		free(text.bytes);
		return -ENOMEM;
	}
	*ret_text = text;
	return 0;
}

/* A number that is the value of a key of the object. */
static bool find_number(const struct text *text, size_t object, const char *key, unsigned long long *ret_number)
{
	struct span value;
	char *end, digits[24] = "";

	if (!find_key(text, object, key, &value) || value.end - value.begin >= sizeof(digits))
		return false;
	memcpy(digits, text->bytes + value.begin, value.end - value.begin);
	*ret_number = strtoull(digits, &end, 10);
	return end != digits && !*end;
}

/* Is it a comparison of the argument with SCMP_CMP_EQ, in which more than the bits are set? */
static bool is_equality(const struct text *text, size_t object, unsigned long long argument,
                        unsigned long long *ret_value)
{
	static const char word[] = "\"SCMP_CMP_EQ\"";
	unsigned long long index;
	struct span op;

	return find_number(text, object, "index", &index) && index == argument &&
	       find_number(text, object, "value", ret_value) && find_key(text, object, "op", &op) &&
	       op.end - op.begin == strlen(word) && memcmp(text->bytes + op.begin, word, strlen(word)) == 0;
}

static void put_masked(FILE *out, int argument, unsigned long long mask, unsigned long long value)
{
	fprintf(out, "{\"index\": %d, \"value\": %llu, \"valueTwo\": %llu, \"op\": \"SCMP_CMP_MASKED_EQ\"}", argument,
	        mask, value & mask);
}

int profile_text_mask(const struct text *profile, unsigned line, unsigned column, int argument, unsigned bits,
                      struct text *ret_text)
{
	struct named_entry found;
	struct text text = {0};
	struct span args;
	bool is_changed = false;

	if (argument < 0 || bits == 0 || bits >= 64 || !find_entry(profile, line, column, &found) ||
	    !find_key(profile, found.entry.begin, "args", &args) || profile->bytes[args.begin] != '[')
		return -EINVAL;
	FILE *out = memory_open(&text.bytes, &text.size);
	if (!out)
		return -ENOMEM;
	size_t kept = 0;
	for (size_t at = skip_blanks(profile, args.begin + 1); at < args.end - 1; at = skip_blanks(profile, at)) {
		const size_t end = profile->bytes[at] == ',' ? at + 1 : skip_value(profile, at);
		unsigned long long value;
		if (profile->bytes[at] == '{' && is_equality(profile, at, (unsigned)argument, &value)) {
			put(out, profile, kept, at);
			put_masked(out, argument, (1ull << bits) - 1, value);
			kept = end;
			is_changed = true;
		}
		at = end;
	}
	put(out, profile, kept, profile->size);
	if (fclose(out) != 0 || !is_changed) {
		free(text.bytes);
		return is_changed ? -ENOMEM : -EINVAL;
	}
	*ret_text = text;
	return 0;
}
