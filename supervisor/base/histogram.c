#include "histogram.h"

const double *histogram_bounds(void)
{
	static const double bounds[HISTOGRAM_BOUNDS] = { .001, .005, .01, .05, .1, .5, 1, 5, 10, 30 };

	return bounds;
}

size_t histogram_find(const double *bounds, size_t count, double value)
{
	size_t i = 0;

	while (i < count && value > bounds[i])
		i++;
	return i;
}

void histogram_add(struct histogram *histogram, double seconds)
{
	histogram->sum += seconds;
	histogram->counts[histogram_find(histogram_bounds(), HISTOGRAM_BOUNDS, seconds)]++;
}
