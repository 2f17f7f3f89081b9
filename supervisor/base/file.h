/* file.h - a whole file in memory. */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "buf.h"
#include "error.h"

/* Appends the contents of the file; more than `limit` bytes are an error. */
bool file_read(const char *path, size_t limit, struct buf *text, struct error *error);

/* Refuses all but regular files: reading a FIFO would block until a process writes to it. */
bool file_read_regular(const char *path, size_t limit, struct buf *text, struct error *error);

/* Reads a decimal number and a newline. */
bool file_read_number(const char *path, unsigned long *number, struct error *error);

/* Are file and contents the same, as far as stat(2) can tell? */
bool file_is_unchanged(const struct stat *before, const struct stat *now);

#endif
