#include "process.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descendants.h"
#include "log.h"
#include "spawn.h"

#define SWEEP_KILL 0.5			/* seconds after the end of the process itself */
#define SWEEP_GIVE_UP 1.0

enum { BUCKETS = 128 };			/* a power of two */

/* Every process that lives or whose group is being swept, hashed by its group. */
static struct list registry[BUCKETS];
static unsigned long orphans;

static struct list *bucket_of(pid_t group)
{
	struct list *bucket = &registry[(unsigned)group % BUCKETS];

	if (!bucket->next)
		list_init(bucket);
	return bucket;
}

static struct process *find(pid_t group)
{
	struct list *bucket = bucket_of(group);

	list_each(node, bucket) {
		struct process *process = list_entry(node, struct process, link);

		if (process->group == group)
			return process;
	}
	return NULL;
}

void process_forbid_dump(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

bool process_adopt_orphans(void)
{
	return getpid() == 1 || prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
}

static bool is_empty(pid_t group)
{
	return kill(-group, 0) < 0 && errno == ESRCH;
}

static bool is_to_end(int signo)
{
	return signo == SIGTERM || signo == SIGINT || signo == SIGQUIT || signo == SIGKILL;
}

static void leave_registry(struct process *process)
{
	if (process->group)
		list_remove(&process->link);
	process->group = 0;
	timer_stop(&process->sweep);
}

static void finish(struct process *process)
{
	leave_registry(process);
	if (process->on_gone)
		process->on_gone(process);
}

static void on_sweep(struct timer *timer)
{
	struct process *process = container_of(timer, struct process, sweep);

	if (is_empty(process->group)) {
		finish(process);
	} else if (!process->killed) {
		process->killed = true;
		process_signal_group(process, SIGKILL);
		timer_set(&process->sweep, SWEEP_GIVE_UP - SWEEP_KILL);
	} else {
		log_warn("%s: processes of group %d are still alive after SIGKILL", process->name,
			 (int)process->group);
		finish(process);
	}
}

static void enter_registry(struct process *process, struct loop *loop, pid_t pid)
{
	process->pid = process->group = pid;
	process->killed = false;
	timer_init(&process->sweep, loop, on_sweep);
	list_append(bucket_of(pid), &process->link);
}

bool process_spawn(struct process *process, struct loop *loop, const struct spawn *spawn,
		   struct error *error)
{
	pid_t pid;

	assert(!process_is_alive(process));
	pid = spawn_start(spawn, &process->status, error);
	if (pid < 0)
		return false;
	enter_registry(process, loop, pid);
	return true;
}

bool process_fork(struct process *process, struct loop *loop, process_run_fn *run, void *argument,
		  struct error *error)
{
	pid_t pid;

	assert(!process_is_alive(process));
	pid = spawn_fork(run, argument);
	if (pid < 0)
		return fail(error, "cannot fork: %s", strerror(errno));
	enter_registry(process, loop, pid);
	return true;
}

void process_signal(const struct process *process, int signo)
{
	if (process->pid)
		kill(process->pid, signo);
}

void process_signal_group(const struct process *process, int signo)
{
	if (!process->group)
		return;
	kill(-process->group, signo);
	if (is_to_end(signo))
		kill(-process->group, SIGCONT);
}

bool process_is_alive(const struct process *process)
{
	return process->group != 0;
}

void process_forget(struct process *process)
{
	if (!process)
		return;
	leave_registry(process);
	process->pid = 0;
}

static void sweep(struct process *process)
{
	process_signal_group(process, SIGTERM);
	timer_set(&process->sweep, SWEEP_KILL);
}

/* on_exit may forget or free the process: we sweep it only if it is still in the registry. */
static void ended(struct process *process, int status)
{
	pid_t group = process->pid;

	process->pid = 0;
	process->status = status;
	if (!process->sweep.loop)
		leave_registry(process);
	if (process->on_exit)
		process->on_exit(process);
	process = find(group);
	if (!process)
		return;
	if (is_empty(group))
		finish(process);
	else
		sweep(process);
}

static void reap(pid_t pid)
{
	pid_t group = getpgid(pid);
	struct process *process = find(pid);
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return;
	if (process && process->pid == pid) {
		ended(process, status);
		return;
	}
	orphans++;
	process = group > 0 ? find(group) : NULL;
	if (process && !process->pid && is_empty(group))
		finish(process);
}

/* One SIGCHLD may report several children. */
unsigned process_reap(void)
{
	unsigned count = 0;
	siginfo_t info = { 0 };

	while (!waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid) {
		reap(info.si_pid);
		count++;
		info.si_pid = 0;
	}
	return count;
}

unsigned long process_orphans_reaped(void)
{
	return orphans;
}

bool process_has_children(void)
{
	siginfo_t info;

	return !waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
}

unsigned process_signal_descendants(int signo)
{
	unsigned count;

	if (getpid() != 1) {
		count = descendants_signal(signo);
		if (count && is_to_end(signo))
			descendants_signal(SIGCONT);
		return count;
	}
	count = kill(-1, signo) == 0;
	if (count && is_to_end(signo))
		kill(-1, SIGCONT);
	return count;
}

int exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void status_print(int status, char text[static 64])
{
	if (WIFSIGNALED(status))
		snprintf(text, 64, "killed by %s%s", signal_name(WTERMSIG(status)),
			 WCOREDUMP(status) ? " (core dumped)" : "");
	else
		snprintf(text, 64, "exit code %d", WEXITSTATUS(status));
}
