/* backoff.h - the one policy of retrying: exponential, with jitter, for ever.
 *
 * The n-th delay is between half and the whole of min * 2^n, which never exceeds max: so a hundred
 * containers that lost the same Consul do not all come back at one instant. */
#ifndef BACKOFF_H
#define BACKOFF_H

struct backoff {
	double min, max;		/* seconds */
	unsigned tries;			/* since the last success */
};

double backoff_next(struct backoff *backoff);	/* the delay before the next try */
void backoff_reset(struct backoff *backoff);

#endif
