#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"
#include "confine.h"
#include "descriptor.h"

/* The child shares our memory.  It calls only async-signal-safe functions, and the address
 * sanitizer must not instrument it, because that would mark the child's stack. */
#define IN_CHILD __attribute__((no_sanitize_address)) static

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

enum { STACK_SIZE = 64 * 1024, SIGNALS = _NSIG - 1 };

static const char default_path[] = "PATH=" DEFAULT_PATH;

static struct {
	sigset_t mask, ignored;
	bool known;			/* `mask` is */
} inherited;

struct child {
	const struct spawn *spawn;
	char *const *envp;
	char **script;			/* argv for a shell; the child sets [1] */
	pid_t parent, parent_group;
	struct filter filter;
	const char *path;		/* of the step "paths" */
	const char *stage;		/* the step that failed, or NULL */
	int error;			/* the errno of that step */
};

/* The entry point of the static program (release.mk).  Its first instructions block all signals but the
 * faults; then the program begins as usual.  The register that _start() takes for the loader's exit
 * function is 0, as the kernel has left it. */
#if defined __x86_64__ || defined __aarch64__
#define BIT(signo) (1ul << ((signo) - 1))
__attribute__((used)) static const unsigned long entry_set =
	~(BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGABRT) |
	  BIT(SIGSYS));
__attribute__((used)) static unsigned long entry_mask, entered;

__asm__(".pushsection .text.process_entry, \"ax\", %progbits\n"
	".globl process_entry\n"
	".type process_entry, %function\n"
	"process_entry:\n"
#ifdef __x86_64__
	"	movl $14, %eax\n"		/* rt_sigprocmask(SIG_BLOCK, ...) */
	"	xorl %edi, %edi\n"
	"	leaq entry_set(%rip), %rsi\n"
	"	leaq entry_mask(%rip), %rdx\n"
	"	movl $8, %r10d\n"
	"	syscall\n"
	"	movq $1, entered(%rip)\n"
	"	xorl %edx, %edx\n"
	"	jmp _start\n"
#else
	"	mov x8, #135\n"
	"	mov x0, #0\n"
	"	adrp x1, entry_set\n"
	"	add x1, x1, :lo12:entry_set\n"
	"	adrp x2, entry_mask\n"
	"	add x2, x2, :lo12:entry_mask\n"
	"	mov x3, #8\n"
	"	svc #0\n"
	"	mov x0, #1\n"
	"	adrp x1, entered\n"
	"	str x0, [x1, :lo12:entered]\n"
	"	mov x0, #0\n"
	"	b _start\n"
#endif
	".size process_entry, . - process_entry\n"
	".popsection\n");
#else
static unsigned long entry_mask, entered;
#endif

/* A system call, because the C library's function never changes two signals that it reserves for
 * its threads: the child would not get the mask that we were given. */
__attribute__((no_sanitize_address))
static int change_mask(int how, const sigset_t *set, sigset_t *old)
{
	return (int)syscall(SYS_rt_sigprocmask, how, set, old, SIGNALS / 8);
}

static bool is_fault(int signo)
{
	static const int faults[] = {
		SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS,
	};

	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		if (faults[i] == signo)
			return true;
	return false;
}

/* A container may have an empty /dev: then a sealed, empty memory file, which reads as the end of a
 * file and takes no output. */
IN_CHILD int open_null(bool cloexec)
{
	int fd = open("/dev/null", O_RDWR | (cloexec ? O_CLOEXEC : 0));

	if (fd >= 0)
		return fd;
	fd = memfd_create("null", MFD_ALLOW_SEALING | (cloexec ? MFD_CLOEXEC : 0));
	if (fd >= 0)
		fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE);
	return fd;
}

static void open_standard_descriptors(void)
{
	int fd;

	do {
		fd = open_null(false);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void block(bool faults_too)
{
	sigset_t set, before;

	memset(&set, faults_too ? 0xff : 0, sizeof set);
	for (int signo = 1; !faults_too && signo <= SIGNALS; signo++)
		if (!is_fault(signo))
			sigaddset(&set, signo);
	change_mask(SIG_BLOCK, &set, &before);
	if (!inherited.known && entered)
		memcpy(&before, &entry_mask, sizeof entry_mask);
	if (!inherited.known)
		inherited.mask = before;
	inherited.known = true;
}

void process_block_signals(void)
{
	block(false);
}

void process_setup(bool faults_too)
{
	block(faults_too);
	sigemptyset(&inherited.ignored);
	for (int signo = 1; signo <= SIGNALS; signo++) {
		struct sigaction action;

		if (!sigaction(signo, NULL, &action) && action.sa_handler == SIG_IGN)
			sigaddset(&inherited.ignored, signo);
	}
	signal(SIGCHLD, SIG_DFL);
	open_standard_descriptors();
}

IN_CHILD bool join_group(struct child *child)
{
	(void)child;
	if (setpgid(0, 0))
		return false;
	/* A signal to our parent's group, which we have just left, was meant for the parent. */
	for (int signo = 1; signo < SIGSYS; signo++)
		signal(signo, SIG_IGN);
	return true;
}

/* Only if our own group has the foreground: a background job must not steal the terminal.
 * Failures are ignored, because they mean that there is no terminal. */
IN_CHILD bool take_terminal(struct child *child)
{
	int fd;

	if (!child->spawn->terminal)
		return true;
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		fd = STDIN_FILENO;
	if (tcgetpgrp(fd) == child->parent_group)
		tcsetpgrp(fd, getpid());
	if (fd != STDIN_FILENO)
		close(fd);
	return true;
}

IN_CHILD bool set_descriptors(struct child *child)
{
	int from[3];

	for (int i = 0; i < 3; i++) {
		int fd = child->spawn->fds[i];

		from[i] = fd == INHERIT ? i :
			  fd == NOTHING ? open_null(true) : fd;
		if (from[i] >= 0 && from[i] < 3 && from[i] != i)
			from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 3);
		if (from[i] < 0) {
			child->stage = fd == NOTHING ? "/dev/null" : NULL;
			return false;
		}
	}
	for (int i = 0; i < 3; i++)
		if (from[i] != i && dup2(from[i], i) < 0)
			return false;
	descriptors_mark(3 + child->spawn->passed_fds);
	if (!child->spawn->extra_number ||
	    descriptor_give(child->spawn->extra_fd, child->spawn->extra_number))
		return true;
	child->stage = "readiness descriptor";
	return false;
}

IN_CHILD bool set_nice(struct child *child)
{
	if (!child->spawn->nice)
		return true;
	errno = 0;
	return nice(child->spawn->nice) != -1 || !errno;
}

/* Best effort: to lower the score takes a capability, and /proc may be read-only or missing. */
IN_CHILD int open_oom_score(void)
{
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), fd;

	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);	/* else the file belongs to root */
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
	return fd;
}

IN_CHILD bool set_oom_score(struct child *child)
{
	int score = child->spawn->oom_score, rest = abs(score), fd;
	char text[16], *c = text + sizeof text;

	if (score == NO_OOM_SCORE)
		return true;
	fd = open_oom_score();
	if (fd < 0)
		return true;
	do {
		*--c = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (score < 0)
		*--c = '-';
	if (write(fd, c, (size_t)(text + sizeof text - c)) < 0 &&
	    errno != EACCES && errno != EPERM)
		return false;
	close(fd);
	return true;
}

IN_CHILD bool set_limits(struct child *child)
{
	for (size_t i = 0; i < child->spawn->limit_count; i++) {
		const struct limit *limit = &child->spawn->limits[i];

		if (setrlimit(limit->resource, &limit->value) < 0)
			return false;
	}
	return true;
}

IN_CHILD bool set_umask(struct child *child)
{
	if (child->spawn->umask >= 0)
		umask((mode_t)child->spawn->umask);
	return true;
}

IN_CHILD bool set_directory(struct child *child)
{
	return !child->spawn->cwd || chdir(child->spawn->cwd) == 0;
}

IN_CHILD bool is_same_user(const struct identity *to)
{
	return getuid() == to->uid && geteuid() == to->uid && getgid() == to->gid &&
	       getegid() == to->gid;
}

/* System calls, because the C library's functions would change the ids of all threads.  If we are
 * the user already and may not set groups, the child keeps our groups. */
IN_CHILD bool set_groups(struct child *child)
{
	const struct identity *to = child->spawn->identity;

	if (!to || !to->set || syscall(SYS_setgroups, to->group_count, to->groups) == 0)
		return true;
	return errno == EPERM && is_same_user(to);
}

IN_CHILD bool set_group(struct child *child)
{
	const struct identity *to = child->spawn->identity;

	return !to || !to->set || syscall(SYS_setgid, to->gid) == 0;
}

IN_CHILD bool limit_capabilities(struct child *child)
{
	const struct confinement *confinement = child->spawn->confinement;

	return !confinement || (confine_bounding(confinement, child->spawn->no_new_privs) &&
				confine_keep(confinement));
}

IN_CHILD bool set_user(struct child *child)
{
	const struct identity *to = child->spawn->identity;

	return !to || !to->set || syscall(SYS_setuid, to->uid) == 0;
}

IN_CHILD bool set_capabilities(struct child *child)
{
	return !child->spawn->confinement || confine_capabilities(child->spawn->confinement);
}

IN_CHILD bool set_privileges(struct child *child)
{
	return !child->spawn->no_new_privs || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

IN_CHILD bool set_paths(struct child *child)
{
	return !child->spawn->confinement ||
	       confine_paths(child->spawn->confinement, &child->path);
}

IN_CHILD bool set_filter(struct child *child)
{
	return confine_calls(&child->filter);
}

/* If the parent has died before prctl(), the kernel sends nothing: we send the signal. */
IN_CHILD bool set_death_signal(struct child *child)
{
	int signo = child->spawn->death_signal;

	if (!signo)
		return true;
	if (prctl(PR_SET_PDEATHSIG, signo) < 0)
		return false;
	return getppid() == child->parent || kill(getpid(), signo) == 0;
}

IN_CHILD bool set_signals(struct child *child)
{
	(void)child;
	for (int signo = 1; signo <= SIGNALS; signo++)
		signal(signo, sigismember(&inherited.ignored, signo) == 1 ? SIG_IGN : SIG_DFL);
	return change_mask(SIG_SETMASK, &inherited.mask, NULL) == 0;
}

IN_CHILD bool tell_pid(struct child *child)
{
	char digits[16], *c = digits + sizeof digits;
	pid_t rest = getpid();

	if (!child->spawn->pid_text)
		return true;
	*--c = '\0';
	do {
		*--c = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	strcpy(child->spawn->pid_text, c);
	return true;
}

IN_CHILD void execute_file(struct child *child, const char *path)
{
	execve(path, child->spawn->argv, child->envp);
	if (errno != ENOEXEC)
		return;
	child->script[1] = (char *)path;	/* a script without its #! line */
	execve(child->script[0], child->script, child->envp);
	errno = ENOEXEC;
}

IN_CHILD const char *find_path(char *const *envp)
{
	for (; *envp; envp++)
		if (!strncmp(*envp, default_path, 5))
			return *envp + 5;
	return default_path + 5;
}

/* Like execvp(3), but with the child's PATH. */
IN_CHILD bool execute(struct child *child)
{
	const char *name = child->spawn->argv[0], *folder = find_path(child->envp), *end;
	size_t length = strlen(name), folder_length;
	char path[PATH_MAX];
	int error = ENOENT;

	if (strchr(name, '/')) {
		execute_file(child, name);
		return false;
	}
	for (; length && length < NAME_MAX; folder = end + 1) {
		end = strchrnul(folder, ':');
		folder_length = (size_t)(end - folder);
		if (folder_length + length + 2 <= sizeof path) {
			memcpy(path, folder, folder_length);
			if (folder_length)
				path[folder_length++] = '/';
			memcpy(path + folder_length, name, length + 1);
			execute_file(child, path);
			if (errno != ENOENT && errno != ENOTDIR)
				error = errno;
			if (error != ENOENT && error != EACCES)
				break;
		}
		if (!*end)
			break;
	}
	errno = error;
	return false;
}

/* The order matters: first the steps that need privileges; then groups, the bounding set and the
 * user; then the death signal, which a change of ids clears; the filter last, because it might
 * refuse a step. */
static const char paths_step[] = "paths";
static const struct {
	const char *name;
	bool (*run)(struct child *child);
} steps[] = {
	{ "setpgid", join_group },
	{ "terminal", take_terminal },
	{ "standard descriptors", set_descriptors },
	{ "nice", set_nice },
	{ "oom_score_adj", set_oom_score },
	{ "setrlimit", set_limits },
	{ "umask", set_umask },
	{ "chdir", set_directory },
	{ "setgroups", set_groups },
	{ "setgid", set_group },
	{ "capability bounding set", limit_capabilities },
	{ "setuid", set_user },
	{ "capabilities", set_capabilities },
	{ "no_new_privs", set_privileges },
	{ paths_step, set_paths },
	{ "PR_SET_PDEATHSIG", set_death_signal },
	{ "pid", tell_pid },
	{ "signals", set_signals },
	{ "restrict", set_filter },
	{ "exec", execute },
};

IN_CHILD int run_child(void *argument)
{
	struct child *child = argument;

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		if (steps[i].run(child))
			continue;
		child->error = errno;
		if (!child->stage)
			child->stage = steps[i].name;
		break;
	}
	_exit(127);
}

/* Sets the status that a shell would report. */
static void explain(const struct child *child, int *status, struct error *error)
{
	const char *why = strerror(child->error), *program = child->spawn->argv[0];
	bool executed = !strcmp(child->stage, "exec");

	*status = (executed && child->error == ENOENT ? 127 : 126) << 8;
	if (!strcmp(child->stage, "chdir"))
		fail(error, "chdir %s: %s", child->spawn->cwd, why);
	else if (child->stage == paths_step && child->path)
		fail(error, "%s: %s: %s", child->stage, child->path, why);
	else if (child->stage == paths_step &&
		 (child->error == ENOSYS || child->error == EOPNOTSUPP))
		fail(error, "%s: this kernel has no Landlock", child->stage);
	else if (!executed)
		fail(error, "%s: %s", child->stage, why);
	else if (child->error == ENOENT && *program == '/' && !access(program, F_OK))
		fail(error, "%s: its interpreter is missing", program);
	else
		fail(error, "%s: %s", program, why);
}

/* CLONE_VFORK: when clone() returns, the child has executed the program or has ended. */
static pid_t clone_child(struct child *child, int *pidfd)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	const int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
	sigset_t all, ours;
	pid_t pid;

	if (stack == MAP_FAILED)
		return -1;

	memset(&all, 0xff, sizeof all);
	change_mask(SIG_SETMASK, &all, &ours);
	pid = clone(run_child, stack + STACK_SIZE, flags | CLONE_PIDFD, child, pidfd);
	/* qemu's emulation of user programs knows no pidfds, as Linux before 5.2. */
	if (pid < 0 && errno == EINVAL)
		pid = clone(run_child, stack + STACK_SIZE, flags, child);
	change_mask(SIG_SETMASK, &ours, NULL);
	munmap(stack, STACK_SIZE);
	/* The child shared this attribute of our memory, and a change of its user clears it. */
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != dumpable)
		prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
	return pid;
}

static char **script_argv(char *const *argv)
{
	size_t count = 0;
	char **script;

	while (argv[count])
		count++;
	script = alloc((count + 2) * sizeof *script);
	script[0] = (char *)"/bin/sh";
	memcpy(script + 2, argv + 1, count * sizeof *script);
	return script;
}

bool spawn_start(const struct spawn *spawn, struct spawned *spawned, int *status,
		 struct error *error)
{
	AUTOFREE char **script = script_argv(spawn->argv);
	struct child child = {
		.spawn = spawn, .script = script,
		.envp = spawn->envp ? spawn->envp : environ,
		.parent = getpid(), .parent_group = getpgrp(),
	};

	if (spawn->confinement && !filter_build(&child.filter, spawn->confinement->restrictions)) {
		*status = 126 << 8;
		return fail(error, "restrict: not supported on this architecture");
	}
	spawned->pidfd = -1;
	spawned->pid = clone_child(&child, &spawned->pidfd);
	if (spawned->pid < 0) {
		child.stage = "cannot start a process";
		child.error = errno;
	}
	if (!child.stage)
		return true;
	if (spawned->pid > 0)
		waitpid(spawned->pid, NULL, 0);
	if (spawned->pidfd >= 0)
		close(spawned->pidfd);
	explain(&child, status, error);
	return false;
}

/* Both set the group, so that it is there when either goes on. */
pid_t spawn_fork(process_run_fn *run, void *argument)
{
	sigset_t all, ours;
	pid_t pid;

	memset(&all, 0xff, sizeof all);
	change_mask(SIG_SETMASK, &all, &ours);
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		descriptors_close(0);
		_exit(run(argument));
	}
	change_mask(SIG_SETMASK, &ours, NULL);
	if (pid > 0)
		setpgid(pid, pid);
	return pid;
}
