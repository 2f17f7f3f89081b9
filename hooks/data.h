/* data.h - data for templates that changes: between who has it (facts.h) and who renders with it. */
#ifndef DATA_H
#define DATA_H

#include "base/list.h"
#include "template/template.h"

/* Who renders, as the owner of the data sees him. */
struct data_user {
	/* From the loop: something that he wants is there, is another, or can no longer be had. */
	void (*on_news)(struct data_user *self);
	struct list uses;		/* the owner's */
	size_t awaited;			/* of what he wants and is not there yet */
};

/* Embedded by the owner of the data. */
struct data_provider {
	struct template_provider data;
	/* From now on `user` wants what `names` lists, all of it looked up before, and nothing else.
	 * False: something of it can never be had. */
	bool (*want)(struct data_provider *self, struct data_user *user, const struct strv *names,
		     struct error *error);
};

static inline void data_user_init(struct data_user *user, void (*on_news)(struct data_user *self))
{
	*user = (struct data_user){ .on_news = on_news };
	list_init(&user->uses);
}

#endif
