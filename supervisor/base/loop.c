#include "loop.h"

#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "offload.h"

#define PARTS 8				/* of timer_set_awake() */
#define LATE 0.03			/* seconds by which a busy loop may be late */

enum { LATE_MOST = 2 * PARTS };

#define RETRY 0.1			/* seconds */
enum { CROWDED_TURNS = 100 };		/* that deferred calls wait for the queue at most */

/* A deferred call that is made meanwhile waits for the next turn. */
static void run_deferred(struct loop *loop)
{
	struct list due;

	list_init(&due);
	list_move_all(&loop->deferred, &due);
	while (!list_empty(&due)) {
		struct deferred *deferred = list_entry(due.next, struct deferred, link);

		deferred_cancel(deferred);
		deferred->fn(deferred);
	}
}

static void on_wake(struct ev_loop *ev, ev_check *watcher, int revents)
{
	struct loop *loop = container_of(watcher, struct loop, wakes);

	(void)ev;
	(void)revents;
	loop->woke = monotonic_now();
}

/* Events that are published during the delivery wait for the next turn, so that a hook which fails
 * and restarts at once cannot starve timers and I/O. */
static void on_prepare(struct ev_loop *ev, ev_prepare *watcher, int revents)
{
	struct loop *loop = container_of(watcher, struct loop, drain);

	(void)revents;
	loop->turns = bus_drain(&loop->bus) ? loop->turns + 1 : 0;
	if (loop->turns % CROWDED_TURNS == 0)
		run_deferred(loop);
	if (loop->bus.used || !list_empty(&loop->deferred))
		ev_idle_start(ev, &loop->busy);
	else
		ev_idle_stop(ev, &loop->busy);
	if (loop->woke)
		histogram_add(&loop->turn_times, monotonic_now() - loop->woke);
}

static void on_idle(struct ev_loop *ev, ev_idle *watcher, int revents)
{
	(void)ev;
	(void)watcher;
	(void)revents;
}

static void on_retry(struct ev_loop *ev, ev_timer *watcher, int revents);

static void on_signals(struct io *io, int events)
{
	struct loop *loop = container_of(io, struct loop, signals);
	struct signalfd_siginfo infos[16];
	ssize_t size = read(io->ev.fd, infos, sizeof infos);

	(void)events;
	for (ssize_t i = 0; i < size / (ssize_t)sizeof *infos; i++)
		loop->on_signal(loop, &infos[i]);
}

void loop_init(struct loop *loop)
{
	*loop = (struct loop){ .ev = ev_loop_new(EVFLAG_NOENV | EVFLAG_NOSIGMASK) };
	bus_init(&loop->bus);
	list_init(&loop->deferred);
	list_init(&loop->tasks);
	offload_join(loop);
	ev_prepare_init(&loop->drain, on_prepare);
	ev_prepare_start(loop->ev, &loop->drain);
	ev_check_init(&loop->wakes, on_wake);
	ev_set_priority(&loop->wakes, EV_MAXPRI);
	ev_check_start(loop->ev, &loop->wakes);
	ev_idle_init(&loop->busy, on_idle);
	list_init(&loop->refused);
	ev_timer_init(&loop->retry, on_retry, RETRY, 0);
	io_init(&loop->signals, loop, on_signals);
}

void loop_release(struct loop *loop)
{
	offload_leave(loop);
	io_stop(&loop->signals);
	if (loop->signals.ev.fd >= 0)
		close(loop->signals.ev.fd);
	ev_timer_stop(loop->ev, &loop->retry);
	ev_prepare_stop(loop->ev, &loop->drain);
	ev_check_stop(loop->ev, &loop->wakes);
	ev_idle_stop(loop->ev, &loop->busy);
	bus_release(&loop->bus);
	ev_loop_destroy(loop->ev);
}

void loop_run(struct loop *loop)
{
	ev_run(loop->ev, 0);
}

void loop_stop(struct loop *loop)
{
	ev_break(loop->ev, EVBREAK_ALL);
}

bool loop_take_signals(struct loop *loop, const sigset_t *set, signal_fn *on_signal)
{
	int fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd < 0)
		return false;
	loop->on_signal = on_signal;
	io_set(&loop->signals, fd, IO_READ);
	return true;
}

static double clock_now(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double monotonic_now(void)
{
	return clock_now(CLOCK_MONOTONIC);
}

double boottime_now(void)
{
	return clock_now(CLOCK_BOOTTIME);
}

static void start_timer(struct timer *timer, double seconds, int priority)
{
	ev_timer_stop(timer->loop->ev, &timer->ev);
	ev_now_update(timer->loop->ev);	/* libev counts from the start of this turn of the loop */
	ev_set_priority(&timer->ev, priority);
	ev_timer_set(&timer->ev, seconds > 0 ? seconds : 0, 0);
	ev_timer_start(timer->loop->ev, &timer->ev);
}

/* A priority below that of descriptors: in one turn of the loop these come first. */
static void start_slice(struct timer *timer)
{
	timer->slice = timer->left < timer->step ? timer->left : timer->step;
	timer->began = monotonic_now();
	start_timer(timer, timer->slice, EV_MINPRI);
}

/* The turn that follows a late part may have no descriptors in it: epoll_wait(2) says EINTR after
 * SIGCONT.  A late part is therefore never the last one, unless the loop is late all the time. */
static bool is_over(struct timer *timer)
{
	double took = monotonic_now() - timer->began;
	bool late = took > timer->slice + LATE && timer->late < LATE_MOST;

	if (late) {
		timer->late++;
		timer->left = fmax(timer->left - timer->slice / 2, timer->step / 2);
	} else {
		timer->left -= took;
	}
	if (timer->left < 1e-4) {
		timer->left = 0;
		return true;
	}
	start_slice(timer);
	return false;
}

static void on_timer(struct ev_loop *ev, ev_timer *watcher, int revents)
{
	struct timer *timer = container_of(watcher, struct timer, ev);

	(void)ev;
	(void)revents;
	if (!timer->left || is_over(timer))
		timer->fn(timer);
}

void timer_init(struct timer *timer, struct loop *loop, timer_fn *fn)
{
	*timer = (struct timer){ .loop = loop, .fn = fn };
	ev_timer_init(&timer->ev, on_timer, 0, 0);
}

void timer_set(struct timer *timer, double seconds)
{
	timer->left = 0;
	start_timer(timer, seconds, 0);
}

void timer_set_awake(struct timer *timer, double seconds)
{
	timer->left = fmax(seconds, 1e-3);
	timer->step = timer->left / PARTS;
	timer->late = 0;
	start_slice(timer);
}

void timer_stop(struct timer *timer)
{
	if (timer->loop)
		ev_timer_stop(timer->loop->ev, &timer->ev);
}

bool timer_is_set(const struct timer *timer)
{
	return ev_is_active(&timer->ev);
}

void deferred_init(struct deferred *deferred, struct loop *loop, deferred_fn *fn)
{
	*deferred = (struct deferred){ .loop = loop, .fn = fn };
	list_init(&deferred->link);
}

void defer(struct deferred *deferred)
{
	if (list_empty(&deferred->link))
		list_append(&deferred->loop->deferred, &deferred->link);
}

void deferred_cancel(struct deferred *deferred)
{
	if (deferred->loop)
		list_remove(&deferred->link);
}

static void on_io(struct ev_loop *ev, ev_io *watcher, int revents)
{
	struct io *io = container_of(watcher, struct io, ev);

	if (!(revents & EV_ERROR)) {
		io->fn(io, revents & (EV_READ | EV_WRITE));
		return;
	}
	list_append(&io->loop->refused, &io->link);
	if (ev_is_active(&io->loop->retry))
		return;
	ev_timer_set(&io->loop->retry, RETRY, 0);
	ev_timer_start(ev, &io->loop->retry);
}

static void on_retry(struct ev_loop *ev, ev_timer *watcher, int revents)
{
	struct loop *loop = container_of(watcher, struct loop, retry);

	(void)revents;
	list_each(node, &loop->refused) {
		struct io *io = list_entry(node, struct io, link);

		list_remove(node);
		ev_io_start(ev, &io->ev);
	}
}

void io_init(struct io *io, struct loop *loop, io_fn *fn)
{
	*io = (struct io){ .loop = loop, .fn = fn };
	ev_init(&io->ev, on_io);
	list_init(&io->link);
	io->ev.fd = -1;
}

void io_set(struct io *io, int fd, int events)
{
	io_stop(io);
	ev_io_set(&io->ev, fd, events);
	if (events)
		ev_io_start(io->loop->ev, &io->ev);
}

void io_stop(struct io *io)
{
	if (!io->loop)
		return;
	list_remove(&io->link);
	ev_io_stop(io->loop->ev, &io->ev);
}

const char *loop_library(void)
{
	static char text[16];

	snprintf(text, sizeof text, "%d.%d", ev_version_major(), ev_version_minor());
	return text;
}
