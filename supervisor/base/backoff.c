#include "backoff.h"

#include <math.h>
#include <stdint.h>
#include <sys/random.h>

/* Evenly in [0, 1). */
static double chance(void)
{
	uint32_t bits = 0;

	/* Early after boot there may be no randomness yet: no jitter is better than waiting. */
	if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != sizeof bits)
		bits = UINT32_MAX;
	return ldexp(bits, -32);
}

double backoff_next(struct backoff *backoff)
{
	double whole = fmin(ldexp(backoff->min, (int)backoff->tries), backoff->max);

	if (whole < backoff->max)
		backoff->tries++;
	return whole / 2 * (1 + chance());
}

void backoff_reset(struct backoff *backoff)
{
	backoff->tries = 0;
}
