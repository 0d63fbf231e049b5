#include "arch/arch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/seccomp.h>

enum { ERRNO_MAX = 4095, /* as the kernel cuts it (MAX_ERRNO, linux/err.h) */ DATA_MAX = SECCOMP_RET_DATA };

/* The strictest first. Of two names for one action, the later is the one that texts say. */
static const struct callgate_action_kind kinds[] = {
    {"KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, 0},
    {"KILL_THREAD", SECCOMP_RET_KILL_THREAD, 0},
    {"KILL", SECCOMP_RET_KILL_THREAD, 0},
    {"TRAP", SECCOMP_RET_TRAP, DATA_MAX},
    {"ERRNO", SECCOMP_RET_ERRNO, ERRNO_MAX},
    {"NOTIFY", SECCOMP_RET_USER_NOTIF, 0},
    {"TRACE", SECCOMP_RET_TRACE, DATA_MAX},
    {"LOG", SECCOMP_RET_LOG, 0},
    {"ALLOW", SECCOMP_RET_ALLOW, 0},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static const char prefix[] = "SCMP_ACT_";

static const char *without_prefix(const char *text)
{
	return strncmp(text, prefix, sizeof(prefix) - 1) == 0 ? text + sizeof(prefix) - 1 : text;
}

const struct callgate_action_kind *callgate_action_kind_at(size_t index)
{
	return index < KINDS ? &kinds[index] : NULL;
}

const struct callgate_action_kind *callgate_action_kind(uint32_t action)
{
	/* Each rule that is added asks this, and most rules allow, which is the last kind. */
	for (size_t i = KINDS; i-- > 0;)
		if (kinds[i].action == (action & SECCOMP_RET_ACTION_FULL))
			return &kinds[i];
	return NULL;
}

static const struct callgate_action_kind *kind_of_word(const char *word, size_t length)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strlen(kinds[i].name) == length && memcmp(kinds[i].name, word, length) == 0)
			return &kinds[i];
	return NULL;
}

const struct callgate_action_kind *callgate_action_kind_find(const char *name)
{
	if (!name)
		return NULL;
	name = without_prefix(name);
	return kind_of_word(name, strlen(name));
}

static void write_text(uint32_t action, const char *error, char text[CALLGATE_ACTION_TEXT])
{
	const struct callgate_action_kind *kind = callgate_action_kind(action);
	uint32_t data = action & SECCOMP_RET_DATA;

	if (!kind)
		snprintf(text, CALLGATE_ACTION_TEXT, "0x%08x", action);
	else if (error && kind->action == SECCOMP_RET_ERRNO)
		snprintf(text, CALLGATE_ACTION_TEXT, "%s(%s)", kind->name, error);
	else if (data || kind->action == SECCOMP_RET_ERRNO || kind->action == SECCOMP_RET_TRACE)
		snprintf(text, CALLGATE_ACTION_TEXT, "%s(%u)", kind->name, data);
	else
		snprintf(text, CALLGATE_ACTION_TEXT, "%s", kind->name);
}

void callgate_action_text(uint32_t action, char text[CALLGATE_ACTION_TEXT])
{
	if (text)
		write_text(action, error_name(action & SECCOMP_RET_DATA), text);
}

void action_text_in_numbers(uint32_t action, char text[CALLGATE_ACTION_TEXT])
{
	write_text(action, NULL, text);
}

/* Decimal or 0x-prefixed, and nothing else, up to the end character, which must be the last one of the text. */
static bool parse_number(const char *text, char end, unsigned long most, uint32_t *ret_number)
{
	char *after;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	unsigned long number = strtoul(text, &after, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	if (errno || number > most || *after != end || (end && after[1]))
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

/* "EPERM)" */
static bool parse_error(const char *text, uint32_t *ret_number)
{
	char name[CALLGATE_ACTION_TEXT];
	size_t length = strcspn(text, ")");

	if (length >= sizeof(name) || strcmp(text + length, ")") != 0)
		return false;
	memcpy(name, text, length);
	name[length] = '\0';
	*ret_number = error_number(name);
	return *ret_number != 0;
}

int action_parse(const char *text, uint32_t *ret_action, struct diag *diag)
{
	uint32_t data = 0;

	if (!text || !ret_action)
		return diag_fail(diag, -EINVAL, "action: the text or the place for the action is NULL");
	if (parse_number(text, '\0', UINT32_MAX, ret_action))
		return 0;
	const char *word = without_prefix(text);
	size_t length = strcspn(word, "(");
	const struct callgate_action_kind *kind = kind_of_word(word, length);
	if (!kind)
		return diag_fail(diag, -EINVAL, "\"%s\" is not an action, such as ALLOW or ERRNO(EPERM)", text);
	if (word[length] == '(' && kind->data_max == 0)
		return diag_fail(diag, -EINVAL, "\"%s\": %s takes no number", text, kind->name);
	if (word[length] == '(' && !parse_number(word + length + 1, ')', kind->data_max, &data) &&
	    !(kind->action == SECCOMP_RET_ERRNO && parse_error(word + length + 1, &data)))
		return diag_fail(diag, -EINVAL, "\"%s\": %s takes a number from 0 to %u in brackets", text, kind->name,
		                 kind->data_max);
	*ret_action = kind->action | data;
	return 0;
}

uint32_t callgate_action_strictest(uint32_t newest, uint32_t older)
{
	int32_t a = (int32_t)(newest & SECCOMP_RET_ACTION_FULL), b = (int32_t)(older & SECCOMP_RET_ACTION_FULL);

	return b < a ? older : newest;
}
