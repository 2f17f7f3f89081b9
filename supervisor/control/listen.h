/* listen.h - a listening TCP socket, and a listening unix socket that belongs to one process at a time.
 *
 * A socket that is left from a process that has ended is replaced: its file refuses a connection.
 * A socket that answers stays, as does a file that is no socket, and listening fails.  The file is made
 * with mode 0600 and gets its own mode and group before a client can connect.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <sys/stat.h>

#include "base/error.h"

struct listening {
	char *path;			/* of the socket, or "ADDRESS port NUMBER"; owned; NULL: none */
	struct stat file;		/* as made, so that only our own is removed; of TCP: zero */
	int fd;
};

/* Makes the last folder of the path if it is missing.  `group` (gid_t)-1: ours. */
bool listen_unix(struct listening *listening, const char *path, mode_t mode, gid_t group,
		 struct error *error);
bool listening_permit(const struct listening *listening, mode_t mode, gid_t group, struct error *error);
void listening_close(struct listening *listening);	/* removes the file; not the descriptor's owner */

/* On a numeric address.  If `present` is there already, `listening` becomes that. */
bool listen_tcp(struct listening *listening, const struct listening *present, const char *address,
		long port, struct error *error);

bool listening_is(const struct listening *listening, const struct listening *present);	/* the same one */
/* Closes it, with its descriptor, unless it is the present one or none. */
void listening_drop(struct listening *listening, const struct listening *present);

#endif
