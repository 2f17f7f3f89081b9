#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/env.h"
#include "base/output.h"
#include "base/strv.h"
#include "config/secret.h"
#include "readiness.h"

struct exec {
	struct hook hook;
	struct loop *loop;
	const char *name;
	const struct exec_config *config;
	struct process process;
	struct output *streams[2];	/* NULL: not captured, or passed to output_leave() */
};

static const char *const stream_names[] = { "stdout", "stderr" };

static void set_or_unset(struct strv *env, const char *name, const char *value)
{
	if (value)
		strv_set(env, name, value);
	else
		strv_unset(env, name);
}

static void set_all(struct strv *env, const struct strv *variables)
{
	for (size_t i = 0; i < variables->count; i++) {
		const char *pair = variables->items[i];
		size_t length = strcspn(pair, "=");
		AUTOFREE char *name = copy_bytes(pair, length);

		strv_set(env, name, pair[length] ? pair + length + 1 : "");
	}
}

static void build_env(struct strv *env, const struct exec *exec, const struct hook_context *context,
		      const struct strv *readiness)
{
	const struct exec_config *config = exec->config;

	env_copy_for_child(env);
	if (!config->pass_token)
		secret_unset(env);
	if (config->identity.set) {
		strv_set(env, "HOME", config->identity.home ? config->identity.home : "/");
		if (config->identity.user)
			strv_set(env, "USER", config->identity.user);
	}
	set_or_unset(env, "PILOTFISH_JOB", context->job);
	set_or_unset(env, "PILOTFISH_SOURCE", context->source);
	set_or_unset(env, "PILOTFISH_EVENT", context->event);
	if (context->env)
		set_all(env, context->env);
	set_all(env, readiness);
	set_all(env, &config->env);
	for (size_t i = 0; i < config->unset_env.count; i++)
		strv_unset(env, config->unset_env.items[i]);
}

/* A sealed memory file with the document, at offset 0; -1: errno. */
static int document_file(const char *document)
{
	size_t size = strlen(document), done = 0;
	int fd = memfd_create("context", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	while (fd >= 0 && done < size) {
		ssize_t n = write(fd, document + done, size - done);

		if (n < 0) {
			close(fd);
			return -1;
		}
		done += (size_t)n;
	}
	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return fd;
	fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
	return fd;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static bool open_streams(struct exec *exec, int fds[3], const struct hook_context *context,
			 struct error *error)
{
	if (context->document && (fds[0] = document_file(context->document)) < 0)
		return fail(error, "cannot make a file for stdin: %s", strerror(errno));
	for (int i = 0; i < 2 && !exec->config->raw; i++) {
		exec->streams[i] = output_new(exec->loop, exec->name, stream_names[i], &fds[i + 1]);
		if (!exec->streams[i])
			return fail(error, "cannot make a pipe: %s", strerror(errno));
		exec->streams[i]->count = &exec->hook.counts[i];
		exec->streams[i]->excerpt = i && exec->hook.errors ? exec->hook.errors : exec->hook.excerpt;
		if (exec->hook.excerpt_most)
			exec->streams[i]->excerpt_most = exec->hook.excerpt_most;
		exec->streams[i]->quiet = exec->hook.excerpt && !exec->hook.logged;
	}
	return true;
}

static void leave_streams(struct exec *exec)
{
	for (int i = 0; i < 2; i++)
		if (exec->streams[i])
			output_leave(steal(&exec->streams[i]));
}

static void drop_streams(struct exec *exec)
{
	for (int i = 0; i < 2; i++)
		output_free(steal(&exec->streams[i]));
}

static void on_exit_of_process(struct process *process)
{
	struct exec *exec = container_of(process, struct exec, process);

	exec->hook.status = process->status;
	exec->hook.pid = 0;
	exec->hook.sweeping = true;
	if (exec->hook.readiness)
		readiness_end(exec->hook.readiness);
	leave_streams(exec);
}

static void on_gone(struct process *process)
{
	struct exec *exec = container_of(process, struct exec, process);

	exec->hook.sweeping = false;
	exec->hook.user->on_done(exec->hook.user);
}

/* fds: the standard ones, and what its readiness passes. */
static bool spawn(struct exec *exec, const int fds[4], const struct strv *env, struct error *error)
{
	const struct exec_config *config = exec->config;
	struct readiness *readiness = exec->hook.readiness;
	struct spawn spawn = {
		.argv = config->argv.items,
		.envp = env->items,
		.cwd = config->cwd,
		.fds = { fds[0], fds[1], fds[2] },
		.identity = &config->identity,
		.limits = config->limits,
		.limit_count = config->limit_count,
		.umask = config->umask,
		.nice = (int)config->nice,
		.oom_score = (int)config->oom_score,
		.confinement = &config->confinement,
		.no_new_privs = config->no_new_privs,
		.death_signal = config->death_signal,
		.extra_fd = fds[3],
		.extra_number = readiness ? (int)readiness->config->fd : 0,
		.pid_text = readiness ? readiness_pid_text(env) : NULL,
	};

	exec->process = (struct process){
		.name = exec->name,
		.told = exec->process.told,
		.on_exit = on_exit_of_process,
		.on_gone = on_gone,
	};
	if (!process_spawn(&exec->process, exec->loop, &spawn, error)) {
		exec->hook.status = exec->process.status;
		return false;
	}
	exec->hook.pid = exec->process.pid;
	if (readiness)
		readiness_begin(readiness, exec->process.pid);
	for (int i = 0; i < 2; i++)
		if (exec->streams[i])
			exec->streams[i]->origin.pid = exec->process.pid;
	return true;
}

static bool exec_start(struct hook *hook, const struct hook_context *context, struct error *error)
{
	struct exec *exec = container_of(hook, struct exec, hook);
	CLEANUP(strv_release) struct strv env = { 0 }, readiness = { 0 };
	int fds[4] = { NOTHING, INHERIT, INHERIT, NOTHING };
	bool started;

	hook->status = 126 << 8;
	started = !hook->readiness || readiness_open(hook->readiness, &readiness, &fds[3], error);
	build_env(&env, exec, context, &readiness);
	started = started && open_streams(exec, fds, context, error) && spawn(exec, fds, &env, error);
	for (int i = 0; i < 4; i++)
		close_if_open(fds[i]);
	if (!started)
		drop_streams(exec);
	if (!started && hook->readiness)
		readiness_end(hook->readiness);
	return started;
}

static void exec_signal(struct hook *hook, int signo)
{
	struct exec *exec = container_of(hook, struct exec, hook);

	if (hook->group || signo == SIGKILL)
		process_signal_group(&exec->process, signo);
	else
		process_signal(&exec->process, signo);
	process_signal(&exec->process, SIGCONT);	/* a stopped process gets no other signal */
}

static void exec_free(struct hook *hook)
{
	struct exec *exec = container_of(hook, struct exec, hook);

	process_signal_group(&exec->process, SIGKILL);
	process_forget(&exec->process);
	drop_streams(exec);
	free(exec);
}

static const struct hook_ops exec_ops = {
	.start = exec_start,
	.signal = exec_signal,
	.free = exec_free,
};

struct hook *exec_new(struct loop *loop, const char *name, const struct exec_config *config)
{
	struct exec *exec = NEW(struct exec);

	*exec = (struct exec){
		.hook = { .ops = &exec_ops },
		.loop = loop,
		.name = name,
		.config = config,
	};
	return &exec->hook;
}
