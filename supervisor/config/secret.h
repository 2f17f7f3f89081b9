/* secret.h - values that came by {{secret "X"}}, and Consul's token and auth, are not shown: each is
 * replaced by "(secret)". */
#ifndef SECRET_H
#define SECRET_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"

void secret_collect(const json_t *tree, struct strv *secrets);	/* those that stand in it */
void secret_hide(const struct strv *secrets, struct buf *text);
void secret_hide_in_tree(const struct strv *secrets, json_t *tree);
/* Messages may have cut a value short: its first bytes are hidden, too. */
void secret_hide_in_error(const struct strv *secrets, struct error *error);

#endif
