/* descriptor.h - mark or close every descriptor from a number on, without a loop to the limit,
 * which may be a billion; give one to the next program.  All functions are async-signal-safe. */
#ifndef DESCRIPTOR_H
#define DESCRIPTOR_H

#include <stdbool.h>

void descriptors_mark(unsigned first);		/* close-on-exec */
void descriptors_close(unsigned first);
bool descriptor_give(int fd, int number);	/* as `number`, and not close-on-exec; false: errno */

#endif
