/* loader.h - reads and checks the next configuration in a task (task.h), while the loop goes on. */
#ifndef LOADER_H
#define LOADER_H

#include "app.h"
#include "base/task.h"

struct loader {
	struct load_error refusal;	/* of the last configuration; its owner may add to it */

	/* private */
	const struct app_call *call;
	struct task task;
	struct config *next;		/* what the task has made; NULL: nothing yet, or a refusal */
	void (*on_loaded)(struct loader *loader, struct config *next);
};

/* on_loaded() takes `next`; NULL: `refusal` says why. */
void loader_init(struct loader *loader, struct loop *loop, const struct app_call *call,
		 void (*on_loaded)(struct loader *loader, struct config *next));
void loader_release(struct loader *loader);
void loader_start(struct loader *loader);
void loader_cancel(struct loader *loader);	/* idempotent */

/* Logs the warnings of a configuration that is taken, and at debug one of ContainerPilot as JSON. */
void loader_log(const struct config *config);

#endif
