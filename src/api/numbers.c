/* Which numbers a filter ever allows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/prove.h>

#include "api/context.h"
#include "api/subject.h"
#include "query/ranges.h"

_Static_assert(CALLGATE_RANGE_ACTIONS == RANGES_VERDICTS, "the public limit is the internal one");

static int publish(const struct ranges_result *found, struct callgate_numbers **ret_numbers)
{
	size_t count = found->rows.count;
	struct callgate_numbers *numbers = calloc(1, sizeof(*numbers) + count * sizeof(numbers->ranges[0]));

	if (!numbers)
		return diag_fail(diag_thread(), -ENOMEM, "out of memory for an answer");
	numbers->count = count;
	numbers->ranges = (struct callgate_number_range *)(numbers + 1); /* one block, aligned for either */
	for (size_t i = 0; i < count; i++) {
		const struct ranges_row *from = &found->rows.items[i];
		struct callgate_number_range *to = &numbers->ranges[i];
		*to = (struct callgate_number_range){
		    from->first, from->last, from->ever_allowed, from->ever_denied, from->complete,
		    from->count, {0}};
		memcpy(to->actions, from->verdicts, from->count * sizeof(to->actions[0]));
	}
	*ret_numbers = numbers;
	return 0;
}

static int find(const struct filter *filter, uint32_t audit, struct callgate_numbers **ret_numbers)
{
	struct ranges_result found = {0};
	int result = ranges_find(filter, audit, diag_thread(), &found);

	if (result == 0 && found.outcome == PROVE_REFUSED)
		result = -EINVAL;
	else if (result == 0)
		result = found.outcome == PROVE_EQUAL ? publish(&found, ret_numbers) : -EDQUOT;
	vec_finish(&found.rows);
	return result;
}

int callgate_numbers_find(const struct callgate_side *side, uint32_t arch,
                          struct callgate_numbers **ret_numbers)
{
	const struct arch *target = arch_by_token(arch);
	struct arena arena = {0};
	struct filter filter;

	diag_clear(diag_thread());
	if (!target || !ret_numbers)
		return diag_fail(diag_thread(), -EINVAL, "NULL, or an unknown architecture");
	int result = subject_of(side, &arena, &filter);
	if (result == 0)
		result = find(&filter, target->audit, ret_numbers);
	arena_finish(&arena);
	return result;
}

void callgate_numbers_free(struct callgate_numbers *numbers)
{
	free(numbers);
}
