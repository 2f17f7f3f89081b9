/* pace.h - how often something may be done: tokens, of which some grow a second, some are saved. */
#ifndef PACE_H
#define PACE_H

struct pace {
	double rate, max;		/* tokens a second, and at most */
	double tokens, refilled;	/* and when (monotonic) */
};

void pace_init(struct pace *pace, double rate, double max);
double pace_spend(struct pace *pace, double cost);	/* seconds until the next time; 0: now */

#endif
