/* readiness.h - how a job says itself that it is ready.
 *
 * By a descriptor, as s6 has it: the program gets a pipe as the descriptor `fd` and writes a newline when
 * it is ready.  All other bytes are ignored.  Or by sd_notify(3): the program gets the address of a
 * datagram socket in NOTIFY_SOCKET, and says READY=1, RELOADING=1, STOPPING=1, STATUS=TEXT and, with a
 * watchdog, WATCHDOG=1 at least that often.
 *
 * Each run has a pipe or socket of its own, so no word of an earlier run counts.  The socket is
 * abstract, with a name that the kernel chooses: it needs no folder and no rights of the program's
 * user.  Any process of the network namespace could send to it.  Therefore the kernel names the sender
 * of each datagram (SO_PASSCRED), and a datagram counts only from the program, from a process of its
 * group, or from a descendant.  The sender has to live until its datagram is read, which is at once.
 *
 * Bounded: 32 datagrams in 20 ms, 4 KiB of each, 1 KiB of a STATUS, 64 KiB from a pipe.  There is no
 * room for descriptors, so the kernel drops those that a datagram carries.
 */
#ifndef READINESS_H
#define READINESS_H

#include "base/buf.h"
#include "base/loop.h"
#include "base/strv.h"
#include "config/config.h"

/* code, name in the status document, is it ready? */
#define READINESS_STATES(X)							\
	X(OFF,       "off",       false)	/* the job does not run */	\
	X(WAITING,   "waiting",   false)	/* it has said nothing yet */	\
	X(READY,     "ready",     true)						\
	X(RELOADING, "reloading", true)						\
	X(STOPPING,  "stopping",  false)					\
	X(OVERDUE,   "overdue",   false)	/* `timeout` has passed */	\
	X(ENDED,     "ended",     false)	/* the pipe, without a newline */	\
	X(LATE,      "late",      false)	/* no WATCHDOG=1 in time */	\
	X(FAILED,    "failed",    false)	/* WATCHDOG=trigger */

enum readiness_state {
#define X(code, name, ready) READINESS_##code,
	READINESS_STATES(X)
#undef X
};

struct readiness {
	const struct readiness_config *config;	/* borrowed */
	const char *name;			/* of the job; borrowed */
	void (*on_change)(struct readiness *readiness);	/* of state or text, while the job runs */
	enum readiness_state state;
	struct buf text;		/* of the last STATUS: UTF-8 */

	/* private */
	pid_t pid;			/* of the run */
	int fd;				/* our end of pipe or socket; -1: none */
	struct io io;
	struct timer limit;		/* `timeout` */
	struct timer silence;		/* the watchdog; or an ended pipe, whose program may have ended too */
	struct timer pause;		/* after many datagrams */
	size_t received;		/* bytes, from the pipe */
	bool warned;			/* of a foreign process, in this run */
};

void readiness_init(struct readiness *readiness, struct loop *loop, const char *name,
		    const struct readiness_config *config);
void readiness_release(struct readiness *readiness);

/* Before a start: makes the pipe or the socket, and adds the variables for the program.  *fd is for its
 * descriptor config->fd, and the caller closes it; -1: none. */
bool readiness_open(struct readiness *readiness, struct strv *env, int *fd, struct error *error);
void readiness_begin(struct readiness *readiness, pid_t pid);	/* the program has started */
void readiness_end(struct readiness *readiness);	/* it has ended, or did not start; idempotent */

/* Where the child writes its pid (struct spawn), because WATCHDOG_PID is in its environment; or NULL. */
char *readiness_pid_text(const struct strv *env);

bool readiness_is_ready(const struct readiness *readiness);
const char *readiness_state_name(enum readiness_state state);
void readiness_explain(const struct readiness *readiness, struct buf *out);	/* "ready: 3 clients" */

#endif
