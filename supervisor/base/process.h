/* process.h - start processes, and learn when they end.
 *
 * A process is started like posix_spawn(3) does, by clone(CLONE_VM | CLONE_VFORK) with all
 * signals blocked.  The time does not depend on the size of our memory.  When process_spawn()
 * returns, the child has its own process group, and the program is executed or its errno known.
 *
 * The child gets the signal mask and the dispositions that pilotfish was started with, and no
 * descriptors but 0 to 2.
 *
 * Call process_reap() on SIGCHLD: it peeks with waitid(WNOWAIT) and reaps by pid, including
 * orphans that we adopted.  After the process itself has ended, its group is *swept*: SIGTERM,
 * SIGKILL half a second later, and after one second we give up.  If it ended by itself with exit code 0,
 * the sweep begins a fifth of a second later: a program that goes to the background (daemon(3)) has a
 * session of its own by then, and lives on.  The log names the processes that the sweep ends.
 *
 * Each process has a pidfd until its group is gone, because the kernel may give the number to
 * another process as soon as the group is empty.  Before Linux 6.9 a pidfd cannot signal a group:
 * then only a number that we get again ourselves is recognised.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "buf.h"
#include "confine.h"
#include "error.h"
#include "list.h"
#include "loop.h"

/* The user and groups of a process.  identity_parse() resolves names from /etc/passwd and
 * /etc/group alone. */
struct identity {
	bool set;
	uid_t uid;
	gid_t gid;
	gid_t *groups;			/* supplementary; owned */
	size_t group_count;
	char *home, *user;		/* for HOME and USER; NULL: unknown; owned */
};

/* "node", "node:staff", "1000", "1000:1000"; group NULL: the user's own groups. */
bool identity_parse(struct identity *identity, const char *user, const char *group,
		    struct error *error);
void identity_release(struct identity *identity);
bool identity_find_group(const char *name, gid_t *gid, struct error *error);	/* or its number */

struct limit {
	int resource;			/* RLIMIT_* */
	struct rlimit value;
};

enum { INHERIT = -1, NOTHING = -2 };	/* in spawn->fds: our descriptor, or /dev/null */

struct spawn {				/* all pointers are borrowed for the call */
	char *const *argv;
	char *const *envp;		/* NULL: ours; its PATH finds the program */
	const char *cwd;		/* NULL: ours */
	int fds[3];			/* a descriptor, INHERIT or NOTHING */
	bool terminal;			/* make its group our terminal's foreground group */
	const struct identity *identity;	/* NULL: ours */
	const struct confinement *confinement;	/* NULL: none */
	const struct limit *limits;
	size_t limit_count;
	int umask;			/* -1: ours */
	int nice;			/* added to ours */
	int oom_score;			/* NO_OOM_SCORE: ours */
	bool no_new_privs;
	int death_signal;		/* PR_SET_PDEATHSIG; 0: none */
	unsigned passed_fds;		/* the child also gets this many descriptors from 3 on */
	int extra_fd, extra_number;	/* a descriptor, and its number in the child; number 0: none */
	char *pid_text;			/* 12 bytes, where the child writes its pid; or NULL */
};

enum { NO_OOM_SCORE = -10000 };

#define SPAWN_INIT { .fds = { NOTHING, INHERIT, INHERIT }, .umask = -1, .oom_score = NO_OOM_SCORE }

struct process;
typedef void process_fn(struct process *process);

struct process {
	pid_t pid;			/* 0: not started, or reaped */
	pid_t group;			/* 0: the group is gone */
	int status;			/* of waitpid(), or of a failed start */
	const char *name;		/* for the log; borrowed */
	process_fn *on_exit;		/* the process has ended, its group may live; or NULL */
	process_fn *on_gone;		/* its group is gone too, or we gave up; may start the process
					 * again; or NULL */
	int pidfd;			/* 0: none */
	bool replaced;			/* another process has the number, so the group is gone */
	bool asked;			/* it was sent a signal that ends */
	bool swept, killed;		/* the sweep has sent SIGTERM, SIGKILL */
	bool told;			/* what it has left is logged; may be set before the start */
	struct timer sweep;
	struct list link;
};

/* Where a program is searched for if its environment has no PATH. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Block every signal but the faults.  The kernel drops a signal to PID 1 that is not blocked, so this
 * may be called before main(), when nothing else is initialised. */
void process_block_signals(void);

/* Call this first in main.  It blocks every signal (SEGV, BUS, FPE, ILL, TRAP, ABRT and SYS only
 * with `faults_too`), and remembers the mask and the dispositions for the children.  It resets
 * an ignored SIGCHLD, and opens /dev/null for each closed descriptor of 0 to 2. */
void process_setup(bool faults_too);

/* No core dump of pilotfish, and processes of our user can read neither its memory nor its
 * environment nor open its descriptors in /proc.  Children are not affected. */
void process_forbid_dump(void);

/* Become a subreaper unless we are PID 1.  True if orphans will be our children. */
bool process_adopt_orphans(void);

/* loop NULL: the group is not swept, and on_gone is never called.  False: `status` is what a shell
 * would report (127 not found, 126 any other failure), and `error` names the step. */
bool process_spawn(struct process *process, struct loop *loop, const struct spawn *spawn,
		   struct error *error);

/* Runs `run` in a copy of this process; what it returns is the exit code.  For work that may block,
 * as on a disk that does not answer.  The copy has no descriptors, and all its signals are blocked.
 * It may call async-signal-safe functions alone. */
typedef int process_run_fn(void *argument);
bool process_fork(struct process *process, struct loop *loop, process_run_fn *run, void *argument,
		  struct error *error);

void process_signal(struct process *process, int signo);	/* a no-op after its end */
/* Signals the group; SIGCONT follows a signal that ends processes. */
void process_signal_group(struct process *process, int signo);
bool process_is_alive(const struct process *process);	/* the process or one of its group lives */
void process_forget(struct process *process);		/* stops all callbacks; NULL-safe */

/* Reaps all ended children.  Returns their number, orphans included. */
unsigned process_reap(void);
unsigned long process_orphans_reaped(void);		/* since the start */
bool process_has_children(void);	/* if we adopt orphans, false means: no descendants */

/* Signals every descendant; SIGCONT follows a signal that ends processes.  As PID 1 these are all
 * processes, else those that /proc shows.  Returns their number; as PID 1 only 1 or 0. */
unsigned process_signal_descendants(int signo);

/* The signal that has stopped the process since the last call; 0: none has. */
int process_take_stop(const struct process *process);

/* Adds the names of what our processes have left behind in sessions of their own, in the last `seconds`. */
void process_name_daemons(double seconds, struct buf *out);

int exit_code(int status);		/* 128+n for a signal */
void status_print(int status, char text[static 64]);	/* "exit code 3", "killed by SIGKILL" */

/* "TERM", "SIGTERM", "15", "RTMIN+3"; 0: unknown. */
int signal_parse(const char *name);
const char *signal_name(int signo);	/* "SIGTERM"; a static buffer */

#endif
