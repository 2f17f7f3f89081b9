/* containerpilot_file.h - import the configuration of ContainerPilot 2 or 3, as pilotfish itself reads it
 * (config/compat.h). */
#ifndef CONTAINERPILOT_FILE_H
#define CONTAINERPILOT_FILE_H

#include "import.h"

bool containerpilot_file_recognises(const char *path, const char *text);
bool containerpilot_file_read(struct import *import);

#endif
