#include "deadman.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "alloc.h"

/* A read of the signalfd can swallow the signal, blocked or not, so the timer repeats.  Repeats
 * also kill a group that was just being forked. */
static const long interval = 20 * 1000 * 1000;	/* ns */

static struct list deadmen = LIST_INIT(deadmen);

/* ---- the handler, and what it reads ---- */

static bool is_due(const struct deadman *deadman, const struct timespec *now)
{
	if (!deadman->armed)
		return false;
	if (now->tv_sec != deadman->deadline.tv_sec)
		return now->tv_sec > deadman->deadline.tv_sec;
	return now->tv_nsec >= deadman->deadline.tv_nsec;
}

static void on_signal(int signo)
{
	struct timespec now;
	int error = errno;

	(void)signo;
	clock_gettime(CLOCK_BOOTTIME, &now);
	list_each(node, &deadmen) {
		const struct deadman *deadman = list_entry(node, struct deadman, link);

		for (size_t i = 0; is_due(deadman, &now) && i < deadman->count; i++)
			kill(-deadman->groups[i], SIGKILL);
	}
	errno = error;
}

static sigset_t own_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMAX);
	return set;
}

static void block(sigset_t *before)
{
	sigset_t own = own_signal();

	sigprocmask(SIG_BLOCK, &own, before);
}

static void unblock(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

/* All other signals stay blocked for the signalfd. */
static bool take_signal(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	sigset_t own = own_signal();

	sigfillset(&action.sa_mask);
	return sigaction(SIGRTMAX, &action, NULL) == 0 && sigprocmask(SIG_UNBLOCK, &own, NULL) == 0;
}

/* ---- life ---- */

bool deadman_init(struct deadman *deadman, struct error *error)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMAX };
	sigset_t before;

	*deadman = (struct deadman){ .made = false };
	if (!take_signal())
		return fail(error, "cannot handle a signal: %s", strerror(errno));
	if (timer_create(CLOCK_BOOTTIME, &event, &deadman->timer) < 0)
		return fail(error, "cannot make a timer: %s", strerror(errno));
	block(&before);
	list_append(&deadmen, &deadman->link);
	deadman->made = true;
	unblock(&before);
	return true;
}

void deadman_release(struct deadman *deadman)
{
	sigset_t before;

	if (!deadman->made)
		return;
	deadman_stop(deadman);
	timer_delete(deadman->timer);
	block(&before);
	list_remove(&deadman->link);
	unblock(&before);
	free(deadman->groups);
	*deadman = (struct deadman){ .made = false };
}

void deadman_set(struct deadman *deadman, double deadline)
{
	struct itimerspec spec = { .it_interval.tv_nsec = interval };
	double at = fmax(deadline, 1e-6);	/* 0 would stop it */
	sigset_t before;

	spec.it_value.tv_sec = (time_t)at;
	spec.it_value.tv_nsec = (long)(1e9 * (at - floor(at)));
	block(&before);
	deadman->deadline = spec.it_value;
	deadman->armed = true;
	unblock(&before);
	timer_settime(deadman->timer, TIMER_ABSTIME, &spec, NULL);
}

void deadman_stop(struct deadman *deadman)
{
	static const struct itimerspec never;
	sigset_t before;

	if (!deadman->made)
		return;
	timer_settime(deadman->timer, 0, &never, NULL);
	block(&before);
	deadman->armed = false;
	unblock(&before);
}

/* ---- groups ---- */

static size_t index_of(const struct deadman *deadman, pid_t group)
{
	size_t i = 0;

	while (i < deadman->count && deadman->groups[i] != group)
		i++;
	return i;
}

void deadman_add(struct deadman *deadman, pid_t group)
{
	sigset_t before;

	assert(group > 1);		/* kill(-1) would kill every process */
	if (index_of(deadman, group) < deadman->count)
		return;
	block(&before);
	if (deadman->count == deadman->capacity) {
		deadman->capacity = deadman->capacity ? 2 * deadman->capacity : 8;
		deadman->groups = alloc_resize(deadman->groups,
					       deadman->capacity * sizeof *deadman->groups);
	}
	deadman->groups[deadman->count++] = group;
	unblock(&before);
}

void deadman_remove(struct deadman *deadman, pid_t group)
{
	size_t i = index_of(deadman, group);
	sigset_t before;

	if (i == deadman->count)
		return;
	block(&before);
	deadman->groups[i] = deadman->groups[--deadman->count];
	unblock(&before);
}
