/* descendants.h - signal, name or recognise processes by their descent, as /proc tells their parents. */
#ifndef DESCENDANTS_H
#define DESCENDANTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "buf.h"

unsigned descendants_signal(int signo);		/* returns their number, without zombies */

/* Does `pid` descend from `ancestor`?  64 generations at most; false if /proc does not tell. */
bool descendants_include(pid_t ancestor, pid_t pid);

/* Add "nginx[12], sleep[14]": the processes of this group; and the orphans that we have adopted, which
 * were started in the last `seconds` and whose group `is_known` does not know.  At most eight. */
void descendants_name_group(pid_t group, struct buf *out);
void descendants_name_orphans(double seconds, bool (*is_known)(pid_t group), struct buf *out);

#endif
