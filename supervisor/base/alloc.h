/* alloc.h - allocations that do not fail, and resources that are released with their scope.
 *
 * PID 1 cannot go on without memory.  These functions therefore print a message and exit with code
 * 71 (EX_OSERR), and callers need no branch for a failure.  They do not abort(): the kernel keeps
 * SIGABRT from PID 1, and abort() would then end in a segmentation fault.  Release their results
 * with free().
 */
#ifndef ALLOC_H
#define ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

void *alloc(size_t size);			/* zeroed */
void *alloc_raw(size_t size);			/* not zeroed; for libraries */
void alloc_reserve(size_t size);		/* exits unless this much could be allocated now */
void *alloc_resize(void *old, size_t size);	/* as realloc(): the new part is not zeroed */
char *copy_string(const char *text);		/* NULL gives NULL */
bool text_equal(const char *a, const char *b);	/* NULL is the same as NULL alone */
char *copy_bytes(const void *bytes, size_t size);	/* a NUL is added */
char *format_string(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define NEW(type) ((type *)alloc(sizeof(type)))

/* CLEANUP(buf_release) struct buf text = BUF_INIT: released when the scope ends, by any path. */
#define CLEANUP(release) __attribute__((cleanup(release)))
#define AUTOFREE CLEANUP(free_pointer)
static inline void free_pointer(void *slot) { free(*(void **)slot); }

/* return steal(&thing): the variable becomes NULL, so its cleanup releases nothing. */
#define steal(slot) ({					\
	__typeof__(*(slot)) stolen_ = *(slot);		\
	*(slot) = NULL;					\
	stolen_; })

#endif
