/* file.h - a whole file in memory. */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "buf.h"
#include "error.h"

/* Appends what the file holds; more than `limit` bytes are an error. */
bool file_read(const char *path, size_t limit, struct buf *text, struct error *error);

/* The same of a regular file only, so that nothing waits for whoever is to fill a FIFO. */
bool file_read_regular(const char *path, size_t limit, struct buf *text, struct error *error);

/* Is it the same file with the same contents, as far as stat(2) can tell? */
bool file_is_unchanged(const struct stat *before, const struct stat *now);

#endif
