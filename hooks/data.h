/* data.h - changing data for templates: the interface between its owner (template_data.h) and the
 * renderer (render.h). */
#ifndef DATA_H
#define DATA_H

#include "base/list.h"
#include "template/template.h"

/* A renderer, as the owner of the data sees it. */
struct data_user {
	/* Called from the loop: one of its dependencies has come, has changed, or can never come. */
	void (*on_news)(struct data_user *self);
	struct list uses;		/* the owner's */
	size_t awaited;			/* dependencies without a value yet */
};

/* Embedded by the owner of the data. */
struct data_provider {
	struct template_provider data;
	unsigned long changes;		/* of any value: a render during which it grows may be outdated */
	/* Replaces the dependencies of `user` by `names`, each of which was looked up before.
	 * False: one of them can never have a value. */
	bool (*want)(struct data_provider *self, struct data_user *user, const struct strv *names,
		     struct error *error);
};

static inline void data_user_init(struct data_user *user, void (*on_news)(struct data_user *self))
{
	*user = (struct data_user){ .on_news = on_news };
	list_init(&user->uses);
}

#endif
