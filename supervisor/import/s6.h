/* s6.h - the services of s6-overlay as jobs: a folder s6-rc.d with the sources of s6-rc, the older
 * services.d and cont-init.d, or a folder that has these.
 *
 * The paths of scripts are those of the folder that is read; if "/etc/" is in it, they begin there, as in an
 * image.
 */
#ifndef S6_H
#define S6_H

#include "import.h"

bool s6_recognises(const char *path, const char *text);
bool s6_read(struct import *import);

#endif
