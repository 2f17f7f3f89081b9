/* s6_files.h - the small files of a service's folder. */
#ifndef S6_FILES_H
#define S6_FILES_H

#include "import.h"

bool s6_is_folder(const char *path);	/* and not a link to one */
bool s6_is_folder_in(const char *path, const char *name);
bool s6_has(const char *folder, const char *name);

/* The text of a file without blanks around it; free() it.  NULL: there is no such file, or the import has an
 * error, and *fine is false. */
char *s6_text(struct import *import, const char *folder, const char *name, bool *fine);

/* A number; -1: there is no such file.  False: the import has an error. */
bool s6_number(struct import *import, const char *folder, const char *name, long *value);

/* The names in the folder "NAME.d", or in the lines of the file NAME.  False: the import has an error. */
bool s6_names(struct import *import, const char *folder, const char *name, struct strv *names);

/* Appends what can be read of a script, which may be no text. */
void s6_script(const char *folder, const char *name, struct buf *text);

/* The path in the image: from the last "/etc/" on.  free() it. */
char *s6_image_path(const char *path);

#endif
