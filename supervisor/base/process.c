#include "process.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"
#include "descendants.h"
#include "log.h"
#include "spawn.h"

#define SWEEP_SETTLE 0.2
#define SWEEP_KILL 0.5			/* seconds after the end of the process itself */
#define SWEEP_GIVE_UP 1.0

enum { BUCKETS = 128 };			/* a power of two */
enum { GROUP_OF_PIDFD = 1 << 2 };	/* PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9 */

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

/* `pid` 0: the one whose group is being swept; `group`: the one that lives. */
static struct process *find(pid_t group, pid_t pid)
{
	struct list *bucket = bucket_of(group);

	list_each(node, bucket) {
		struct process *process = list_entry(node, struct process, link);

		if (process->group == group && process->pid == pid && !process->replaced)
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

/* By the pidfd where the kernel can do that, since the group's number may have been given again. */
static int signal_group(const struct process *process, int signo)
{
	static bool by_number;

	if (process->replaced) {
		errno = ESRCH;
		return -1;
	}
	if (process->pidfd && !by_number) {
		if (syscall(SYS_pidfd_send_signal, process->pidfd, signo, NULL, GROUP_OF_PIDFD) == 0)
			return 0;
		if (errno == ESRCH || errno == EPERM)
			return -1;
		by_number = true;
	}
	return kill(-process->group, signo);
}

static bool is_empty(const struct process *process)
{
	return signal_group(process, 0) < 0 && errno == ESRCH;
}

static bool is_to_end(int signo)
{
	return signo == SIGTERM || signo == SIGINT || signo == SIGQUIT || signo == SIGKILL;
}

static void leave_registry(struct process *process)
{
	if (process->group)
		list_remove(&process->link);
	if (process->group && process->pidfd)
		close(process->pidfd);
	process->group = process->pidfd = 0;
	timer_stop(&process->sweep);
}

static void finish(struct process *process)
{
	leave_registry(process);
	if (process->on_gone)
		process->on_gone(process);
}

static void tell_left(struct process *process)
{
	CLEANUP(buf_release) struct buf names = BUF_INIT;

	if (process->told)
		return;
	process->told = true;
	descendants_name_group(process->group, &names);
	log_warn("%s has left processes in its group, which end now: %s", process->name, names.data);
}

static void sweep(struct process *process)
{
	process->swept = true;
	process_signal_group(process, SIGTERM);
	timer_set(&process->sweep, SWEEP_KILL);
}

static void on_sweep(struct timer *timer)
{
	struct process *process = container_of(timer, struct process, sweep);

	if (is_empty(process)) {
		finish(process);
	} else if (!process->swept) {
		tell_left(process);
		sweep(process);
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

static void enter_registry(struct process *process, struct loop *loop,
			   const struct spawned *spawned)
{
	struct process *former = find(spawned->pid, 0);

	if (former) {
		former->replaced = true;
		timer_set(&former->sweep, 0);
	}
	process->pid = process->group = spawned->pid;
	process->pidfd = spawned->pidfd < 0 ? 0 : spawned->pidfd;
	process->replaced = process->asked = process->swept = process->killed = false;
	timer_init(&process->sweep, loop, on_sweep);
	list_append(bucket_of(process->pid), &process->link);
}

bool process_spawn(struct process *process, struct loop *loop, const struct spawn *spawn,
		   struct error *error)
{
	struct spawned spawned;

	assert(!process_is_alive(process));
	if (!spawn_start(spawn, &spawned, &process->status, error))
		return false;
	enter_registry(process, loop, &spawned);
	return true;
}

bool process_fork(struct process *process, struct loop *loop, process_run_fn *run, void *argument,
		  struct error *error)
{
	struct spawned spawned = { .pid = spawn_fork(run, argument) };

	assert(!process_is_alive(process));
	if (spawned.pid < 0)
		return fail(error, "cannot fork: %s", strerror(errno));
	spawned.pidfd = (int)syscall(SYS_pidfd_open, spawned.pid, 0);
	enter_registry(process, loop, &spawned);
	return true;
}

/* Until it is reaped, the number cannot belong to another process. */
void process_signal(struct process *process, int signo)
{
	process->asked |= is_to_end(signo);
	if (process->pid)
		kill(process->pid, signo);
}

void process_signal_group(struct process *process, int signo)
{
	if (!process->group)
		return;
	process->asked |= is_to_end(signo);
	signal_group(process, signo);
	if (is_to_end(signo))
		signal_group(process, SIGCONT);
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
	process = find(group, 0);
	if (!process)
		return;
	if (is_empty(process))
		finish(process);
	else if (status == 0 && !process->asked)
		timer_set(&process->sweep, SWEEP_SETTLE);
	else
		sweep(process);
}

static void reap(pid_t pid)
{
	pid_t group = getpgid(pid);
	struct process *process = find(pid, pid);
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return;
	if (process) {
		ended(process, status);
		return;
	}
	orphans++;
	process = group > 0 ? find(group, 0) : NULL;
	if (process && is_empty(process))
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

int process_take_stop(const struct process *process)
{
	siginfo_t info = { 0 };

	if (!process->pid || waitid(P_PID, (id_t)process->pid, &info, WSTOPPED | WNOHANG))
		return 0;
	return info.si_pid ? info.si_status : 0;
}

static bool is_known_group(pid_t group)
{
	list_each(node, bucket_of(group))
		if (list_entry(node, struct process, link)->group == group)
			return true;
	return false;
}

void process_name_daemons(double seconds, struct buf *out)
{
	descendants_name_orphans(seconds, is_known_group, out);
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
