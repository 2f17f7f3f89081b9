/* folder.h - opens the directory of a destination without trusting its path.
 *
 * A directory is *exposed* if another user can make files in it: it belongs to a user who is
 * neither root nor us, or its group or others may write.  In such a directory anyone can put a
 * symbolic link that leads root's files to a place of that user's choice, so no link in it is
 * followed.  Links in other directories were made by root or by us, as /var/run is, and are
 * followed.
 *
 * The path is walked one component at a time with O_NOFOLLOW, each relative to the directory before
 * it.  That is what openat2(RESOLVE_NO_SYMLINKS) does for a whole path, and works on kernels
 * (before 5.6) and under seccomp profiles that lack openat2(2).
 */
#ifndef FOLDER_H
#define FOLDER_H

#include <stdbool.h>

#include "base/error.h"

/* Opens (O_PATH) the directory of `path`, an absolute path of a file.  `create`: makes what is
 * missing, mode 0755 whatever our umask.  -1: errno, and `error` if there is more to say than that.
 */
int folder_open(const char *path, bool create, bool *exposed, struct error *error);

#endif
