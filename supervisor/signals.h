/* signals.h - what pilotfish does on each signal: a table by signal and mode (compat.signals).
 *
 * Any other signal, and some of these, is an event for the jobs that name it.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include "units.h"

struct signals;

enum signal_order { ORDER_REAPED, ORDER_RELOAD, ORDER_MAINTENANCE, ORDER_STOP };

/* Done by the composition root, as its phase allows.  MAINTENANCE: begin or end it. */
typedef void order_fn(struct signals *signals, enum signal_order order, int signo);

struct signals {
	order_fn *on_order;
	struct units *units;
	enum compat_signals mode;
};

void signals_init(struct signals *signals, struct units *units, order_fn *on_order);
void signals_handle(struct signals *signals, int signo);

#endif
