#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/descriptor.h"
#include "base/printable.h"
#include "base/process.h"
#include "base/strv.h"
#include "init_options.h"

#define KILL_LIMIT 0.5			/* seconds for SIGKILL to work */
#define KILL_INTERVAL 0.05		/* a process that forks meanwhile is killed again */

struct init {
	struct init_options options;
	struct process command;
	double deadline;		/* for the descendants, then they are killed; 0: not stopping */
	double killed;			/* when they were first killed; 0: not yet */
	bool asked;			/* to stop, by SIGTERM or SIGINT */
	unsigned long orphans;		/* that have been reaped */
};

/* With its value.  There is no such call for a group. */
static void queue(struct init *init, int signo, siginfo_t *info)
{
	if (syscall(SYS_rt_sigqueueinfo, init->command.pid, signo, info) < 0 && errno == EAGAIN)
		process_signal(&init->command, signo);
}

/* Errors are ignored: the process may have ended, or belong to a different user. */
static void pass_on(struct init *init, int signo, siginfo_t *info)
{
	if (init->options.group)
		kill(-init->command.group, signo);
	else if (info->si_code == SI_QUEUE)
		queue(init, signo, info);
	else
		process_signal(&init->command, signo);
}

/* A deadline that has passed came from a signal that stopped nothing, such as SIGHUP for a reload. */
static void set_deadline(struct init *init)
{
	double now = monotonic_now();

	if (init->deadline <= now)
		init->deadline = now + init->options.stop_timeout;
}

static void kill_descendants(struct init *init)
{
	double now = monotonic_now();

	if (!init->killed)
		init->killed = now;
	init->deadline = now + KILL_INTERVAL;
	process_signal_descendants(SIGKILL);
}

static bool asks_to_stop(int signo)
{
	return signo == SIGTERM || signo == SIGINT;
}

static bool suspends(int signo)
{
	return signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU || signo == SIGSTOP;
}

/* Gives the terminal to the command's group, if the shell has just given it to ours. */
static void hand_over_terminal(const struct init *init)
{
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (terminal < 0)
		return;
	if (tcgetpgrp(terminal) == getpgrp())
		tcsetpgrp(terminal, init->command.group);
	close(terminal);
}

/* Returns when a signal continues us.  The stop of the command was before, and is known. */
static void suspend(const struct init *init)
{
	kill(getpid(), SIGSTOP);
	process_take_stop(&init->command);
}

/* A terminal's Ctrl-Z stops the command's group and not ours: the shell would never learn of it.  PID 1
 * has no shell that could continue it. */
static void follow_stop(struct init *init)
{
	int signo = process_take_stop(&init->command);

	if (getpid() == 1 && signo == SIGTSTP) {
		process_signal_group(&init->command, SIGCONT);
	} else if (getpid() != 1 && signo != SIGSTOP && suspends(signo)) {
		suspend(init);
		hand_over_terminal(init);
		process_signal_group(&init->command, SIGCONT);
	}
}

static void on_signal_of_command(struct init *init, int caught, siginfo_t *info)
{
	int signo = init->options.rewrite[caught];

	if (!signo)
		return;
	if (asks_to_stop(caught) || caught == SIGQUIT || caught == SIGHUP)
		set_deadline(init);
	pass_on(init, signo, info);
	if (suspends(signo) && getpid() != 1)
		suspend(init);
}

static void on_signal(struct init *init, int signo, siginfo_t *info)
{
	bool again = init->asked;

	/* SIGPIPE for a message of our own without a reader. */
	if (info->si_code == SI_USER && info->si_pid == getpid())
		return;
	init->asked |= asks_to_stop(signo);
	if (init->command.pid)
		on_signal_of_command(init, signo, info);
	else if (again && asks_to_stop(signo))
		kill_descendants(init);
}

static void on_end_of_command(struct init *init)
{
	if (!process_has_children())
		return;
	set_deadline(init);
	process_signal_descendants(SIGTERM);
}

/* "-w" of tini. */
static void tell_orphans(struct init *init)
{
	unsigned long reaped = process_orphans_reaped();

	if (init->options.tells_orphans && reaped > init->orphans)
		dprintf(STDERR_FILENO, "%s: reaped %lu orphaned processes\n", init->options.name,
			reaped - init->orphans);
	init->orphans = reaped;
}

static void on_children(struct init *init)
{
	bool ran = init->command.pid != 0;

	follow_stop(init);
	process_reap();
	tell_orphans(init);
	if (ran && !init->command.pid)
		on_end_of_command(init);
}

/* 0: the time is over.  It is looked at first, so that a flood of signals cannot hide it. */
static int next_signal(struct init *init, siginfo_t *info)
{
	double rest = init->command.pid ? 0 : init->deadline - monotonic_now();
	struct timespec wait = {
		.tv_sec = (time_t)rest,
		.tv_nsec = (long)((rest - (double)(time_t)rest) * 1e9),
	};
	sigset_t all;
	int signo;

	if (rest < 0)
		return 0;
	memset(&all, 0xff, sizeof all);		/* sigfillset() leaves two out */
	signo = sigtimedwait(&all, info, init->command.pid ? NULL : &wait);
	return signo < 0 ? 0 : signo;
}

static bool is_over(struct init *init)
{
	if (init->command.pid)
		return false;
	return !process_has_children() ||
	       (init->killed && monotonic_now() - init->killed >= KILL_LIMIT);
}

/* Without a command: as the first process of a pod, whose namespaces others share. */
static void pause_until_asked(struct init *init)
{
	process_adopt_orphans();
	while (!init->asked) {
		siginfo_t info;
		sigset_t all;

		memset(&all, 0xff, sizeof all);
		init->asked = asks_to_stop(sigwaitinfo(&all, &info));
		process_reap();
		tell_orphans(init);
	}
	on_end_of_command(init);
}

static void supervise(struct init *init)
{
	while (!is_over(init)) {
		siginfo_t info;
		int signo = next_signal(init, &info);

		if (signo == SIGCHLD)
			on_children(init);
		else if (signo)
			on_signal(init, signo, &info);
		else if (!init->command.pid && monotonic_now() >= init->deadline)
			kill_descendants(init);
	}
}

/* Sockets that were passed to us are for the command, which checks LISTEN_PID. */
static void pass_sockets(struct spawn *spawn, struct strv *env)
{
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");

	if (!count || !pid || atoi(count) <= 0 || atoi(pid) != getpid())
		return;
	strv_copy(env, environ);
	strv_set(env, "LISTEN_PID", "00000000000");	/* the child writes here */
	spawn->envp = env->items;
	spawn->pid_text = (char *)strv_get(env, "LISTEN_PID");
	spawn->passed_fds = (unsigned)atoi(count);
}

static bool start(struct init *init, struct error *error)
{
	CLEANUP(strv_release) struct strv env = { 0 };
	struct spawn spawn = SPAWN_INIT;

	spawn.argv = init->options.argv;
	spawn.fds[0] = INHERIT;
	spawn.terminal = true;
	pass_sockets(&spawn, &env);
	if (init->options.death_signal)
		prctl(PR_SET_PDEATHSIG, init->options.death_signal);
	process_adopt_orphans();
	return process_spawn(&init->command, NULL, &spawn, error);
}

static void complain(const struct init *init, const struct error *error, const char *hint)
{
	AUTOFREE char *text = printable_copy(error->text);

	dprintf(STDERR_FILENO, "%s: %s%s\n", init->options.name, text, hint);
}

static void warn_of_variable(const struct init *init)
{
	const char *name = init_options_ignored_variable(&init->options);

	if (name)
		dprintf(STDERR_FILENO, "%s: %s is not read: we are not called by its program's name\n",
			init->options.name, name);
}

int init_main(int argc, char **argv)
{
	struct init init = { 0 };
	struct error error = ERROR_INIT;
	int code;

	process_setup(true);
	if (!init_options_parse(&init.options, argc, argv, &error)) {
		complain(&init, &error, "; try `pilotfish help`");
		return init.options.usage_code;
	}
	if (init.options.shown) {
		dprintf(STDOUT_FILENO, "%s\n", init.options.shown);
		return 0;
	}
	warn_of_variable(&init);
	if (init.options.pauses) {
		pause_until_asked(&init);
		supervise(&init);
		return 0;
	}
	if (!start(&init, &error)) {
		complain(&init, &error, "");
		return exit_code(init.command.status);
	}
	descriptors_close(3);
	if (chdir("/") < 0)
		dprintf(STDERR_FILENO, "%s: chdir /: %s\n", init.options.name, strerror(errno));
	supervise(&init);
	code = exit_code(init.command.status);
	return init.options.success[code] ? 0 : code;
}
