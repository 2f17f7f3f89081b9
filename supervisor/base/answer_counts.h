/* answer_counts.h - how many requests of each name had an answer with each code, such as its status.
 *
 * The rows are few: for those that find no room, and for a name that is too long, "other" is counted.
 */
#ifndef ANSWER_COUNTS_H
#define ANSWER_COUNTS_H

#include <stddef.h>

enum { ANSWER_COUNTS_MOST = 64, ANSWER_NAME = 32 };

struct answer_count {
	char name[ANSWER_NAME];
	long code;
	unsigned long count;
};

struct answer_counts {			/* starts zeroed */
	struct answer_count *rows;	/* owned */
	size_t used;
};

void answer_counts_release(struct answer_counts *counts);
void answer_counts_add(struct answer_counts *counts, const char *name, size_t length, long code);

#endif
