#include "netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "list.h"

enum {
	GROUPS = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
	MESSAGE_MAX = 8192,
	BURST = 64,			/* messages in one turn of the loop */
};
#define SETTLE 0.5

void netlink_touch(struct netlink *netlink)
{
	if (!timer_is_set(&netlink->settling))
		timer_set(&netlink->settling, SETTLE);
}

/* The messages are not read: the addresses are listed again.  Messages that the kernel had to drop
 * (ENOBUFS) count as a change. */
static void on_readable(struct io *io, int events)
{
	struct netlink *netlink = container_of(io, struct netlink, io);
	char message[MESSAGE_MAX];
	ssize_t size = 1;

	(void)events;
	for (int i = 0; i < BURST && size > 0; i++) {
		size = recv(netlink->fd, message, sizeof message, 0);
		if (size > 0 || (size < 0 && errno == ENOBUFS))
			netlink_touch(netlink);
	}
	if (size == 0)
		io_stop(io);
}

static void on_settled(struct timer *timer)
{
	struct netlink *netlink = container_of(timer, struct netlink, settling);

	netlink->on_change(netlink);
}

void netlink_init(struct netlink *netlink, struct loop *loop, netlink_fn *on_change)
{
	*netlink = (struct netlink){ .on_change = on_change, .fd = -1 };
	io_init(&netlink->io, loop, on_readable);
	timer_init(&netlink->settling, loop, on_settled);
}

void netlink_start(struct netlink *netlink)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = GROUPS };
	int fd;

	if (netlink->fd >= 0)
		return;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0)
		return;
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		close(fd);
		return;
	}
	netlink->fd = fd;
	io_set(&netlink->io, fd, IO_READ);
}

void netlink_release(struct netlink *netlink)
{
	io_stop(&netlink->io);
	timer_stop(&netlink->settling);
	if (netlink->fd >= 0)
		close(netlink->fd);
	netlink->fd = -1;
}
