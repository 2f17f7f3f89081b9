/* containerpilot.h - the program in the place of ContainerPilot: its command line, its variable
 * CONTAINERPILOT and its exit codes, 1 for a failure and 2 for wrong usage.
 *
 * The configuration is -config, else $CONTAINERPILOT: a path, file://PATH, or the text itself, which begins
 * with `{`.  The options for a running one use the control socket that the configuration names.
 */
#ifndef CONTAINERPILOT_H
#define CONTAINERPILOT_H

#include <stdbool.h>

/* Called by the name containerpilot; or with one of its options; or without a verb or an option of ours
 * while CONTAINERPILOT is set and PILOTFISH_CONFIG is not.  Reads nothing else, so that it may be called
 * at the very beginning. */
bool containerpilot_is_meant(int argc, char **argv);

int containerpilot_main(char **argv);	/* returns the exit code */

#endif
