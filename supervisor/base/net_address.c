#include "net_address.h"

#include <netinet/in.h>
#include <stddef.h>

static unsigned count_bits(const unsigned char *bytes, size_t size)
{
	unsigned bits = 0;

	for (size_t i = 0; i < size; i++)
		bits += (unsigned)__builtin_popcount(bytes[i]);
	return bits;
}

bool net_address_read(const struct ifaddrs *entry, struct net_address *address)
{
	const struct sockaddr_in6 *v6 = (const void *)entry->ifa_addr;
	const struct sockaddr_in6 *v6_mask = (const void *)entry->ifa_netmask;
	const struct sockaddr_in *v4 = (const void *)entry->ifa_addr;
	const struct sockaddr_in *v4_mask = (const void *)entry->ifa_netmask;
	int family = entry->ifa_addr && entry->ifa_netmask ? entry->ifa_addr->sa_family : AF_UNSPEC;

	address->is_v6 = family == AF_INET6;
	if (family == AF_INET6) {
		address->bytes = &v6->sin6_addr;
		address->prefix = count_bits((const void *)&v6_mask->sin6_addr, 16);
	} else if (family == AF_INET) {
		address->bytes = &v4->sin_addr;
		address->prefix = count_bits((const void *)&v4_mask->sin_addr, 4);
	}
	return family == AF_INET6 || family == AF_INET;
}
