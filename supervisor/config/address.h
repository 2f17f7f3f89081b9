/* address.h - chooses the address that we advertise.
 *
 * Interface specifications, in order of preference; the first match wins:
 *   eth0, eth0:inet     the interface's first IPv4        eth0:inet6   its first IPv6
 *   eth0[1]             its n-th, from 0, of IPv4 and IPv6 together
 *   default, default:inet6  the address from which packets take the default route
 *   inet, inet6         the first that is not loopback
 *   10.0.0.0/16, fd00::/8   the first inside the network  static:ADDR  ADDR as it is
 * Addresses are sorted by interface name, then as 16 bytes.  A /32 on a loopback interface, or on an
 * interface with a further IPv4 address, is a virtual address of Docker Swarm.  Only `static:`
 * chooses such an address, or a link-local one (169.254.0.0/16, fe80::/10), which other hosts cannot
 * use without the name of an interface.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strv.h"

bool address_check(const char *specification, struct error *error);	/* the syntax only */

/* free() the result.  NULL: error names what was asked for and what exists. */
char *address_find(const struct strv *specifications, struct error *error);

bool address_is_loopback(const char *address);
bool address_is_link_local(const char *address);

/* For tests: chooses among the given addresses, and sorts them. */
struct address {
	char interface[IF_NAMESIZE];
	bool is_v6, on_loopback;	/* on a loopback interface */
	bool is_default;		/* packets that take the default route have this source */
	unsigned char bytes[16];	/* IPv4 as ::ffff:a.b.c.d */
	unsigned prefix;		/* length of the network part, of IPv4 0 to 32 */
};
char *address_choose(const struct strv *specifications, struct address *addresses, size_t count,
		     struct error *error);

#endif
