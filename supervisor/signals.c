#include "signals.h"

#include <signal.h>

#include "base/log.h"
#include "base/process.h"

enum { MODES = SIGNALS_CONTAINERPILOT3 + 1 };

typedef void react_fn(struct signals *signals, int signo);

static void publish(struct signals *signals, int signo)
{
	units_signal(signals->units, signo);
}

static void reap(struct signals *signals, int signo)
{
	process_reap();
	signals->on_order(signals, ORDER_REAPED, signo);
}

static void stop(struct signals *signals, int signo)
{
	signals->on_order(signals, ORDER_STOP, signo);
}

static void publish_or_reload(struct signals *signals, int signo)
{
	if (!units_signal(signals->units, signo))
		signals->on_order(signals, ORDER_RELOAD, signo);
}

static void publish_and_reload(struct signals *signals, int signo)
{
	publish(signals, signo);
	signals->on_order(signals, ORDER_RELOAD, signo);
}

static void publish_or_maintain(struct signals *signals, int signo)
{
	if (!units_signal(signals->units, signo))
		signals->on_order(signals, ORDER_MAINTENANCE, signo);
}

static void publish_and_maintain(struct signals *signals, int signo)
{
	publish(signals, signo);
	signals->on_order(signals, ORDER_MAINTENANCE, signo);
}

static void publish_and_reopen(struct signals *signals, int signo)
{
	log_reopen();
	publish(signals, signo);
}

/* A column for each mode. */
static const struct {
	int signo;
	react_fn *reactions[MODES];
} table[] = {
	{ SIGCHLD, { reap, reap, reap } },
	{ SIGTERM, { stop, stop, stop } },
	{ SIGINT,  { stop, stop, stop } },
	{ SIGQUIT, { stop, stop, stop } },
	{ SIGHUP,  { publish_or_reload,   publish_and_reload,   publish } },
	{ SIGUSR1, { publish_and_reopen,  publish_and_maintain, publish_and_reopen } },
	{ SIGUSR2, { publish_or_maintain, publish,              publish } },
};

void signals_init(struct signals *signals, struct units *units, order_fn *on_order)
{
	*signals = (struct signals){ .units = units, .on_order = on_order };
}

void signals_handle(struct signals *signals, int signo)
{
	react_fn *react = publish;

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].signo == signo)
			react = table[i].reactions[signals->mode];
	react(signals, signo);
}
