/* ip.h - IP addresses and their networks: arithmetic, and Go's notation. */
#ifndef IP_H
#define IP_H

#include "arena.h"

struct ip {
	unsigned __int128 bits;		/* of IPv4: the low 32 */
	unsigned prefix;		/* the length of the network's part */
	bool is_v6;
};

static inline unsigned ip_width(const struct ip *ip)
{
	return ip->is_v6 ? 128 : 32;
}

/* All bits that a host may have. */
static inline unsigned __int128 ip_hosts(const struct ip *ip)
{
	unsigned rest = ip_width(ip) - ip->prefix;

	return rest < 128 ? ((unsigned __int128)1 << rest) - 1 : ~(unsigned __int128)0;
}

static inline unsigned __int128 ip_network(const struct ip *ip)
{
	return ip->bits & ~ip_hosts(ip);
}

void ip_from_bytes(struct ip *ip, bool is_v6, const void *bytes, unsigned prefix);

/* An address, or a network as "10.0.0.0/8".  The second takes IPv4 in IPv6 for IPv4, as Go does. */
bool ip_read(const char *text, struct ip *ip);
bool ip_read_any(const char *text, struct ip *ip);

bool ip_contains(const struct ip *network, const struct ip *ip);	/* all of its network */
bool ip_is_in(const struct ip *ip, const char *networks);		/* in one of a list with blanks */
const char *ip_reserved(unsigned long rfc);	/* its networks; NULL: we do not know the RFC */
const char *ip_not_forwarded(void);		/* the networks that no router passes on */

void ip_print(struct text *text, const struct ip *ip);			/* without the prefix */
void ip_print_network(struct text *text, const struct ip *ip);		/* with it, unless it is a host */
void ip_print_natural(struct text *text, unsigned __int128 natural, unsigned base, int digits);

#endif
