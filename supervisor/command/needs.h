/* needs.h - the rights in Consul that a configuration needs, and the policy that grants them. */
#ifndef NEEDS_H
#define NEEDS_H

#include <jansson.h>

#include "base/buf.h"
#include "config/config.h"

/* A question whose answer depends on the agent's node, or on settings of Consul.  It is asked if
 * /v1/internal/acl/authorize has answered `if_allowed`; 403 denies. */
struct probe {
	bool if_allowed;
	const char *method, *path, *body;	/* the path may have a %s for the segment */
	const char *access;		/* that is missing if it denies; NULL: that of the need */
};

struct need {
	const char *resource, *access;	/* as in an ACL policy */
	char *segment;			/* the name or key that is needed */
	char *rule;			/* the name of the rule, */
	bool prefix;			/* which holds for all names that begin with it */
	const char *dc;			/* borrowed; NULL: the agent's own */
	char *purpose;
	const struct probe *probe;	/* NULL: none */
	bool allowed;			/* for the owner */
};

struct needs {
	struct need *items;
	size_t count;
};

/* Of services, watches, elections and templates.  Of templates those that they need whatever the data is:
 * they are rendered without any.  The configuration must outlive them. */
void needs_of(const struct config *config, struct needs *needs);
void needs_release(struct needs *needs);

/* The policy for what is not allowed, a line for each rule.  Returns the number of lines. */
size_t needs_print_missing(const struct needs *needs, struct buf *out);

#endif
