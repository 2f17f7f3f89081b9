/* process.h - starting processes, and hearing of their ends.
 *
 * A process is started by clone(CLONE_VM | CLONE_VFORK) with all signals blocked, as
 * posix_spawn(3) does: the time does not grow with our memory, and when process_spawn()
 * returns the program is executed or its errno known.  So a child that is to have a group has
 * it before anybody can signal it.
 *
 * The child gets the signal mask and the dispositions that we were given ourselves, not ours,
 * and no descriptor but 0 to 2.
 *
 * Ends are seen by process_reap(), to be called on SIGCHLD: it peeks with waitid(WNOWAIT) and
 * reaps by pid, orphans that we adopted included.  After the process itself has ended its group
 * is swept: SIGTERM, SIGKILL half a second later, and at most one second in all.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "error.h"
#include "list.h"
#include "loop.h"

/* Who to be.  Names are resolved by identity_parse(), which only reads files. */
struct identity {
	bool set;
	uid_t uid;
	gid_t gid;
	gid_t *groups;			/* supplementary; owned */
	size_t group_count;
	char *home, *user;		/* for HOME and USER; NULL: not known; owned */
};

/* "node", "node:staff", "1000", "1000:1000"; group NULL: the user's own groups. */
bool identity_parse(struct identity *identity, const char *user, const char *group,
		    struct error *error);
void identity_release(struct identity *identity);

struct limit {
	int resource;			/* RLIMIT_* */
	struct rlimit value;
};

enum { INHERIT = -1, NOTHING = -2 };	/* as in->fds: ours, or /dev/null */

struct spawn {				/* all borrowed, needed only during the call */
	char *const *argv;
	char *const *envp;		/* NULL: ours; its PATH finds the program */
	const char *cwd;		/* NULL: ours */
	int fds[3];			/* a descriptor, INHERIT or NOTHING */
	bool terminal;			/* make its group the foreground one of our terminal */
	const struct identity *identity;	/* NULL: ours */
	const struct limit *limits;
	size_t limit_count;
	int umask;			/* -1: ours */
	int nice;			/* added to ours */
	int oom_score;			/* NO_OOM_SCORE: ours */
	bool no_new_privs;
	int death_signal;		/* PR_SET_PDEATHSIG; 0: none */
	unsigned passed_fds;		/* so many from 3 on go to the child too */
	char *pid_text;			/* where the child writes its pid, 12 bytes; NULL: nowhere */
};

enum { NO_OOM_SCORE = -10000 };

#define SPAWN_INIT { .fds = { NOTHING, INHERIT, INHERIT }, .umask = -1, .oom_score = NO_OOM_SCORE }

struct process;
typedef void process_fn(struct process *process);

struct process {
	pid_t pid;			/* 0: not started, or reaped */
	pid_t group;			/* 0: nothing of it is left */
	int status;			/* as waitpid() has it; of a failed start too */
	const char *name;		/* for the log; borrowed */
	process_fn *on_exit;		/* it has ended; its group may live.  May be NULL */
	process_fn *on_gone;		/* it and its group are gone, or were given up on: may start
					 * it again.  May be NULL */
	bool killed;			/* the sweep has come to SIGKILL */
	struct timer sweep;
	struct list link;
};

/* Called first thing in main: blocks every signal (of SEGV, BUS, FPE, ILL, TRAP, ABRT and SYS
 * only with `faults_too`), remembers the mask and the dispositions for the children, takes
 * SIGCHLD back if it was ignored, opens what of 0 to 2 is closed. */
void process_setup(bool faults_too);

/* Be PID 1, or stand in for it: adopt orphans.  True if we do. */
bool process_adopt_orphans(void);

/* loop NULL: without sweeping (on_gone is never called).  False: status is set as a shell has
 * it, 127 not found, 126 not executable or not set up, and error says which. */
bool process_spawn(struct process *process, struct loop *loop, const struct spawn *spawn,
		   struct error *error);
void process_signal(const struct process *process, int signo);	/* itself; nothing when ended */
/* Its group; and SIGCONT, if it is to end. */
void process_signal_group(const struct process *process, int signo);
bool process_is_alive(const struct process *process);	/* it, or something of its group */
void process_forget(struct process *process);		/* no callbacks any more; NULL-safe */

/* Reap what has ended.  Returns how many, orphans included. */
unsigned process_reap(void);
unsigned long process_orphans_reaped(void);		/* since the start */
bool process_has_children(void);	/* none: then, of one that adopts, no descendant lives */

/* Signal every descendant (and SIGCONT, if it is to end): as PID 1 all there is, else by
 * walking /proc.  How many were found; as PID 1 just 1 for "some". */
unsigned process_signal_descendants(int signo);

int exit_code(int status);		/* 128+n for a signal */
void status_print(int status, char text[static 64]);	/* "exit code 3", "killed by SIGKILL" */

/* "TERM", "SIGTERM", "15", "RTMIN+3"; 0: no such. */
int signal_parse(const char *name);
const char *signal_name(int signo);	/* "SIGTERM"; a static buffer for the real-time ones */

#endif
