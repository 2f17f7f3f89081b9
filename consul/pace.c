#include "pace.h"

#include <math.h>

#include "base/loop.h"

#define TOKENS_MAX 10.0			/* and so many grow a second */

void pace_init(struct pace *pace)
{
	*pace = (struct pace){ .tokens = TOKENS_MAX, .refilled = monotonic_now() };
}

double pace_spend(struct pace *pace, double cost)
{
	double now = monotonic_now();

	pace->tokens += (now - pace->refilled) * TOKENS_MAX;
	pace->tokens = fmin(pace->tokens, TOKENS_MAX) - cost;
	pace->refilled = now;
	return pace->tokens < 0 ? -pace->tokens / TOKENS_MAX : 0;
}
