/* histogram.h - how long something took: how many times at most 1 ms, 5 ms, ... 30 s. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stddef.h>

enum { HISTOGRAM_BOUNDS = 10 };

struct histogram {			/* starts zeroed */
	double sum;			/* seconds */
	unsigned long counts[HISTOGRAM_BOUNDS + 1];	/* between two bounds; the last: above all */
};

void histogram_add(struct histogram *histogram, double seconds);
const double *histogram_bounds(void);	/* HISTOGRAM_BOUNDS of them, ascending */

/* The index of the first bound that is not below `value`; `count`: there is none. */
size_t histogram_find(const double *bounds, size_t count, double value);

#endif
