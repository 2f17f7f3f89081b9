/* descriptor.h - mark or close every descriptor from a number on, without a loop to the limit,
 * which may be a billion.  Both functions are async-signal-safe. */
#ifndef DESCRIPTOR_H
#define DESCRIPTOR_H

void descriptors_mark(unsigned first);		/* close-on-exec */
void descriptors_close(unsigned first);

#endif
