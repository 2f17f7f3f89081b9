#include "backoff.h"

#include <math.h>
#include <stdint.h>
#include <sys/random.h>

/* Uniform in [0, 1). */
static double random_fraction(void)
{
	uint32_t bits = 0;

	/* Early after boot the kernel may have no randomness yet: use no jitter, do not wait. */
	if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != sizeof bits)
		bits = UINT32_MAX;
	return ldexp(bits, -32);
}

double backoff_next(struct backoff *backoff)
{
	double whole = fmin(ldexp(backoff->min, (int)backoff->tries), backoff->max);

	if (whole < backoff->max)
		backoff->tries++;
	return whole / 2 * (1 + random_fraction());
}

void backoff_reset(struct backoff *backoff)
{
	backoff->tries = 0;
}
