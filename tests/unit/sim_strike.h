/* sim_strike.h - for unit tests: some requests are hit by trouble, and the others are not. */
#ifndef SIM_STRIKE_H
#define SIM_STRIKE_H

#include "sim_story.h"

struct trouble {
	enum fate fate;
	long status;			/* FATE_SAYS */
	const char *text;
	double late, delay;		/* on its way there, and back */
};

#define SAYS(code, words) { .fate = FATE_SAYS, .status = code, .text = words }

static struct {
	const char *what;		/* in path or body */
	struct trouble trouble;
	int times;			/* that are left; -1: all */
	int seen;			/* how many had `what` */
} hit;

static inline enum fate hits(struct message *message)
{
	if (!strstr(message->path, hit.what) && !strstr(message->body, hit.what))
		return FATE_FINE;
	hit.seen++;
	if (!hit.times)
		return FATE_FINE;
	hit.times -= hit.times > 0;
	message->says.status = hit.trouble.status;
	message->says.text = hit.trouble.text;
	message->arrives += hit.trouble.late;
	message->delay += hit.trouble.delay;
	return hit.trouble.fate;
}

static inline void strike(struct world *world, const char *what, struct trouble trouble, int times)
{
	memset(&hit, 0, sizeof hit);
	hit.what = what;
	hit.trouble = trouble;
	hit.times = times;
	world->fate = hits;
}

#endif
