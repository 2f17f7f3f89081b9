#include "plugins.h"

#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "config/config.h"
#include "exec.h"

enum { PLUGIN_SECONDS = 30, PLUGIN_BYTES = 1 << 20, PLUGINS_MOST = 100, REASON_SHOWN = 200 };

struct plugin_run {
	struct list link;
	struct plugins *plugins;
	struct exec_config exec;
	struct hook *hook;
	struct hook_user user;
	struct timer limit;
	struct buf output, errors;
	bool running, timed_out;
	struct error error;		/* why it could not be started */
};

static bool is_same(const struct strv *a, const struct strv *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; i < a->count && same; i++)
		same = !strcmp(a->items[i], b->items[i]);
	return same;
}

static struct plugin_run *find(const struct plugins *plugins, const struct strv *argv)
{
	list_each(node, &plugins->runs) {
		struct plugin_run *run = list_entry(node, struct plugin_run, link);

		if (is_same(&run->exec.argv, argv))
			return run;
	}
	return NULL;
}

static void end(struct plugin_run *run)
{
	struct plugins *plugins = run->plugins;

	timer_stop(&run->limit);
	run->running = false;
	plugins->running--;
	if (!plugins->running)
		plugins->on_ended(plugins);
}

static void on_done(struct hook_user *user)
{
	struct plugin_run *run = container_of(user, struct plugin_run, user);

	if (run->running)
		end(run);
}

/* It may not be possible to kill it. */
static void on_limit(struct timer *timer)
{
	struct plugin_run *run = container_of(timer, struct plugin_run, limit);

	run->timed_out = true;
	run->hook->ops->signal(run->hook, SIGKILL);
	end(run);
}

static struct plugin_run *start(struct plugins *plugins, const struct strv *argv)
{
	struct plugin_run *run = NEW(struct plugin_run);
	struct hook_context context = { .job = plugins->template };

	*run = (struct plugin_run){
		.plugins = plugins, .user = { on_done }, .output = BUF_INIT, .errors = BUF_INIT,
		.exec = { .umask = -1, .oom_score = NO_OOM_SCORE },
		.error = ERROR_INIT,
	};
	strv_copy(&run->exec.argv, argv->items);
	list_append(&plugins->runs, &run->link);
	plugins->count++;
	timer_init(&run->limit, plugins->loop, on_limit);
	run->hook = exec_new(plugins->loop, plugins->template, &run->exec);
	run->hook->user = &run->user;
	run->hook->excerpt = &run->output;
	run->hook->errors = &run->errors;
	run->hook->excerpt_most = PLUGIN_BYTES;
	run->running = run->hook->ops->start(run->hook, &context, &run->error);
	if (run->running) {
		plugins->running++;
		timer_set_awake(&run->limit, PLUGIN_SECONDS);
	}
	return run;
}

static bool give_result(struct plugins *plugins, const struct plugin_run *run, const struct buf **output,
			struct error *error)
{
	char status[64];

	*output = run->running ? NULL : &run->output;
	plugins->failed |= run->timed_out || *run->error.text || (!run->running && run->hook->status);
	if (*run->error.text)
		return fail(error, "%s", run->error.text);
	if (run->timed_out)
		return fail(error, "takes longer than %d s", PLUGIN_SECONDS);
	if (run->running || !run->hook->status)
		return true;
	status_print(run->hook->status, status);
	return fail(error, "%s: %.*s", status, (int)utf8_cut(run->errors.data, run->errors.used, REASON_SHOWN),
		    run->errors.data);
}

static bool run_plugin(struct template_plugins *self, const struct strv *argv, const struct buf **output,
		       struct error *error)
{
	struct plugins *plugins = container_of(self, struct plugins, provider);
	struct plugin_run *run = find(plugins, argv);

	if (!run && plugins->count == PLUGINS_MOST)
		return fail(error, "more than %d programs", PLUGINS_MOST);
	return give_result(plugins, run ? run : start(plugins, argv), output, error);
}

void plugins_init(struct plugins *plugins, struct loop *loop, const char *template,
		  void (*on_ended)(struct plugins *plugins))
{
	*plugins = (struct plugins){
		.provider = { run_plugin }, .loop = loop, .template = template, .on_ended = on_ended,
	};
	list_init(&plugins->runs);
}

void plugins_forget(struct plugins *plugins)
{
	while (!list_empty(&plugins->runs)) {
		struct plugin_run *run = list_entry(plugins->runs.next, struct plugin_run, link);

		list_remove(&run->link);
		timer_stop(&run->limit);
		run->hook->ops->free(run->hook);
		strv_release(&run->exec.argv);
		buf_release(&run->output);
		buf_release(&run->errors);
		free(run);
	}
	plugins->count = plugins->running = 0;
	plugins->failed = false;
}
