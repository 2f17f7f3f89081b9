/* confine.h - take rights from a child between clone() and execve(): capabilities, system calls
 * (seccomp), paths (Landlock).
 *
 * The parent fills struct confinement and calls filter_build().  The functions marked "child" are
 * async-signal-safe and only spawn.c calls them.  On failure they leave the reason in errno.
 *
 * Restrictions are denylists: a filter refuses the system calls of the given words and allows all
 * others.  It knows the machine's own architecture only, and kills a process of any other, whose
 * system calls have other numbers.
 */
#ifndef CONFINE_H
#define CONFINE_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "strv.h"

#define RESTRICTIONS(X)									\
	X(NO_NETWORK,    "no-network")	/* socket() makes Unix sockets only */		\
	X(NO_NAMESPACES, "no-namespaces")	/* no new namespaces, no entering of one */	\
	X(NO_MOUNT,      "no-mount")	/* mounts and the root folder stay */		\
	X(NO_DEBUG,      "no-debug")	/* no look into other processes */		\
	X(NO_KERNEL,     "no-kernel")	/* modules, BPF, io_uring, clocks, swap, keys */

enum restriction {
#define X(code, name) RESTRICT_##code,
	RESTRICTIONS(X)
#undef X
	RESTRICTION_COUNT,
};

struct confinement {
	bool drops;			/* take all capabilities but `capabilities` */
	uint64_t capabilities;		/* to keep; bit N is capability N */
	unsigned restrictions;		/* bit N is enum restriction N */
	struct strv read, write;	/* absolute paths; both empty: all paths stay */
	bool paths_optional;		/* start without `read` and `write` on a kernel without Landlock */
};

enum { FILTER_ROOM = 192 };

struct filter {
	struct sock_filter code[FILTER_ROOM];
	unsigned short count;		/* 0: none */
};

int capability_parse(const char *name);		/* "NET_ADMIN", "cap_net_admin"; -1: unknown */
const char *capability_name(int number);	/* "NET_ADMIN"; NULL behind the last */

/* False: this architecture is not supported. */
bool filter_build(struct filter *filter, unsigned restrictions);

/* child: without CAP_SETPCAP this fails, unless no_new_privs makes the set meaningless */
bool confine_bounding(const struct confinement *confinement, bool no_new_privs);
/* child: before and after the change of the user */
bool confine_keep(const struct confinement *confinement);
bool confine_capabilities(const struct confinement *confinement);
/* child: *path is the one that could not be opened, or NULL */
bool confine_paths(const struct confinement *confinement, const char **path);
bool confine_calls(struct filter *filter);	/* child */

#endif
