/* announcer.h - tells pilotfish's own manager how it is, by sd_notify(3).
 *
 * If NOTIFY_SOCKET is set (systemd, podman --sdnotify=container), its manager gets
 *
 *	READY=1       once, when all that was to start runs and all is healthy, as /readyz says; and at the
 *	              end of each reload, also of a refused one
 *	STATUS=       "running", or the first trouble, whenever that changes
 *	RELOADING=1   at the begin of a reload
 *	STOPPING=1    at the begin of the shutdown
 *
 * The variable is removed from our environment, because our jobs are not to answer for us.  A message
 * that cannot be sent is logged once, and nothing waits for it.
 */
#ifndef ANNOUNCER_H
#define ANNOUNCER_H

#include "endpoints.h"

struct announcer {
	struct endpoints *endpoints;
	struct units *units;

	/* private */
	char *address;			/* NULL: there is no manager to tell */
	struct subscription on_event;
	struct deferred review;
	char *status;			/* the last one that was told */
	bool ready, reloading, stopping;	/* as the manager knows */
	bool warned;			/* that it cannot be told */
};

void announcer_init(struct announcer *announcer, struct units *units, struct endpoints *endpoints);
void announcer_release(struct announcer *announcer);

void announcer_reload_begins(struct announcer *announcer);
void announcer_reload_ends(struct announcer *announcer);

#endif
