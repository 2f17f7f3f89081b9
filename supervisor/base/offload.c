#include "offload.h"

#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* Enough for calls into the kernel, a path or two, and JSON of 64 levels. */
enum { STACK_SIZE = 256 * 1024 };

enum { LEAVE_SECONDS = 1 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;	/* of `returned` and `loop` of all jobs */
static pthread_cond_t returning = PTHREAD_COND_INITIALIZER;

static void *run_on_thread(void *argument)
{
	struct offload *offload = argument;

	offload->run(offload);
	pthread_mutex_lock(&mutex);
	offload->returned = true;
	if (offload->loop)
		eventfd_write(offload->loop->offloaded.ev.fd, 1);
	pthread_cond_broadcast(&returning);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

/* An arena for each thread costs address space, which RLIMIT_AS may limit. */
static void share_arena(void)
{
	static bool shared;

	if (!shared)
		mallopt(M_ARENA_MAX, 1);
	shared = true;
}

static bool start_thread(struct offload *offload)
{
	pthread_attr_t attributes;
	sigset_t all, ours;
	pthread_t thread;
	bool started;

	share_arena();
	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &ours);
	started = !pthread_create(&thread, &attributes, run_on_thread, offload);
	pthread_sigmask(SIG_SETMASK, &ours, NULL);
	pthread_attr_destroy(&attributes);
	return started;
}

static void end(struct offload *offload)
{
	list_remove(&offload->link);
	offload->running = false;
	if (offload->abandoned)
		offload->release(offload);
	else
		offload->on_done(offload);
}

static struct offload *find_returned(struct loop *loop)
{
	struct offload *found = NULL;

	pthread_mutex_lock(&mutex);
	list_each(node, &loop->offloads) {
		struct offload *offload = list_entry(node, struct offload, link);

		if (!found && offload->returned)
			found = offload;
	}
	pthread_mutex_unlock(&mutex);
	return found;
}

static void end_returned(struct loop *loop)
{
	struct offload *offload;

	while ((offload = find_returned(loop)))
		end(offload);
}

static void on_wake(struct io *io, int events)
{
	eventfd_t count;

	(void)events;
	eventfd_read(io->ev.fd, &count);
	end_returned(container_of(io, struct loop, offloaded));
}

static void on_run_inline(struct deferred *deferred)
{
	end_returned(container_of(deferred, struct loop, offloaded_inline));
}

/* Threads wake the loop by it.  libev's own way aborts where epoll_ctl(2) fails. */
static bool has_eventfd(struct loop *loop)
{
	int fd;

	if (loop->offloaded.ev.fd >= 0)
		return true;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return false;
	io_set(&loop->offloaded, fd, IO_READ);
	return true;
}

void offload_join(struct loop *loop)
{
	list_init(&loop->offloads);
	io_init(&loop->offloaded, loop, on_wake);
	deferred_init(&loop->offloaded_inline, loop, on_run_inline);
}

void offload_start(struct offload *offload, struct loop *loop)
{
	offload->loop = loop;
	offload->running = true;
	offload->abandoned = offload->returned = false;
	list_append(&loop->offloads, &offload->link);
	if (has_eventfd(loop) && start_thread(offload))
		return;
	offload->run(offload);
	offload->returned = true;
	defer(&loop->offloaded_inline);
}

bool offload_is_running(const struct offload *offload)
{
	return offload->running;
}

void offload_abandon(struct offload *offload)
{
	offload->abandoned = true;
}

bool offload_wait(struct offload *offload, double seconds)
{
	double end_at = monotonic_now() + fmax(seconds, 0);
	struct timespec until = { .tv_sec = (time_t)end_at };
	bool late = false;

	until.tv_nsec = (long)(1e9 * (end_at - (double)until.tv_sec));
	pthread_mutex_lock(&mutex);
	while (!offload->returned && !late)
		late = pthread_cond_clockwait(&returning, &mutex, CLOCK_MONOTONIC, &until) != 0;
	late = !offload->returned;
	pthread_mutex_unlock(&mutex);
	if (!late)
		end(offload);
	return !late;
}

/* Its thread will not touch the loop any more. */
static void leave_hanging(struct offload *offload)
{
	list_remove(&offload->link);
	pthread_mutex_lock(&mutex);
	offload->loop = NULL;
	pthread_mutex_unlock(&mutex);
}

void offload_leave(struct loop *loop)
{
	double end_at = monotonic_now() + LEAVE_SECONDS;

	while (!list_empty(&loop->offloads)) {
		struct offload *offload = list_entry(loop->offloads.next, struct offload, link);

		offload->abandoned = true;
		if (!offload_wait(offload, end_at - monotonic_now()))
			leave_hanging(offload);
	}
	deferred_cancel(&loop->offloaded_inline);
	io_stop(&loop->offloaded);
	if (loop->offloaded.ev.fd >= 0)
		close(loop->offloaded.ev.fd);
}
