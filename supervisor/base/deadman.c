#include "deadman.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>

/* A read of the signalfd can swallow the signal, blocked or not, so the timer repeats.  Repeats also
 * kill a group that was just being forked. */
static const long interval = 20 * 1000 * 1000;	/* ns */

static void on_expiry(int signo, siginfo_t *info, void *context)
{
	const struct deadman *deadman = info->si_value.sival_ptr;
	int error = errno;

	(void)signo;
	(void)context;
	for (size_t i = 0; info->si_code == SI_TIMER && i < DEADMAN_GROUPS; i++) {
		pid_t group = deadman->groups[i];

		if (group)
			kill(-group, SIGKILL);
	}
	errno = error;
}

/* All other signals stay blocked for the signalfd. */
static bool take_signal(void)
{
	struct sigaction action = { .sa_sigaction = on_expiry, .sa_flags = SA_SIGINFO | SA_RESTART };
	sigset_t own;

	sigfillset(&action.sa_mask);
	sigemptyset(&own);
	sigaddset(&own, SIGRTMAX);
	return sigaction(SIGRTMAX, &action, NULL) == 0 && sigprocmask(SIG_UNBLOCK, &own, NULL) == 0;
}

bool deadman_init(struct deadman *deadman, struct error *error)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGRTMAX,
		.sigev_value.sival_ptr = deadman,
	};

	*deadman = (struct deadman){ .made = false };
	if (!take_signal())
		return fail(error, "cannot handle a signal: %s", strerror(errno));
	if (timer_create(CLOCK_BOOTTIME, &event, &deadman->timer) < 0)
		return fail(error, "cannot make a timer: %s", strerror(errno));
	deadman->made = true;
	return true;
}

void deadman_release(struct deadman *deadman)
{
	if (!deadman->made)
		return;
	deadman_stop(deadman);
	timer_delete(deadman->timer);
	*deadman = (struct deadman){ .made = false };
}

void deadman_set(struct deadman *deadman, double deadline)
{
	struct itimerspec spec = { .it_interval.tv_nsec = interval };
	double at = fmax(deadline, 1e-6);	/* 0 would stop it */

	spec.it_value.tv_sec = (time_t)at;
	spec.it_value.tv_nsec = (long)(1e9 * (at - floor(at)));
	timer_settime(deadman->timer, TIMER_ABSTIME, &spec, NULL);
}

void deadman_stop(struct deadman *deadman)
{
	static const struct itimerspec never;

	if (deadman->made)
		timer_settime(deadman->timer, 0, &never, NULL);
}

static bool replace(struct deadman *deadman, pid_t old, pid_t new)
{
	for (size_t i = 0; i < DEADMAN_GROUPS; i++) {
		if (deadman->groups[i] != old)
			continue;
		deadman->groups[i] = new;
		return true;
	}
	return false;
}

bool deadman_add(struct deadman *deadman, pid_t group)
{
	assert(group > 1);		/* kill(-1) would kill every process */
	return replace(deadman, group, group) || replace(deadman, 0, group);
}

void deadman_remove(struct deadman *deadman, pid_t group)
{
	replace(deadman, group, 0);
}
