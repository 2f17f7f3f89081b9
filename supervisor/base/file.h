/* file.h - a whole file in memory. */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "buf.h"
#include "error.h"

/* Appends the contents of the file; more than `limit` bytes are an error.  A pipe without data or
 * writer is waited for, 5 s in all, and not at all after file_wait_no_more(). */
bool file_read(const char *path, size_t limit, struct buf *text, struct error *error);

/* The loop runs from now on: nothing may block it. */
void file_wait_no_more(void);

/* Both refuse all but regular files: reading a FIFO would block until a process writes to it.  The first
 * returns a descriptor, or -1. */
int file_open_regular(const char *path, struct error *error);
bool file_read_regular(const char *path, size_t limit, struct buf *text, struct error *error);

/* "cannot read PATH: why" */
bool file_check_readable(const char *path, struct error *error);

/* Reads a decimal number and a newline. */
bool file_read_number(const char *path, unsigned long *number, struct error *error);

/* Are file and contents the same, as far as stat(2) can tell? */
bool file_is_unchanged(const struct stat *before, const struct stat *now);

#endif
