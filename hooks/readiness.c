#include "readiness.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/descendants.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/printable.h"

enum {
	DATAGRAMS = 32,			/* read in a row */
	DATAGRAM_MOST = 4096,		/* bytes, as these */
	TEXT_MOST = 1024,
	PIPE_MOST = 65536,
};
#define PAUSE 0.02			/* seconds, after as many datagrams in a row */
#define SETTLE 0.2			/* seconds in which an ended pipe may be the program's end */

static const char no_pid[] = "00000000000";	/* the child writes its own here */

bool readiness_is_ready(const struct readiness *readiness)
{
	static const bool ready[] = {
#define X(code, name, is_ready) [READINESS_##code] = is_ready,
		READINESS_STATES(X)
#undef X
	};
	return ready[readiness->state];
}

const char *readiness_state_name(enum readiness_state state)
{
	static const char *const names[] = {
#define X(code, name, ready) [READINESS_##code] = name,
		READINESS_STATES(X)
#undef X
	};
	return names[state];
}

void readiness_explain(const struct readiness *readiness, struct buf *out)
{
	static const char *const words[] = {
		[READINESS_OFF] = "not running", [READINESS_WAITING] = "not ready yet",
		[READINESS_READY] = "ready", [READINESS_RELOADING] = "reloading",
		[READINESS_STOPPING] = "stopping", [READINESS_OVERDUE] = "not ready within %s",
		[READINESS_ENDED] = "no newline came from the readiness descriptor",
		[READINESS_LATE] = "watchdog: no sign for %s",
		[READINESS_FAILED] = "watchdog: the program says that it has failed",
	};
	const struct readiness_config *config = readiness->config;
	const char *format = words[readiness->state], *gap = strstr(format, "%s");
	char span[32];

	duration_print(readiness->state == READINESS_LATE ? config->watchdog : config->timeout, span);
	buf_append(out, format, gap ? (size_t)(gap - format) : strlen(format));
	buf_add(out, gap ? span : "");
	if (readiness->text.used)
		buf_print(out, ": %s", readiness->text.data);
}

/* ---- states ---- */

static void enter(struct readiness *readiness, enum readiness_state state)
{
	readiness->state = state;
	timer_stop(&readiness->silence);
	if (state != READINESS_WAITING)
		timer_stop(&readiness->limit);
	if (readiness_is_ready(readiness) && readiness->config->watchdog > 0)
		timer_set_awake(&readiness->silence, readiness->config->watchdog);
}

static void change(struct readiness *readiness, enum readiness_state state)
{
	enter(readiness, state);
	readiness->on_change(readiness);
}

static void on_limit(struct timer *timer)
{
	change(container_of(timer, struct readiness, limit), READINESS_OVERDUE);
}

static void on_silence(struct timer *timer)
{
	struct readiness *readiness = container_of(timer, struct readiness, silence);

	change(readiness, readiness->config->fd ? READINESS_ENDED : READINESS_LATE);
}

/* ---- by a descriptor ---- */

static void close_ours(struct readiness *readiness)
{
	io_stop(&readiness->io);
	timer_stop(&readiness->pause);
	if (readiness->fd >= 0)
		close(readiness->fd);
	readiness->fd = -1;
}

/* The pipe stays open after the newline: a program that writes more must not get SIGPIPE. */
static void read_pipe(struct readiness *readiness)
{
	bool ready = readiness_is_ready(readiness);
	char bytes[512];
	ssize_t size = read(readiness->fd, bytes, sizeof bytes);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	readiness->received += size > 0 ? (size_t)size : 0;
	if (size > 0 && !ready && memchr(bytes, '\n', (size_t)size)) {
		change(readiness, READINESS_READY);
	} else if (size <= 0 || readiness->received > PIPE_MOST) {
		close_ours(readiness);
		if (!ready)
			timer_set(&readiness->silence, SETTLE);
	}
}

static bool open_pipe(struct readiness *readiness, int *fd, struct error *error)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(error, "cannot make a pipe for its readiness: %s", strerror(errno));
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	readiness->fd = ends[0];
	*fd = ends[1];
	return true;
}

/* ---- by sd_notify() ---- */

/* True: the text has changed. */
static bool take_text(struct readiness *readiness, const struct notify_message *message)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	if (!message->status)
		return false;
	printable_repair(&text, message->status, utf8_cut(message->status, message->status_size, TEXT_MOST));
	if (text.used == readiness->text.used && !memcmp(text.data, readiness->text.data, text.used))
		return false;
	buf_clear(&readiness->text);
	buf_append(&readiness->text, text.data, text.used);
	return true;
}

static bool in_trouble(const struct readiness *readiness)
{
	return readiness->state == READINESS_LATE || readiness->state == READINESS_FAILED;
}

/* True: state or text have changed. */
static bool take_message(struct readiness *readiness, const struct notify_message *message)
{
	enum readiness_state before = readiness->state;
	unsigned words = message->words;

	if (words & NOTIFY_RELOADING && readiness_is_ready(readiness))
		enter(readiness, READINESS_RELOADING);
	if (words & NOTIFY_READY)
		enter(readiness, READINESS_READY);
	if (words & NOTIFY_STOPPING)
		enter(readiness, READINESS_STOPPING);
	if (words & NOTIFY_ALIVE && (in_trouble(readiness) || readiness_is_ready(readiness)))
		enter(readiness, in_trouble(readiness) ? READINESS_READY : readiness->state);
	if (words & NOTIFY_FAILED && readiness_is_ready(readiness))
		enter(readiness, READINESS_FAILED);
	return take_text(readiness, message) || readiness->state != before;
}

static bool is_of_job(const struct readiness *readiness, pid_t pid)
{
	return pid > 0 && (pid == readiness->pid || getpgid(pid) == readiness->pid ||
			   descendants_include(readiness->pid, pid));
}

static void refuse(struct readiness *readiness, pid_t pid)
{
	if (readiness->warned)
		return;
	readiness->warned = true;
	log_about(LEVEL_WARN, subject("job", readiness->name),
		  " gets a notification from pid %d, which is none of its processes: ignored", (int)pid);
}

/* The sender; 0: unknown. */
static pid_t sender_of(struct msghdr *header)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(header);
	struct ucred sender = { 0 };

	if (part && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_CREDENTIALS)
		memcpy(&sender, CMSG_DATA(part), sizeof sender);
	return sender.pid;
}

/* Returns whether there was a datagram; *changed is set if it has changed something. */
static bool receive(struct readiness *readiness, bool *changed)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
	char text[DATAGRAM_MOST];
	struct iovec part = { .iov_base = text, .iov_len = sizeof text };
	struct msghdr header = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof control,
	};
	ssize_t size = recvmsg(readiness->fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct notify_message message;
	pid_t sender;

	if (size < 0)
		return false;
	sender = sender_of(&header);
	notify_parse(text, (size_t)size, header.msg_flags & MSG_TRUNC, &message);
	if (is_of_job(readiness, sender))
		*changed |= take_message(readiness, &message);
	else
		refuse(readiness, sender);
	return true;
}

static void read_socket(struct readiness *readiness)
{
	bool changed = false;
	int count = 0;

	while (count < DATAGRAMS && receive(readiness, &changed))
		count++;
	if (count == DATAGRAMS) {
		io_stop(&readiness->io);
		timer_set(&readiness->pause, PAUSE);
	}
	if (changed)
		readiness->on_change(readiness);
}

static void on_pause(struct timer *timer)
{
	struct readiness *readiness = container_of(timer, struct readiness, pause);

	io_set(&readiness->io, readiness->fd, IO_READ);
}

static void add_watchdog(const struct readiness_config *config, struct strv *env)
{
	AUTOFREE char *span = format_string("%.0f", 1e6 * config->watchdog);

	if (config->watchdog <= 0)
		return;
	strv_set(env, "WATCHDOG_USEC", span);
	strv_set(env, "WATCHDOG_PID", no_pid);
}

char *readiness_pid_text(const struct strv *env)
{
	const char *value = strv_get(env, "WATCHDOG_PID");

	return value && !strcmp(value, no_pid) ? (char *)value : NULL;
}

static bool open_socket(struct readiness *readiness, struct strv *env, struct error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct sockaddr *name = (struct sockaddr *)&address;
	socklen_t size = sizeof address;
	const int on = 1;

	readiness->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (readiness->fd < 0 ||
	    setsockopt(readiness->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0 ||
	    bind(readiness->fd, name, sizeof(sa_family_t)) < 0 ||	/* the kernel chooses a name */
	    getsockname(readiness->fd, name, &size) < 0)
		return fail(error, "cannot make a socket for its readiness: %s", strerror(errno));
	address.sun_path[0] = '@';
	address.sun_path[size - offsetof(struct sockaddr_un, sun_path)] = '\0';
	strv_set(env, "NOTIFY_SOCKET", address.sun_path);
	add_watchdog(readiness->config, env);
	return true;
}

/* ---- runs ---- */

static void on_input(struct io *io, int events)
{
	struct readiness *readiness = container_of(io, struct readiness, io);

	(void)events;
	if (readiness->config->fd)
		read_pipe(readiness);
	else
		read_socket(readiness);
}

bool readiness_open(struct readiness *readiness, struct strv *env, int *fd, struct error *error)
{
	*fd = -1;
	readiness_end(readiness);
	buf_clear(&readiness->text);
	readiness->received = 0;
	readiness->warned = false;
	return readiness->config->fd ? open_pipe(readiness, fd, error) : open_socket(readiness, env, error);
}

void readiness_begin(struct readiness *readiness, pid_t pid)
{
	readiness->pid = pid;
	enter(readiness, READINESS_WAITING);
	io_set(&readiness->io, readiness->fd, IO_READ);
	if (readiness->config->timeout > 0)
		timer_set_awake(&readiness->limit, readiness->config->timeout);
}

void readiness_end(struct readiness *readiness)
{
	close_ours(readiness);
	enter(readiness, READINESS_OFF);
	readiness->pid = 0;
}

void readiness_init(struct readiness *readiness, struct loop *loop, const char *name,
		    const struct readiness_config *config)
{
	*readiness = (struct readiness){ .config = config, .name = name, .fd = -1, .text = BUF_INIT };
	io_init(&readiness->io, loop, on_input);
	timer_init(&readiness->limit, loop, on_limit);
	timer_init(&readiness->silence, loop, on_silence);
	timer_init(&readiness->pause, loop, on_pause);
}

void readiness_release(struct readiness *readiness)
{
	readiness_end(readiness);
	buf_release(&readiness->text);
}
