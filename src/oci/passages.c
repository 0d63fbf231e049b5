#include <errno.h>
#include <string.h>

#include <callgate/simulate.h>
#include <callgate/syscall.h>

#include "oci/write.h"

/* Does the rule stand in the profile as one about the door itself? */
static bool is_about(const struct application *application, uint32_t rule, const char *name)
{
	const struct model *model = application->model;
	struct place place = application->origins->list.items[rule - 1];

	for (size_t i = 0; i < model->entry_count; i++)
		for (size_t j = 0; j < model->entries[i].name_count; j++) {
			const struct named *named = &model->entries[i].names[j];
			if (named->place.line == place.line && named->place.column == place.column)
				return strcmp(named->name, name) == 0;
		}
	return false;
}

static int ask(const struct application *application, const struct callgate_arch *arch,
               const struct door *door, struct callgate_verdict *ret_verdict)
{
	bool masked = door->call.op == SCMP_CMP_MASKED_EQ;
	struct callgate_call call = {
	    .arch = arch->token, .nr = door->nr, .args = {masked ? door->call.datum_b : door->call.datum_a}};

	return callgate_simulate(application->ctx, &call, ret_verdict);
}

int passages_find(const struct application *application, const struct callgate_arch *arch, const char *name,
                  struct arena *arena, struct passages *ret_passages)
{
	enum { BEHIND_MAX = 32 }; /* socketcall has 20, ipc 12 */
	struct passages passages = {ARENA_ARRAY(arena, struct passage, BEHIND_MAX), 0};
	const char *behind;

	if (!passages.list)
		return -ENOMEM;
	for (size_t i = 0; (behind = callgate_syscall_name_at(i)) && passages.count < BEHIND_MAX; i++) {
		struct callgate_verdict verdict;
		struct door door;
		if (!door_find(arch, behind, &door) || strcmp(door.name, name) != 0)
			continue;
		int result = ask(application, arch, &door, &verdict);
		if (result < 0)
			return result;
		if (verdict.reason == CALLGATE_REASON_RULE && !is_about(application, verdict.rule, name))
			passages.list[passages.count++] = (struct passage){behind, door.call, verdict.action};
	}
	*ret_passages = passages;
	return 0;
}
