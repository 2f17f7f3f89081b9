/* unit_variables.h - the variables by which the programs of a container find each other.
 *
 * In the environment of later children: PILOTFISH_NAME_ADDRESS, the address of each service; with
 * compat.variables also CONTAINERPILOT_PID, CONTAINERPILOT_NAME_IP, which is that address, and
 * CONTAINERPILOT_NAME_PID while the process of a job runs.  They follow the processes, the addresses and the
 * reloads.
 */
#ifndef UNIT_VARIABLES_H
#define UNIT_VARIABLES_H

#include "units.h"

struct unit_variables {
	struct units *units;
	bool compat;
	struct subscription on_event;
	struct strv given;		/* "NAME=value" */
};

void unit_variables_init(struct unit_variables *variables, struct units *units);
void unit_variables_release(struct unit_variables *variables);

/* Again when units or addresses have changed.  `compat`: those of ContainerPilot, too. */
void unit_variables_renew(struct unit_variables *variables, bool compat);

#endif
