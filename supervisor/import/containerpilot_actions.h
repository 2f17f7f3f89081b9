/* containerpilot_actions.h - the template actions of a ContainerPilot file that survive its import.
 *
 * An action in a string that only prints something of the environment, such as {{ .CONSUL }}, is set aside: a
 * mark stands for it while the file is rendered and translated, and becomes an action again in the new
 * configuration.  All other actions, such as {{ if }}, are decided at the import.
 */
#ifndef CONTAINERPILOT_ACTIONS_H
#define CONTAINERPILOT_ACTIONS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/strv.h"

struct containerpilot_actions {
	struct strv aside;		/* without their braces; the number of each is in its mark */
	bool decides;			/* others are left in the text */
};

void containerpilot_actions_release(struct containerpilot_actions *actions);

/* Appends the text with marks. */
void containerpilot_actions_set_aside(struct containerpilot_actions *actions, const char *text,
				      struct buf *out);

/* Each string with a mark in `tree` becomes an action (configuration_print.h). */
void containerpilot_actions_restore(const struct containerpilot_actions *actions, json_t *tree);

/* The text with actions for the marks, to be read by a person.  free() it. */
char *containerpilot_actions_show(const struct containerpilot_actions *actions, const char *text);

#endif
