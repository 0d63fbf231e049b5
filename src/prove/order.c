#include "prove/order.h"

static void place(struct input_order *order, enum input_field field, unsigned bit, unsigned level)
{
	order->level[field][bit] = (uint16_t)level;
	order->field[level] = (uint8_t)field;
	order->bit[level] = (uint8_t)bit;
}

static unsigned wide_level(enum diagram_order which, unsigned field, unsigned from_top)
{
	if (which == ORDER_INTERLEAVED)
		return from_top * INPUT_WIDE_FIELDS + field;
	if (which == ORDER_REVERSED)
		field = INPUT_WIDE_FIELDS - 1 - field;
	return field * INPUT_WIDE_BITS + from_top;
}

void order_fill(struct input_order *order, enum diagram_order which)
{
	for (unsigned i = 0; i < INPUT_WORD_BITS; i++) {
		place(order, INPUT_ARCH, INPUT_WORD_BITS - 1 - i, i);
		place(order, INPUT_NR, INPUT_WORD_BITS - 1 - i, INPUT_WORD_BITS + i);
	}
	for (unsigned field = INPUT_ARG; field <= INPUT_IP; field++)
		for (unsigned i = 0; i < INPUT_WIDE_BITS; i++)
			place(order, field, INPUT_WIDE_BITS - 1 - i,
			      INPUT_NUMBER_LEVELS + wide_level(which, field, i));
}
