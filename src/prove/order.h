/*
 * Fills in the orders of input bits.
 */
#ifndef CALLGATE_PROVE_ORDER_H
#define CALLGATE_PROVE_ORDER_H

#include "prove/diagram.h"

void order_fill(struct input_order *order, enum diagram_order which);

/* For diagram_adapt(); false, and nothing changed, if the levels are no order. */
bool order_adapt(struct input_order *order, const uint16_t *levels);

#endif
