#include "prove/order.h"

void order_fill(struct input_order *order, enum diagram_order which)
{
	order->levels = NULL;
	order->last[INPUT_ARCH] = INPUT_WORD_BITS - 1;
	order->last[INPUT_NR] = INPUT_NUMBER_LEVELS - 1;
	order->step[INPUT_ARCH] = order->step[INPUT_NR] = 1;
	for (unsigned field = INPUT_ARG; field <= INPUT_IP; field++) {
		unsigned place = which == ORDER_REVERSED ? INPUT_WIDE_FIELDS - 1 - field : field;
		unsigned last = which == ORDER_INTERLEAVED ? (INPUT_WIDE_BITS - 1) * INPUT_WIDE_FIELDS + place
		                                           : place * INPUT_WIDE_BITS + INPUT_WIDE_BITS - 1;
		order->last[field] = (uint16_t)(INPUT_NUMBER_LEVELS + last);
		order->step[field] = which == ORDER_INTERLEAVED ? INPUT_WIDE_FIELDS : 1;
	}
}

bool order_adapt(struct input_order *order, const uint16_t *levels)
{
	bool taken[INPUT_LEVELS] = {false};

	for (size_t i = 0; i < INPUT_WIDE_FIELDS * INPUT_WIDE_BITS; i++) {
		if (levels[i] < INPUT_NUMBER_LEVELS || levels[i] >= INPUT_LEVELS || taken[levels[i]])
			return false;
		taken[levels[i]] = true;
	}
	order->levels = levels;
	return true;
}
