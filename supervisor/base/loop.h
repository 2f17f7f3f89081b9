/* loop.h - the one loop: timers, readable descriptors, signals, and the event bus drained
 * before each sleep.
 *
 * Wraps libev, which no other file includes.  Times are seconds; timers run on
 * CLOCK_MONOTONIC and are never early.  Watchers are embedded in their owners, and their
 * callbacks find these by container_of.  A watcher is initialised once, may be set again at
 * any time, and must be stopped before its memory goes.
 *
 * A *deferred* call runs once, outside of every other callback, and after all queued events have
 * been delivered.  An owner defers a call that releases what the caller still uses, or that judges
 * a state which the subscribers of queued events are still to change.  Events that cause each other
 * without end hold a deferred call up for a bounded number of turns.
 *
 * The kernel may refuse to watch a descriptor (epoll_ctl(2): ENOMEM, ENOSPC).  The loop retries until it
 * does not, so that no signal and no output is missed for long.
 *
 * Signals arrive by a signalfd (signalfd(2)), never by handlers.  So dispositions stay as they were
 * inherited, and real-time signals keep their count and value.
 */
#ifndef LOOP_H
#define LOOP_H

#include <ev.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>

#include "event.h"
#include "histogram.h"

enum { IO_READ = EV_READ, IO_WRITE = EV_WRITE };

struct io;
typedef void io_fn(struct io *io, int events);

struct io {
	ev_io ev;
	struct loop *loop;
	io_fn *fn;
	struct list link;		/* in loop->refused, or alone */
};

struct loop;
struct deferred;
typedef void deferred_fn(struct deferred *deferred);

struct deferred {
	struct list link;		/* in loop->deferred, or alone */
	struct loop *loop;
	deferred_fn *fn;
};

typedef void signal_fn(struct loop *loop, const struct signalfd_siginfo *info);

struct loop {
	struct ev_loop *ev;
	struct bus bus;
	signal_fn *on_signal;
	struct list deferred, refused;
	ev_timer retry;			/* of watchers that the kernel has refused */
	ev_prepare drain;
	unsigned turns;			/* of the loop in a row that left events in the queue */
	ev_idle busy;			/* keeps the loop awake while events or calls are waiting */
	struct io signals;
	ev_check wakes;			/* when a wait is over */
	double woke;			/* monotonic; 0: the loop has not waited yet */
	struct histogram turn_times;	/* from a wait to the next one */
	struct list tasks;		/* task.h */
	struct list offloads;		/* offload.h; also the next two */
	struct io offloaded;		/* some threads have returned */
	struct deferred offloaded_inline;	/* a job has run without a thread */
	ev_timer slice;
};

void loop_init(struct loop *loop);
void loop_release(struct loop *loop);
void loop_run(struct loop *loop);		/* until loop_stop() */
void loop_stop(struct loop *loop);

/* Pass the signals of `set`, which must be blocked already, to on_signal. */
bool loop_take_signals(struct loop *loop, const sigset_t *set, signal_fn *on_signal);

double monotonic_now(void);			/* CLOCK_MONOTONIC, in seconds */
double boottime_now(void);			/* CLOCK_BOOTTIME, which counts suspended time, too */

struct timer;
typedef void timer_fn(struct timer *timer);

struct timer {
	ev_timer ev;
	struct loop *loop;
	timer_fn *fn;

	/* private: of timer_set_awake() */
	double left;			/* awake seconds to count down; 0: a plain timer */
	double slice, began;		/* the part that runs now */
	double step;			/* the whole divided by the number of parts */
	unsigned late;			/* parts that ended late */
};

void timer_init(struct timer *timer, struct loop *loop, timer_fn *fn);
void timer_set(struct timer *timer, double seconds);	/* once, from now; replaces */

/* For the time limit of another process: counts only the time in which the loop runs, so that a
 * limit does not pass while we and that process were stopped (SIGSTOP, a paused container, CPU
 * throttling).  The time is counted in eight parts; of a part that ends late the half counts.
 * Before the timer fires, all that was ready has been handled: the process's end is known if it has
 * ended.  On a loop that is never late the timer is as exact as timer_set(). */
void timer_set_awake(struct timer *timer, double seconds);
void timer_stop(struct timer *timer);			/* idempotent */
bool timer_is_set(const struct timer *timer);

void deferred_init(struct deferred *deferred, struct loop *loop, deferred_fn *fn);
void defer(struct deferred *deferred);			/* idempotent until it has run */
void deferred_cancel(struct deferred *deferred);	/* idempotent */

void io_init(struct io *io, struct loop *loop, io_fn *fn);
void io_set(struct io *io, int fd, int events);		/* replaces; 0 events: stops */
void io_stop(struct io *io);				/* idempotent */

const char *loop_library(void);		/* the version of libev: "4.33" */

#endif
