/* notify.h - the protocol of sd_notify(3): a service tells its manager its state, in datagrams of lines
 * "NAME=VALUE".
 *
 * Pilotfish is on both sides: its jobs tell it (hooks/readiness.h), and it tells its own manager
 * (announcer.h).
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

enum {					/* in notify_message.words */
	NOTIFY_READY     = 1 << 0,	/* READY=1 */
	NOTIFY_RELOADING = 1 << 1,	/* RELOADING=1 */
	NOTIFY_STOPPING  = 1 << 2,	/* STOPPING=1 */
	NOTIFY_ALIVE     = 1 << 3,	/* WATCHDOG=1 */
	NOTIFY_FAILED    = 1 << 4,	/* WATCHDOG=trigger */
};

struct notify_message {
	unsigned words;
	const char *status;		/* the text of STATUS=, within the datagram; NULL: none */
	size_t status_size;
};

/* Any bytes may come.  Other lines are ignored.  The last line of a datagram that was `cut` counts as a
 * STATUS alone, since another word might have gone on. */
void notify_parse(const char *text, size_t size, bool cut, struct notify_message *message);

/* To a path, or to "@name", an abstract socket.  Never blocks. */
bool notify_send(const char *address, const char *text, struct error *error);

#endif
