/* backoff.h - the one policy for retries: exponential, with jitter, without an end.
 *
 * The n-th delay lies between half of min * 2^n and the whole of it, and is at most max.  The
 * jitter keeps a hundred containers that lost the same Consul from returning at one instant. */
#ifndef BACKOFF_H
#define BACKOFF_H

struct backoff {
	double min, max;		/* seconds */
	unsigned tries;			/* since the last success */
};

double backoff_next(struct backoff *backoff);	/* the delay before the next try */
void backoff_reset(struct backoff *backoff);

#endif
