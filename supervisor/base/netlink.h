/* netlink.h - tells when this machine's addresses or routes have changed.
 *
 * Changes that follow each other closely are told once, half a second after the first one.  Where
 * the kernel or a sandbox has no netlink, nothing is told.
 */
#ifndef NETLINK_H
#define NETLINK_H

#include "loop.h"

struct netlink;
typedef void netlink_fn(struct netlink *netlink);

struct netlink {
	struct io io;
	struct timer settling;
	netlink_fn *on_change;
	int fd;				/* -1: none */
};

void netlink_init(struct netlink *netlink, struct loop *loop, netlink_fn *on_change);
void netlink_start(struct netlink *netlink);		/* idempotent */
void netlink_touch(struct netlink *netlink);		/* as if something has changed */
void netlink_release(struct netlink *netlink);

#endif
