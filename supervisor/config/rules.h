/* rules.h - the `finish` functions of schema.h's records: they check the rules between the keys
 * of one group, and set defaults that depend on other keys. */
#ifndef RULES_H
#define RULES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef bool rule_fn(void *object, const json_t *tree, struct error *error);

rule_fn exec_rules, paths_rules;	/* struct exec_config */
rule_fn when_rules, backoff_rules;
rule_fn health_rules;
rule_fn registration_rules;		/* struct service_config, of a job or in `services` */
rule_fn service_rules;			/* struct service_config in `services` */
rule_fn job_rules, watch_rules;
rule_fn check_rules;			/* struct bounded_command */
rule_fn wait_rules;
rule_fn template_rules;			/* also reads and parses the template */
rule_fn consul_rules;
rule_fn election_rules;

struct telemetry_config;
bool metrics_are_distinct(const struct telemetry_config *telemetry, struct error *error);

/* Letters, digits and '-'; the first character is a letter or digit. */
enum { LONGEST_LABEL = 63 };		/* of DNS */
bool is_label(const char *text, size_t longest);

/* An id of an election: safe as a word of a shell, as a path's last part and in a log. */
#define ELECTION_ID_CHARACTERS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@-"
bool is_election_id(const char *text);	/* these alone; the first is a letter or a digit */

/* Consul itself takes any text.  Its DNS finds labels alone. */
enum { LONGEST_SERVICE = 255 };
bool service_name_check(const char *name, struct error *error);

#endif
