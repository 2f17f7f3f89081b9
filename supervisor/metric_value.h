/* metric_value.h - the text NAME{label="value",...} that names a time series, and numbers.  Pure. */
#ifndef METRIC_VALUE_H
#define METRIC_VALUE_H

#include <jansson.h>

#include "base/error.h"
#include "base/strv.h"

struct metric_key {
	char *name;
	struct strv labels, values;	/* as many */
};

/* In a value, \\ \" and \n are a backslash, a quote and a newline.  False: `key` is to be released, too. */
bool metric_key_parse(const char *text, struct metric_key *key, struct error *error);
void metric_key_release(struct metric_key *key);

/* The labels in the order of `declared`, as exposition_value() takes them; free() them.  NULL: there are
 * more or less than the declared ones, or a value has more than `most` bytes. */
char *metric_labels(const struct metric_key *key, const struct strv *declared, size_t most,
		    struct error *error);

/* A finite number, or a string that is one, with white space around it: programs print it so. */
bool metric_number(const json_t *value, double *number, struct error *error);

#endif
