/* decode.h - decoders for keys whose values have their own syntax. */
#ifndef DECODE_H
#define DECODE_H

#include "schema.h"

decode_fn decode_user;			/* checks the type only: identity_parse() does the rest */
decode_fn decode_umask;			/* int: "022", "inherited" */
decode_fn decode_perms;			/* int: "0644", "keep" */
decode_fn decode_mode;			/* int: "0600" */
decode_fn decode_group;			/* gid_t: "staff", 1000, "inherited" (-1) */
decode_fn decode_rlimits;		/* struct exec_config: { nofile = "1024:4096"; } */
decode_fn decode_capabilities;		/* struct exec_config: [ "NET_BIND_SERVICE" ], [ ] */
decode_fn decode_restrict;		/* struct exec_config: [ "no-network" ] */
decode_fn decode_oom_score;		/* long: -500, "inherited" */
decode_fn decode_restarts;		/* long: "never", "unlimited", "onFailure", 3 */
decode_fn decode_needs;			/* struct job_config: [ "db healthy" ] */
decode_fn decode_once, decode_each;	/* struct when_config: "healthy" */
decode_fn decode_status;		/* struct health_config: 200, "200-399" */
decode_fn decode_profile;		/* struct election_config: "fast" */
decode_fn decode_hook;			/* nothing: sugar_expand() has made a job of it */
decode_fn decode_unused;		/* checks a duration and drops it */

widen_fn widen_check;			/* struct bounded_command: a command, a group */
widen_fn widen_consul;			/* struct consul_config: "host:port", a group, false */

#endif
