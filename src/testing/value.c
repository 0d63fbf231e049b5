#include "testing/value.h"

#include <errno.h>

int value_evaluate(const struct file_value *value, uint32_t arch, struct value *ret_value,
                   const char **ret_missing)
{
	uint64_t bits = 0;
	bool may_be_negative = value->complement;

	for (size_t i = 0; i < value->count; i++) {
		const struct file_term *term = &value->terms[i];
		uint64_t number = term->number;
		if (term->constant) {
			int64_t constant;
			int result = callgate_constant(arch, term->constant, &constant);
			if (result < 0) {
				*ret_missing = term->constant;
				return result == -ENOENT ? -EOPNOTSUPP : result;
			}
			number = (uint64_t)constant;
			may_be_negative = may_be_negative || constant < 0;
		}
		if (term->minus)
			number = -number;
		if (term->complement)
			number = ~number;
		may_be_negative = may_be_negative || term->minus || term->complement;
		bits |= number;
	}
	if (value->complement)
		bits = ~bits;
	int64_t number = (int64_t)bits;
	ret_value->bits = bits;
	ret_value->is_negative_int = may_be_negative && number < 0 && number >= INT32_MIN;
	return 0;
}
