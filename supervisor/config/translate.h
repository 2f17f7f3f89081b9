/* translate.h - what the translations of both versions of ContainerPilot's files share (compat.h). */
#ifndef TRANSLATE_H
#define TRANSLATE_H

#include "compat.h"
#include "weak.h"

/* Ways of ContainerPilot that are kept, though ours are different by default.  Keys of `compat`. */
#define COMPAT_OPTIONS(X) \
	X(health_events, "healthEvents")	/* healthy and unhealthy at every check */ \
	X(queue_events, "queueEvents")		/* a run for each event, also of those during a run */ \
	X(check_output, "checkOutput")		/* each line of a health check is logged */ \
	X(first_events, "firstEvents")		/* a watch that is empty at first has not changed */

struct translation {
	const struct compat_call *call;
	int version;
#define X(member, key) bool member;
	COMPAT_OPTIONS(X)
#undef X
	json_t *from;			/* read by weak.h */
	json_t *to;
	json_t *names, *watches;	/* of jobs and of watches so far, with their number */
	bool stops_slowly;		/* programs run at the stop, for which there was no limit */
	struct strv *mistakes, *notes;
};

const struct weak_key *version2_keys(void);
const struct weak_key *version3_keys(void);
const struct weak_key *consul_keys(void);	/* of `consul`, which may also be text */
void version2_translate(struct translation *translation);
void version3_translate(struct translation *translation);

/* Both take a message that begins with the path of a key of the new tree. */
void note(struct translation *translation, const char *format, ...) __attribute__((format(printf, 2, 3)));
void refuse(struct translation *translation, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Copies a value from group to group, under another name; nothing if it is missing. */
void carry(json_t *to, const char *new_name, const json_t *from, const char *name);
void set_default(json_t *group, const char *name, json_t *value);	/* takes `value` */
const char *text_at(const json_t *group, const char *name);	/* "" is NULL, too */
json_int_t number_at(const json_t *group, const char *name);	/* missing: 0 */
json_t *list_at(json_t *group, const char *name);		/* made if it is missing */

/* Two jobs of one name would hide each other's events, and their services each other in Consul: all but the
 * first get a number.  free() it. */
char *unique_name(struct translation *translation, const char *name);

/* Name a watch of the service `name`, of which an earlier one may exist. */
void set_watch_name(struct translation *translation, json_t *watch, const char *name, bool repeated);

/* Something that had no limit gets this one. */
#define LONG_STOP "10m"

/* The address and tags of a service, and how long Consul keeps it. */
void translate_service(struct translation *translation, json_t *service, const json_t *from,
		       const char *path);

/* `key` must be at least 1. */
bool has_period(struct translation *translation, const json_t *group, const char *key, const char *path);

/* consul and logging. */
void translate_common(struct translation *translation);

/* telemetry, with the metrics in the list `metrics`, and the job that registers it.  Once all other jobs
 * are there.  Returns that job, borrowed; NULL: there is none. */
json_t *translate_telemetry(struct translation *translation, const char *metrics);

/* "a_b_c", of the parts of a metric's name that are given. */
json_t *metric_name(const json_t *metric);

/* stopTimeout, for each job and for the whole. */
void translate_stop_times(struct translation *translation);

#endif
