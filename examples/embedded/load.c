/* For programs in other languages, which call load_chmod_filter() in this object. */
#include "chmod_filter.h"

int load_chmod_filter(unsigned int flags);

int load_chmod_filter(unsigned int flags)
{
	return chmod_filter_load(flags);
}
