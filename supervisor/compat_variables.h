/* compat_variables.h - the variables by which ContainerPilot's programs find each other (compat.variables).
 *
 * In the environment of later children: CONTAINERPILOT_PID; CONTAINERPILOT_NAME_IP, the address of each
 * service; and CONTAINERPILOT_NAME_PID while the process of a job runs.  They follow the processes, the
 * addresses and the reloads.
 */
#ifndef COMPAT_VARIABLES_H
#define COMPAT_VARIABLES_H

#include "units.h"

struct compat_variables {
	struct units *units;
	struct subscription on_event;
	struct strv given;		/* "NAME=value" */
};

void compat_variables_init(struct compat_variables *variables, struct units *units);
void compat_variables_release(struct compat_variables *variables);

/* As the configuration wants it; again when units or addresses have changed. */
void compat_variables_renew(struct compat_variables *variables, bool wanted);

#endif
