/*
 * Fills in the orders of input bits.
 */
#ifndef CALLGATE_PROVE_ORDER_H
#define CALLGATE_PROVE_ORDER_H

#include "prove/diagram.h"

void order_fill(struct input_order *order, enum diagram_order which);

#endif
