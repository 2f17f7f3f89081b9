/* feed_reading.h - what a feed wants to know of an answer, found out on a thread (answer_parse.h).  Pure. */
#ifndef FEED_READING_H
#define FEED_READING_H

#include "blocking_query.h"
#include "consul/answer_parse.h"

struct feed_reading {
	struct reading reading;
	struct error error;		/* why there is no state; "" as well if there is none yet */
	json_t *state;			/* what the query makes of the answer; NULL: none */
	size_t weight;			/* of `state` */
	json_t *before;			/* with what it was compared; may be NULL */
	json_t *kept;			/* if wanted: `state`, and what only `before` has */
	bool same;			/* `kept`, or `state` if there is none, equals `before` */

	/* private */
	struct blocking_query query;	/* its constants, which its owner does not release */
	void *context;			/* a copy of the query's; NULL: none */
	bool keep;
};

/* `keep`: entries of `before` that the answer lacks are wanted, too. */
struct feed_reading *feed_reading_new(const struct blocking_query *query, json_t *before, bool keep);
void feed_reading_free(struct feed_reading *feed_reading);	/* or NULL */

#endif
