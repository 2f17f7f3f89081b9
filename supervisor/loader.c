#include "loader.h"

#include "base/alloc.h"
#include "base/process.h"
#include "config/secret.h"

/* An empty file may be in the middle of being written: it does not mean "stop all jobs". */
static struct config *load_next(struct loader *loader, struct load_error *error)
{
	const struct app_call *call = loader->call;
	struct config *next = call->load(call, &loader->task, error);

	if (next && next->has_secrets)
		process_forbid_dump();
	if (!next || json_object_size(next->tree))
		return next;
	strv_push_taken(&error->mistakes, format_string("%s is empty", call->name));
	config_free(next);
	return NULL;
}

static void run_task(struct task *task)
{
	struct loader *loader = container_of(task, struct loader, task);

	load_error_release(&loader->refusal);
	loader->next = load_next(loader, &loader->refusal);
}

static void on_task_done(struct task *task)
{
	struct loader *loader = container_of(task, struct loader, task);

	loader->on_loaded(loader, steal(&loader->next));
}

void loader_init(struct loader *loader, struct loop *loop, const struct app_call *call,
		 void (*on_loaded)(struct loader *loader, struct config *next))
{
	*loader = (struct loader){ .call = call, .on_loaded = on_loaded };
	task_init(&loader->task, loop, run_task, on_task_done);
}

void loader_release(struct loader *loader)
{
	loader_cancel(loader);
	load_error_release(&loader->refusal);
}

void loader_start(struct loader *loader)
{
	task_start(&loader->task);
}

void loader_cancel(struct loader *loader)
{
	task_cancel(&loader->task);
	config_free(steal(&loader->next));
}

/* Users of ContainerPilot look for these words. */
static void log_whole(const struct config *config)
{
	CLEANUP(strv_release) struct strv secrets = { 0 };
	CLEANUP(json_decrefp) json_t *tree = json_deep_copy(config->tree);
	AUTOFREE char *text = NULL;

	strv_copy(&secrets, config->secrets.items);
	secret_collect(tree, &secrets);
	secret_hide_in_tree(&secrets, tree);
	text = json_dumps(tree, JSON_COMPACT | JSON_PRESERVE_ORDER);
	log_debug("loaded config: %s", text);
}

void loader_log(const struct config *config)
{
	for (size_t i = 0; i < config->notes.count; i++)
		log_info("%s", config->notes.items[i]);
	for (size_t i = 0; i < config->warnings.count; i++)
		log_warn("%s", config->warnings.items[i]);
	if (config->containerpilot && log_wants(LEVEL_DEBUG))
		log_whole(config);
}
