#include "address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/net_address.h"

/* A parsed specification. */
struct wanted {
	enum { WANT_STATIC, WANT_NETWORK, WANT_ANY, WANT_FIRST, WANT_NTH, WANT_DEFAULT } kind;
	bool v6;
	char interface[IF_NAMESIZE];
	struct address network;
	unsigned long index;
	const char *address;		/* static; borrowed */
};

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };	/* IPv4 in IPv6 */

static bool parse_address(const char *text, struct address *address)
{
	address->is_v6 = inet_pton(AF_INET6, text, address->bytes) == 1;
	if (address->is_v6)
		return true;
	memcpy(address->bytes, mapped, sizeof mapped);
	return inet_pton(AF_INET, text, address->bytes + sizeof mapped) == 1;
}

static void print_address(const struct address *address, char text[static INET6_ADDRSTRLEN])
{
	inet_ntop(address->is_v6 ? AF_INET6 : AF_INET, address->bytes + (address->is_v6 ? 0 : 12),
		  text, INET6_ADDRSTRLEN);
}

static bool is_loopback(const struct address *address)
{
	static const unsigned char one[16] = { [15] = 1 };

	return address->is_v6 ? !memcmp(address->bytes, one, sizeof one)
			      : address->bytes[12] == 127;
}

static bool is_link_local(const struct address *address)
{
	if (!address->is_v6)
		return address->bytes[12] == 169 && address->bytes[13] == 254;
	return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

static bool is_kind(const char *text, bool (*is)(const struct address *address))
{
	struct address address = { 0 };

	if (!parse_address(text, &address))
		return false;
	if (!memcmp(address.bytes, mapped, sizeof mapped))
		address.is_v6 = false;
	return is(&address);
}

bool address_is_loopback(const char *text)
{
	return is_kind(text, is_loopback);
}

bool address_is_link_local(const char *text)
{
	return is_kind(text, is_link_local);
}

static bool parse_whole(const char *text, unsigned long limit, unsigned long *number)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	*number = strtoul(text, &end, 10);
	return !*end && *number <= limit;
}

static bool parse_network(const char *text, const char *slash, struct wanted *wanted)
{
	AUTOFREE char *address = copy_bytes(text, (size_t)(slash - text));
	unsigned long prefix;

	wanted->kind = WANT_NETWORK;
	if (!parse_address(address, &wanted->network) ||
	    !parse_whole(slash + 1, wanted->network.is_v6 ? 128 : 32, &prefix))
		return false;
	wanted->network.prefix = (unsigned)prefix;
	return true;
}

/* "eth0", "eth0:inet6", "eth0[1]" */
static bool parse_interface(const char *text, struct wanted *wanted)
{
	AUTOFREE char *name = copy_string(text);
	char *colon = strrchr(name, ':'), *bracket = strchr(name, '[');
	size_t length = strlen(name);

	wanted->kind = WANT_FIRST;
	if (bracket) {
		wanted->kind = WANT_NTH;
		if (name[length - 1] != ']')
			return false;
		name[length - 1] = *bracket = '\0';
		if (!parse_whole(bracket + 1, 999, &wanted->index))
			return false;
	} else if (colon && (!strcmp(colon, ":inet") || !strcmp(colon, ":inet6"))) {
		wanted->v6 = !strcmp(colon, ":inet6");
		*colon = '\0';
	} else if (colon && (!colon[1] || !strncmp(colon, ":inet", 5))) {
		return false;
	}
	length = strlen(name);
	if (!length || length >= IF_NAMESIZE || strpbrk(name, " \t/[]"))
		return false;
	memcpy(wanted->interface, name, length + 1);
	if (!strcmp(name, "default") && wanted->kind == WANT_FIRST)
		wanted->kind = WANT_DEFAULT;
	return true;
}

static bool parse_wanted(const char *text, struct wanted *wanted, struct error *error)
{
	const char *slash = strchr(text, '/');
	struct address bare;

	*wanted = (struct wanted){ 0 };
	if (!strncmp(text, "static:", 7)) {
		wanted->address = text + 7;
		return parse_address(wanted->address, &bare) ||
		       fail(error, "\"%.64s\" has no address behind \"static:\"", text);
	}
	if (parse_address(text, &bare))
		return fail(error, "\"%s\" is an address; write \"static:%s\" to use it as it is",
			    text, text);
	if (!strcmp(text, "inet") || !strcmp(text, "inet6")) {
		wanted->kind = WANT_ANY;
		wanted->v6 = text[4];
		return true;
	}
	if (slash ? parse_network(text, slash, wanted) : parse_interface(text, wanted))
		return true;
	return fail(error, "\"%.64s\" is not an interface specification, such as \"eth0\", "
		    "\"eth0:inet6\", \"eth0[1]\", \"default\", \"inet\", \"10.0.0.0/16\" or \"static:10.0.0.1\"",
		    text);
}

bool address_check(const char *specification, struct error *error)
{
	struct wanted wanted;

	return parse_wanted(specification, &wanted, error);
}

static int by_interface(const void *a, const void *b)
{
	const struct address *left = a, *right = b;
	int order = strcmp(left->interface, right->interface);

	return order ? order : memcmp(left->bytes, right->bytes, sizeof left->bytes);
}

/* Docker Swarm gives all containers of a service its virtual address, which leads to any of them. */
static bool is_virtual(const struct address *address, const struct address *all, size_t count)
{
	if (address->is_v6 || address->prefix != 32 || is_loopback(address))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!all[i].is_v6 && all[i].prefix != 32 &&
		    !strcmp(all[i].interface, address->interface))
			return true;
	return address->on_loopback;
}

static bool is_inside(const struct address *address, const struct address *network)
{
	unsigned bits = network->prefix + (network->is_v6 ? 0 : 96), whole = bits / 8;
	unsigned char mask = (unsigned char)(0xff00 >> bits % 8);

	return address->is_v6 == network->is_v6 &&
	       !memcmp(address->bytes, network->bytes, whole) &&
	       (!(bits % 8) || !((address->bytes[whole] ^ network->bytes[whole]) & mask));
}

static bool is_wanted(const struct address *address, const struct wanted *wanted)
{
	if (is_link_local(address))
		return false;
	switch (wanted->kind) {
	case WANT_NETWORK:
		return is_inside(address, &wanted->network);
	case WANT_ANY:
		return address->is_v6 == wanted->v6 && !is_loopback(address);
	case WANT_DEFAULT:
		return address->is_v6 == wanted->v6 && address->is_default;
	case WANT_FIRST:
		return address->is_v6 == wanted->v6 &&
		       !strcmp(address->interface, wanted->interface);
	default:
		return !strcmp(address->interface, wanted->interface);
	}
}

static const struct address *find(const struct wanted *wanted, const struct address *addresses,
				  size_t count)
{
	unsigned long index = wanted->index;

	for (size_t i = 0; i < count; i++)
		if (is_wanted(&addresses[i], wanted) &&
		    !is_virtual(&addresses[i], addresses, count) && !index--)
			return &addresses[i];
	return NULL;
}

static char *fail_none(const struct strv *specifications, const struct address *addresses,
		       size_t count, struct error *error)
{
	CLEANUP(buf_release) struct buf there = BUF_INIT;
	AUTOFREE char *asked = strv_join(specifications, ", ");
	char text[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < count; i++) {
		print_address(&addresses[i], text);
		buf_print(&there, "%s %s %s/%u", i ? "," : "", addresses[i].interface, text,
			  addresses[i].prefix);
	}
	fail(error, "no address for %.128s; there is%s", asked, count ? there.data : " none");
	return NULL;
}

char *address_choose(const struct strv *specifications, struct address *addresses, size_t count,
		     struct error *error)
{
	if (count)
		qsort(addresses, count, sizeof *addresses, by_interface);
	for (size_t i = 0; i < specifications->count; i++) {
		const struct address *found;
		struct wanted wanted;
		char text[INET6_ADDRSTRLEN];

		if (!parse_wanted(specifications->items[i], &wanted, error))
			return NULL;
		if (wanted.kind == WANT_STATIC)
			return copy_string(wanted.address);
		found = find(&wanted, addresses, count);
		if (!found)
			continue;
		print_address(found, text);
		return copy_string(text);
	}
	return fail_none(specifications, addresses, count, error);
}

/* False: it is neither IPv4 nor IPv6. */
static bool take(const struct ifaddrs *entry, struct address *address)
{
	struct net_address read;

	if (!net_address_read(entry, &read))
		return false;
	*address = (struct address){ .is_v6 = read.is_v6, .prefix = read.prefix,
				     .on_loopback = entry->ifa_flags & IFF_LOOPBACK };
	strncpy(address->interface, entry->ifa_name, sizeof address->interface - 1);
	if (read.is_v6) {
		memcpy(address->bytes, read.bytes, 16);
	} else {
		memcpy(address->bytes, mapped, sizeof mapped);
		memcpy(address->bytes + sizeof mapped, read.bytes, 4);
	}
	return true;
}

/* Connecting a datagram socket sends nothing, and chooses the source address.  The destinations are
 * reserved for documentation (RFC 5737, RFC 3849). */
static bool find_default(bool v6, unsigned char bytes[static 16])
{
	struct sockaddr_in6 remote6 = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	struct sockaddr_in6 local6 = { 0 };
	struct sockaddr_in remote4 = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct sockaddr_in local4 = { 0 };
	struct sockaddr *remote = v6 ? (void *)&remote6 : (void *)&remote4,
			*local = v6 ? (void *)&local6 : (void *)&local4;
	socklen_t size = v6 ? sizeof remote6 : sizeof remote4;
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found;

	inet_pton(AF_INET, "192.0.2.1", &remote4.sin_addr);
	inet_pton(AF_INET6, "2001:db8::1", &remote6.sin6_addr);
	found = fd >= 0 && !connect(fd, remote, size) && !getsockname(fd, local, &size);
	if (fd >= 0)
		close(fd);
	memcpy(bytes, mapped, sizeof mapped);
	if (found && v6)
		memcpy(bytes, &local6.sin6_addr, 16);
	else if (found)
		memcpy(bytes + sizeof mapped, &local4.sin_addr, 4);
	return found;
}

static void mark_default(struct address *addresses, size_t count)
{
	unsigned char bytes[16];

	for (int v6 = 0; v6 < 2; v6++)
		for (size_t i = 0, n = find_default(v6, bytes) ? count : 0; i < n; i++)
			if (!memcmp(addresses[i].bytes, bytes, sizeof bytes))
				addresses[i].is_default = true;
}

char *address_find(const struct strv *specifications, struct error *error)
{
	AUTOFREE struct address *addresses = NULL;
	struct ifaddrs *entries = NULL;
	size_t count = 0;
	char *address;

	if (getifaddrs(&entries) < 0)
		entries = NULL;		/* `static:` needs none */
	for (struct ifaddrs *entry = entries; entry; entry = entry->ifa_next) {
		addresses = alloc_resize(addresses, (count + 1) * sizeof *addresses);
		count += take(entry, &addresses[count]);
	}
	mark_default(addresses, count);
	address = address_choose(specifications, addresses, count, error);
	freeifaddrs(entries);
	return address;
}
