/* Files that are taken for profiles by mistake. */
#include <ctype.h>
#include <elf.h>
#include <linux/filter.h>
#include <string.h>

#include "oci/profile_handle.h"
#include "oci/read_policy.h"

/*
 * An instruction of classic BPF, in either byte order: only jumps use bytes 2 and 3, and a program begins with a load.
 */
static bool looks_like_program(const char *text, size_t size)
{
	static const char little[] = {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}, big[] = {0, BPF_LD | BPF_W | BPF_ABS, 0, 0};

	return size >= sizeof(struct sock_filter) && size % sizeof(struct sock_filter) == 0 &&
	       (memcmp(text, little, sizeof(little)) == 0 || memcmp(text, big, sizeof(big)) == 0);
}

/* Does a line of the text begin with the words? */
static bool has_line(const char *text, const char *words)
{
	const char *at = strstr(text, words);

	while (at && at != text && at[-1] != '\n')
		at = strstr(at + 1, words);
	return at != NULL;
}

/*
 * The first line that says something is a key of YAML, or one of its marks. JSON has neither: its first word is in
 * quotes, after a brace.
 */
static bool looks_like_yaml(const char *text)
{
	text += strncmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	while (text[strspn(text, " \t\r")] == '#' || text[strspn(text, " \t\r")] == '\n') {
		text = strchr(text, '\n');
		if (!text)
			return false;
		text++;
	}
	text += strspn(text, " \t\r");
	if (strncmp(text, "---", 3) == 0 || strncmp(text, "- ", 2) == 0 || strncmp(text, "%YAML", 5) == 0)
		return true;
	const char *key = text + (*text == '"' || *text == '\'');
	const char *end = key;
	while (isalnum((unsigned char)*end) || *end == '_' || *end == '-' || *end == '.')
		end++;
	if (end > key && end[0] == text[0] && key != text)
		end++;
	return end > key && *end == ':' && (end[1] == '\0' || strchr(" \t\r\n", end[1]));
}

/* A statement of a policy comes first: a word of a call, or `use`, and an arrow or a set somewhere. */
static bool looks_like_statement(const char *text)
{
	text += strspn(text, " \t\r\n");
	while (*text == '#') {
		text += strcspn(text, "\n");
		text += strspn(text, " \t\r\n");
	}
	return (isalnum((unsigned char)*text) || *text == '@') &&
	       (strstr(text, "->") || has_line(text, "use ") || has_line(text, "include "));
}

const char *profile_other_kind(const char *text, size_t size)
{
	if (strspn(text, " \t\r\n") == size)
		return "the profile is empty";
	if (size >= SELFMAG && memcmp(text, ELFMAG, SELFMAG) == 0)
		return "this is an ELF file, not a profile";
	if (looks_like_program(text, size))
		return "this is a BPF program, not a profile: callgate disasm lists it";
	if (looks_like_yaml(text) || has_line(text, "---\n") || has_line(text, "defaultAction:"))
		return "this is YAML; a profile is JSON";
	if (policy_first_statement(text, size) == text + size)
		return "there are only comments; a policy begins with `default ACTION`";
	if (looks_like_statement(text))
		return "a profile begins with {, a policy with `default ACTION`";
	return NULL;
}
