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
#include "base/duration.h"
#include "base/printable.h"
#include "base/process.h"
#include "base/strv.h"

#define STOP_TIMEOUT 8.0		/* docker stop waits 10 seconds */
#define KILL_LIMIT 0.5			/* seconds for SIGKILL to work */
#define KILL_INTERVAL 0.05		/* a process that forks meanwhile is killed again */

enum { SIGNALS = _NSIG - 1, USAGE = 64 };

struct init_options {
	bool group;
	bool success[256];		/* exit codes that become 0 */
	int rewrite[SIGNALS + 1];	/* 0 drops */
	int death_signal;
	double stop_timeout;
	char **argv;
};

struct init {
	struct init_options options;
	struct process command;
	double deadline;		/* for the descendants, then they are killed; 0: not stopping */
	double killed;			/* when they were first killed; 0: not yet */
	bool asked;			/* to stop, by SIGTERM or SIGINT */
};

/* The index of the first argument that is neither an option nor the value of one. */
static int find_word(int argc, char **argv)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] && strcmp(argv[i], "--"); i++) {
		const char *with_value = strpbrk(argv[i] + 1, "erp");

		if (argv[i][1] != '-' && with_value && !with_value[1])
			i++;		/* its value is the next argument */
	}
	return i;
}

static bool has_own_option(char **argv, int count)
{
	for (int i = 1; i < count; i++)
		if (argv[i][0] == '-' && argv[i][1] && strchr("gserp", argv[i][1]))
			return true;
	return false;
}

bool init_is_meant(int argc, char **argv)
{
	int word = find_word(argc, argv);

	return word < argc && !strcmp(argv[word], "--");
}

const char *init_is_nearly_meant(int argc, char **argv)
{
	int word = find_word(argc, argv);

	return word < argc && has_own_option(argv, word) ? argv[word] : NULL;
}

static bool add_success(struct init_options *options, const char *text, struct error *error)
{
	size_t length = strspn(text, "0123456789");
	int code = atoi(text);

	if (!length || length > 3 || text[length] || code > 255)
		return fail(error, "-e %s: must be an exit code, 0 to 255", text);
	options->success[code] = true;
	return true;
}

static bool add_rewrite(struct init_options *options, const char *text, struct error *error)
{
	char from[16];
	const char *colon = strchr(text, ':');
	int caught, sent;

	if (!colon || colon - text >= (int)sizeof from)
		return fail(error, "-r %s: must be two signals, as in TERM:QUIT", text);
	snprintf(from, sizeof from, "%.*s", (int)(colon - text), text);
	caught = signal_parse(from);
	sent = signal_parse(colon + 1);
	if (!caught || (!sent && strcmp(colon + 1, "0") != 0))
		return fail(error, "-r %s: there is no signal \"%s\"", text,
			    caught ? colon + 1 : from);
	if (caught == SIGKILL || caught == SIGSTOP || caught == SIGCHLD)
		return fail(error, "-r %s: %s is never passed on", text, signal_name(caught));
	options->rewrite[caught] = sent;
	return true;
}

static bool set_death_signal(struct init_options *options, const char *text, struct error *error)
{
	options->death_signal = signal_parse(text);
	return options->death_signal || fail(error, "-p %s: there is no such signal", text);
}

static bool parse_option(struct init_options *options, int option, struct error *error)
{
	switch (option) {
	case 'g':
		options->group = true;
		return true;
	case 's':
		return true;		/* we adopt orphans in any case */
	case 'e':
		return add_success(options, optarg, error);
	case 'r':
		return add_rewrite(options, optarg, error);
	case 'p':
		return set_death_signal(options, optarg, error);
	case ':':
		return fail(error, "-%c: its value is missing", optopt);
	default:
		return fail(error, "-%c: there is no such option", optopt);
	}
}

static bool parse_stop_timeout(struct init_options *options, struct error *error)
{
	static const char name[] = "PILOTFISH_STOP_TIMEOUT";
	const char *text = getenv(name);

	options->stop_timeout = STOP_TIMEOUT;
	if (!text || !*text)
		return true;
	if (!duration_parse(text, &options->stop_timeout) || options->stop_timeout < 0)
		return fail(error, "%s: \"%.64s\" is not a duration from 0 to 277777h, such as 8s",
			    name, text);
	return true;
}

static bool parse(struct init_options *options, int argc, char **argv, struct error *error)
{
	int option;

	for (int signo = 1; signo <= SIGNALS; signo++)
		options->rewrite[signo] = signo;
	opterr = 0;
	while ((option = getopt(argc, argv, "+:gse:r:p:")) != -1)
		if (!parse_option(options, option, error))
			return false;
	options->argv = argv + optind;
	if (!options->argv[0])
		return fail(error, "there is no command after --");
	return parse_stop_timeout(options, error);
}

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

static void on_children(struct init *init)
{
	bool ran = init->command.pid != 0;

	follow_stop(init);
	process_reap();
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

static void complain(const struct error *error, const char *hint)
{
	AUTOFREE char *text = printable_copy(error->text);

	dprintf(STDERR_FILENO, "pilotfish: %s%s\n", text, hint);
}

int init_main(int argc, char **argv)
{
	struct init init = { 0 };
	struct error error = ERROR_INIT;
	int code;

	process_setup(true);
	if (!parse(&init.options, argc, argv, &error)) {
		complain(&error, "; try `pilotfish help`");
		return USAGE;
	}
	if (!start(&init, &error)) {
		complain(&error, "");
		return exit_code(init.command.status);
	}
	descriptors_close(3);
	if (chdir("/") < 0)
		dprintf(STDERR_FILENO, "pilotfish: chdir /: %s\n", strerror(errno));
	supervise(&init);
	code = exit_code(init.command.status);
	return init.options.success[code] ? 0 : code;
}
