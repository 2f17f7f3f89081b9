#include "answer_counts.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

void answer_counts_release(struct answer_counts *counts)
{
	free(counts->rows);
	*counts = (struct answer_counts){ 0 };
}

static struct answer_count *find(const struct answer_counts *counts, const char *name, size_t length,
				 long code)
{
	for (size_t i = 0; i < counts->used; i++) {
		struct answer_count *row = &counts->rows[i];

		if (row->code == code && !strncmp(row->name, name, length) && !row->name[length])
			return row;
	}
	return NULL;
}

void answer_counts_add(struct answer_counts *counts, const char *name, size_t length, long code)
{
	static const char other[] = "other";
	struct answer_count *row = length < ANSWER_NAME ? find(counts, name, length, code) : NULL;

	if (!row && (length >= ANSWER_NAME || counts->used >= ANSWER_COUNTS_MOST - 1)) {
		name = other;
		length = strlen(other);
		code = 0;
		row = find(counts, name, length, code);
	}
	if (!row) {
		counts->rows = alloc_resize(counts->rows, (counts->used + 1) * sizeof *row);
		row = &counts->rows[counts->used++];
		*row = (struct answer_count){ .code = code };
		memcpy(row->name, name, length);
	}
	row->count++;
}
