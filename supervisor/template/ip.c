#include "ip.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* IPv4 in IPv6 */
#define MAPPED ((unsigned __int128)0xFFFF << 32)

void ip_from_bytes(struct ip *ip, bool is_v6, const void *bytes, unsigned prefix)
{
	const unsigned char *byte = bytes;

	*ip = (struct ip){ .is_v6 = is_v6, .prefix = prefix };
	for (size_t i = 0; i < ip_width(ip) / 8; i++)
		ip->bits = ip->bits << 8 | byte[i];
}

/* False: not a decimal number up to `most`. */
static bool read_prefix(const char *text, unsigned most, unsigned *prefix)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || digits > 3 || text[digits])
		return false;
	*prefix = (unsigned)atoi(text);
	return *prefix <= most;
}

bool ip_read(const char *text, struct ip *ip)
{
	char address[INET6_ADDRSTRLEN] = "";
	size_t size = strcspn(text, "/");
	bool is_v6 = memchr(text, ':', size);
	unsigned char bytes[16];

	if (size >= sizeof address)
		return false;
	memcpy(address, text, size);
	if (inet_pton(is_v6 ? AF_INET6 : AF_INET, address, bytes) != 1)
		return false;
	ip_from_bytes(ip, is_v6, bytes, is_v6 ? 128 : 32);
	return !text[size] || read_prefix(text + size + 1, ip_width(ip), &ip->prefix);
}

static bool is_mapped(const struct ip *ip)
{
	return ip->is_v6 && ip->bits >> 32 == 0xFFFF;
}

bool ip_read_any(const char *text, struct ip *ip)
{
	if (!ip_read(text, ip))
		return false;
	if (!is_mapped(ip))
		return true;
	ip->is_v6 = false;
	ip->bits -= MAPPED;
	if (ip->prefix >= 96)
		ip->prefix -= 96;
	else if (ip->prefix > 32)
		ip->prefix = 32;
	return true;
}

bool ip_contains(const struct ip *network, const struct ip *ip)
{
	return network->is_v6 == ip->is_v6 && network->prefix <= ip->prefix &&
	       !((network->bits ^ ip->bits) & ~ip_hosts(network));
}

bool ip_is_in(const struct ip *ip, const char *networks)
{
	char one[INET6_ADDRSTRLEN + 4];
	struct ip network;

	for (size_t size; *networks; networks += size + (networks[size] == ' ')) {
		size = strcspn(networks, " ");
		memcpy(one, networks, size);
		one[size] = '\0';
		if (ip_read(one, &network) && ip_contains(&network, ip))
			return true;
	}
	return false;
}

/* The networks of an RFC, according to go-sockaddr. */
static const struct { unsigned long rfc; const char *networks; } reserved[] = {
	{ 919, "255.255.255.255/32" },
	{ 1112, "224.0.0.0/4" },
	{ 1122, "0.0.0.0/8 127.0.0.0/8" },
	{ 1918, "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16" },
	{ 2544, "198.18.0.0/15" },
	{ 2765, "::ffff:0:0/96" },
	{ 2928, "2001::/16" },
	{ 3056, "2002::/16" },
	{ 3068, "192.88.99.0/24 2002:c058:6301::/120" },
	{ 3171, "224.0.0.0/4" },
	{ 3330, "0.0.0.0/8 10.0.0.0/8 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.2.0/24 "
		"192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 224.0.0.0/4 240.0.0.0/4" },
	{ 3849, "2001:db8::/32" },
	{ 3927, "169.254.0.0/16" },
	{ 4038, "::ffff:0:0/96" },
	{ 4193, "fc00::/7" },
	{ 4291, "::/96 ::ffff:0:0/96 fe80::/10 fec0::/10 ff00::/8" },
	{ 4380, "2001::/32" },
	{ 4773, "2001::/23" },
	{ 4843, "2001:10::/28" },
	{ 5180, "2001:200::/48" },
	{ 5735, "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 198.18.0.0/15" },
	{ 5737, "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24" },
	{ 6052, "64:ff9b::/96" },
	{ 6333, "192.0.0.0/29" },
	{ 6598, "100.64.0.0/10" },
	{ 6666, "100::/64" },
	{ 6890, "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 "
		"192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 "
		"198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 ::1/128 ::/128 64:ff9b::/96 "
		"::ffff:0:0/96 100::/64 2001::/16 2002::/16 fc00::/7 fe80::/10" },
	{ 7335, "192.0.0.0/29" },
};

const char *ip_reserved(unsigned long rfc)
{
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (reserved[i].rfc == rfc)
			return reserved[i].networks;
	return NULL;
}

const char *ip_not_forwarded(void)
{
	return "0.0.0.0/8 127.0.0.0/8 169.254.0.0/16 192.0.0.0/24 192.0.2.0/24 198.51.100.0/24 "
	       "203.0.113.0/24 240.0.0.0/4 ::1/128 ::/128 ::ffff:0:0/96 2001:db8::/32 2001:10::/28 "
	       "fe80::/10";
}

void ip_print_natural(struct text *text, unsigned __int128 natural, unsigned base, int digits)
{
	char out[128], *at = out + sizeof out;

	for (; natural || digits > 0 || at == out + sizeof out; natural /= base, digits--)
		*--at = "0123456789abcdef"[natural % base];
	text_add(text, at, (size_t)(out + sizeof out - at));
}

static void print_v4(struct text *text, unsigned bits)
{
	text_print(text, "%u.%u.%u.%u", bits >> 24, bits >> 16 & 255, bits >> 8 & 255, bits & 255);
}

static unsigned group(const struct ip *ip, int i)
{
	return (unsigned)(ip->bits >> (112 - 16 * i)) & 0xFFFF;
}

/* The longest run of two or more zeros becomes "::". */
static void print_v6(struct text *text, const struct ip *ip)
{
	int start = -1, length = 1;

	for (int i = 0, run = 0; i < 8; i++) {
		run = group(ip, i) ? 0 : run + 1;
		if (run > length) {
			length = run;
			start = i + 1 - run;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i == start) {
			text_string(text, "::");
			i += length - 1;
			continue;
		}
		text_print(text, "%s%x", i && i != start + length ? ":" : "", group(ip, i));
	}
}

void ip_print(struct text *text, const struct ip *ip)
{
	if (!ip->is_v6 || is_mapped(ip))
		print_v4(text, (unsigned)ip->bits);
	else
		print_v6(text, ip);
}

void ip_print_network(struct text *text, const struct ip *ip)
{
	ip_print(text, ip);
	if (ip->prefix != ip_width(ip))
		text_print(text, "/%u", ip->prefix);
}
