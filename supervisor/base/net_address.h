/* net_address.h - an entry of getifaddrs(3) as bytes and a prefix. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <ifaddrs.h>
#include <stdbool.h>

struct net_address {
	bool is_v6;
	const void *bytes;		/* 4 or 16, in the entry */
	unsigned prefix;		/* bits of the network */
};

/* False: it is neither IPv4 nor IPv6, or has no mask. */
bool net_address_read(const struct ifaddrs *entry, struct net_address *address);

#endif
