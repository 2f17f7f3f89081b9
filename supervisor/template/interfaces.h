/* interfaces.h - the addresses of this machine's interfaces, in the order of the interfaces. */
#ifndef INTERFACES_H
#define INTERFACES_H

#include "base/error.h"
#include "ip.h"

#define INTERFACES_LIMIT 8192		/* addresses in a list */

struct interface {			/* one of its addresses */
	const char *name;
	unsigned flags;			/* IFF_UP and others */
	bool is_default;		/* it has the default route */
	struct ip ip;
};

bool interfaces_read(struct arena *arena, struct interface **interfaces, size_t *count,
		     struct error *error);

#endif
