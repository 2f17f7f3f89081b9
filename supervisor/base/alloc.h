/* alloc.h - memory that is always there, and resources that leave with their scope.
 *
 * An init without memory is lost: these say so and abort, so that no caller has a
 * branch for it.  What they return is released with free().
 */
#ifndef ALLOC_H
#define ALLOC_H

#include <stddef.h>
#include <stdlib.h>

void *alloc(size_t size);			/* zeroed */
void *alloc_resize(void *old, size_t size);	/* as realloc: what is new is not zeroed */
char *copy_string(const char *text);		/* NULL gives NULL */
char *copy_bytes(const void *bytes, size_t size);	/* a NUL is added */
char *format_string(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define NEW(type) ((type *)alloc(sizeof(type)))

/* CLEANUP(buf_release) struct buf text = {0}: released however the scope is left. */
#define CLEANUP(release) __attribute__((cleanup(release)))
#define AUTOFREE CLEANUP(free_pointer)
static inline void free_pointer(void *slot) { free(*(void **)slot); }

/* return steal(&thing): the scope's cleanup finds NULL. */
#define steal(slot) ({					\
	__typeof__(*(slot)) stolen_ = *(slot);		\
	*(slot) = NULL;					\
	stolen_; })

#endif
