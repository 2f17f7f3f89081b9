#include "pace.h"

#include <math.h>

#include "base/loop.h"

void pace_init(struct pace *pace, double rate, double max)
{
	*pace = (struct pace){
		.rate = rate, .max = max, .tokens = max, .refilled = monotonic_now(),
	};
}

double pace_spend(struct pace *pace, double cost)
{
	double now = monotonic_now();

	pace->tokens += (now - pace->refilled) * pace->rate;
	pace->tokens = fmin(pace->tokens, pace->max) - cost;
	pace->refilled = now;
	return pace->tokens < 0 ? -pace->tokens / pace->rate : 0;
}
