/* describe.h - what hooks learn from an election: the environment PILOTFISH_ELECTION_*, and the
 * same as JSON on standard input. */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include "base/event.h"

const struct source_ops *election_source_ops(void);	/* of the source of a struct election */

#endif
