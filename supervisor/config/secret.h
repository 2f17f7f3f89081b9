/* secret.h - replace secrets by "(secret)" in text that users see: the values of {{secret "X"}},
 * Consul's token and auth, and the user and password in any URL. */
#ifndef SECRET_H
#define SECRET_H

#include <jansson.h>

#include "base/buf.h"
#include "base/strv.h"

struct consul_config;

void secret_collect(const json_t *tree, struct strv *secrets);	/* adds those of the tree */
void secret_hide(const struct strv *secrets, struct buf *text);
void secret_hide_in_tree(const struct strv *secrets, json_t *tree);
/* A message may contain only the beginning of a value: hides that too. */
void secret_hide_in_messages(const struct strv *secrets, struct strv *messages);

/* True if a token or password goes over plain http to another host. */
bool secret_is_sent_openly(const struct consul_config *consul);

/* Removes from an environment: Consul's token and auth, the names of their files, and the user and
 * password in Consul's address. */
void secret_unset(struct strv *env);

#endif
