/* pace.h - limits a rate by tokens (a token bucket). */
#ifndef PACE_H
#define PACE_H

struct pace {
	double rate, max;		/* tokens a second; most that may be saved */
	double tokens, refilled;	/* as of that time (monotonic) */
};

void pace_init(struct pace *pace, double rate, double max);
double pace_spend(struct pace *pace, double cost);	/* seconds to wait; 0: none */

#endif
