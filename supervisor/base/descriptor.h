/* descriptor.h - every descriptor from a number on, without counting to a limit that may be
 * a billion.  Both are safe between clone() and execve(). */
#ifndef DESCRIPTOR_H
#define DESCRIPTOR_H

void descriptors_mark(unsigned first);		/* close-on-exec */
void descriptors_close(unsigned first);

#endif
