/* pace.h - how often something may be done: tokens, of which ten grow a second, and ten are saved. */
#ifndef PACE_H
#define PACE_H

struct pace { double tokens, refilled; };	/* and when (monotonic) */

void pace_init(struct pace *pace);
double pace_spend(struct pace *pace, double cost);	/* seconds until the next time; 0: now */

#endif
