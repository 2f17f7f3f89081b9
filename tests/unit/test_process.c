/* Real processes on a real loop; every wait is for an event, and has a limit. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail			/* ours is a function (base/error.h) */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/loop.h"
#include "base/process.h"

#define LIMIT 20		/* seconds for a test */
#define SH(script) (char *[]){ (char *)"/bin/sh", (char *)"-c", (char *)(script), NULL }

static struct loop loop;
static struct buf heard = BUF_INIT;	/* the callbacks, in order */

static void on_signal(struct loop *of, const struct signalfd_siginfo *info)
{
	(void)of;
	if (info->ssi_signo == SIGCHLD)
		process_reap();
}

static void on_exit_note(struct process *process)
{
	buf_print(&heard, "%s exit %d; ", process->name, exit_code(process->status));
}

static void on_gone_note(struct process *process)
{
	buf_print(&heard, "%s gone; ", process->name);
	loop_stop(&loop);
}

static struct process process;

static int set_up(void **state)
{
	sigset_t chld;

	(void)state;
	loop_init(&loop);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	assert_true(loop_take_signals(&loop, &chld, on_signal));
	alarm(LIMIT);
	buf_clear(&heard);
	process = (struct process){
		.name = "it", .on_exit = on_exit_note, .on_gone = on_gone_note,
	};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	process_forget(&process);
	process_signal_descendants(SIGKILL);
	while (process_has_children())
		process_reap();
	alarm(0);
	loop_release(&loop);
	return 0;
}

/* The output of the process and its group until the end of both. */
static const char *output_of(struct spawn *spawn)
{
	static char text[8192];
	struct error error = ERROR_INIT;
	size_t used = 0;
	ssize_t size;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	spawn->fds[1] = ends[1];
	if (!process_spawn(&process, &loop, spawn, &error))
		print_error("# %s\n", error.text);
	close(ends[1]);
	if (process.pid)
		loop_run(&loop);
	while ((size = read(ends[0], text + used, sizeof text - 1 - used)) > 0)
		used += (size_t)size;
	close(ends[0]);
	while (used && text[used - 1] == '\n')
		used--;
	text[used] = '\0';
	return text;
}

static const char *output_of_script(const char *script)
{
	struct spawn spawn = SPAWN_INIT;

	spawn.argv = SH(script);
	return output_of(&spawn);
}

static void start(const char *script)
{
	struct spawn spawn = SPAWN_INIT;
	struct error error = ERROR_INIT;

	spawn.argv = SH(script);
	assert_true(process_spawn(&process, &loop, &spawn, &error));
}

/* ---- ends ---- */

static void test_exit_is_reported_once_then_gone(void **state)
{
	(void)state;
	start("exit 3");
	assert_true(process.pid > 0 && process.group == process.pid);
	assert_true(process_is_alive(&process));
	loop_run(&loop);
	assert_string_equal(heard.data, "it exit 3; it gone; ");
	assert_false(process_is_alive(&process));
	assert_int_equal(process.pid, 0);
}

static void test_many_exits_for_one_sigchld(void **state)
{
	enum { COUNT = 50 };
	static struct process many[COUNT];
	struct spawn spawn = SPAWN_INIT;
	struct error error = ERROR_INIT;
	siginfo_t info;

	(void)state;
	spawn.argv = SH("exit 7");
	for (int i = 0; i < COUNT; i++) {
		many[i] = (struct process){ .name = "many" };
		assert_true(process_spawn(&many[i], &loop, &spawn, &error));
	}
	for (int i = 0; i < COUNT; i++)
		waitid(P_PID, (id_t)many[i].pid, &info, WEXITED | WNOWAIT);
	assert_true(process_has_children());
	assert_int_equal(process_reap(), COUNT);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(exit_code(many[i].status), 7);
		assert_false(process_is_alive(&many[i]));
	}
	assert_false(process_has_children());
	assert_int_equal(process_reap(), 0);
}

static void test_exit_by_signal(void **state)
{
	char how[64];

	(void)state;
	start("read x <&1 || sleep 60");
	process_signal(&process, SIGKILL);
	loop_run(&loop);
	assert_string_equal(heard.data, "it exit 137; it gone; ");
	status_print(process.status, how);
	assert_string_equal(how, "killed by SIGKILL");
	status_print(3 << 8, how);
	assert_string_equal(how, "exit code 3");
	process_signal(&process, SIGKILL);
	process_signal_group(&process, SIGKILL);
}

static void test_rest_of_group_is_swept(void **state)
{
	(void)state;
	assert_string_equal(output_of_script("trap 'exit 2' USR1;"
					     "(trap 'echo asked; exit' TERM; echo up; kill -USR1 $$;"
					     " while :; do sleep 0.05; done) & wait"), "up\nasked");
	assert_string_equal(heard.data, "it exit 2; it gone; ");
}

static void test_sweep_kills_what_ignores_term(void **state)
{
	(void)state;
	assert_string_equal(output_of_script("trap 'exit 2' USR1;"
					     "(trap '' TERM; echo up; kill -USR1 $$;"
					     " while :; do sleep 0.05; done) & wait"), "up");
	assert_string_equal(heard.data, "it exit 2; it gone; ");
}

static void test_sweep_ends_stopped_processes(void **state)
{
	(void)state;
	output_of_script("sh -c 'kill -STOP $$; sleep 60' &"
			 " until grep -q '^State:.T' /proc/$!/status; do :; done; exit 2");
	assert_string_equal(heard.data, "it exit 2; it gone; ");
}

static void test_sweep_ignores_other_groups(void **state)
{
	(void)state;
	start("setsid sleep 60 & exit 4");
	loop_run(&loop);
	assert_string_equal(heard.data, "it exit 4; it gone; ");
}

static void test_the_whole_group_is_signalled(void **state)
{
	(void)state;
	start("sleep 60 & kill -STOP $$; wait");
	process_signal_group(&process, SIGTERM);
	loop_run(&loop);
	assert_string_equal(heard.data, "it exit 143; it gone; ");
}

static void test_no_sweep_without_loop(void **state)
{
	struct spawn spawn = SPAWN_INIT;
	struct error error = ERROR_INIT;
	siginfo_t info;

	(void)state;
	spawn.argv = SH("exit 5");
	assert_true(process_spawn(&process, NULL, &spawn, &error));
	waitid(P_PID, (id_t)process.pid, &info, WEXITED | WNOWAIT);
	process_reap();
	assert_string_equal(heard.data, "it exit 5; ");
	assert_false(process_is_alive(&process));
}

static void test_orphans_are_reaped_and_counted(void **state)
{
	unsigned long before = process_orphans_reaped();

	(void)state;
	output_of_script("for i in 1 2 3 4 5 6 7 8 9 10; do (setsid true &) ; done");
	while (process_has_children())
		process_reap();
	assert_int_equal(process_orphans_reaped() - before, 10);
}

/* A descendant that is not found sleeps on, and the test reaches its limit. */
static void test_distant_descendants_are_found(void **state)
{
	struct spawn spawn = SPAWN_INIT;
	struct error error = ERROR_INIT;
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	spawn.argv = SH("(setsid sh -c 'setsid sleep 60 & echo; wait' &); sleep 60");
	spawn.fds[1] = ends[1];
	assert_true(process_spawn(&process, &loop, &spawn, &error));
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_true(process_signal_descendants(0) >= 3);
	do {			/* a shell may have forked just now */
		process_signal_descendants(SIGTERM);
	} while (!poll(&(struct pollfd){ .fd = ends[0], .events = POLLIN }, 1, 100));
	assert_int_equal(read(ends[0], &byte, 1), 0);	/* no process has it open */
	close(ends[0]);
	loop_run(&loop);
	while (process_has_children())
		process_reap();
	assert_int_equal(process_signal_descendants(0), 0);
}

/* ---- callbacks that free and restart ---- */

static int runs;

static void on_gone_again(struct process *ended)
{
	struct spawn spawn = SPAWN_INIT;
	struct error error = ERROR_INIT;

	buf_print(&heard, "gone; ");
	spawn.argv = SH("exit 1");
	if (++runs < 3)
		assert_true(process_spawn(ended, &loop, &spawn, &error));
	else
		loop_stop(&loop);
}

static void test_on_gone_may_restart_process(void **state)
{
	(void)state;
	runs = 0;
	process.on_gone = on_gone_again;
	start("exit 0");
	loop_run(&loop);
	assert_string_equal(heard.data, "it exit 0; gone; it exit 1; gone; it exit 1; gone; ");
}

static void on_exit_free(struct process *ended)
{
	process_forget(ended);
	free(ended);
	loop_stop(&loop);
}

static void test_on_exit_may_free_process(void **state)
{
	struct process *heap = NEW(struct process);
	struct spawn spawn = SPAWN_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	*heap = (struct process){ .name = "heap", .on_exit = on_exit_free, .on_gone = on_gone_note };
	spawn.argv = SH("exit 0");
	assert_true(process_spawn(heap, &loop, &spawn, &error));
	loop_run(&loop);
	assert_string_equal(heard.data, "");
}

static void test_forgotten_process_calls_nothing(void **state)
{
	pid_t pid;
	siginfo_t info;

	(void)state;
	process_forget(NULL);
	process_forget(&process);
	start("exit 0");
	pid = process.pid;
	process_forget(&process);
	assert_false(process_is_alive(&process));
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	assert_int_equal(process_reap(), 1);
	assert_string_equal(heard.data, "");
}

/* ---- attributes of the child ---- */

static void assert_refused(const struct spawn *spawn, int code, const char *why)
{
	struct error error = ERROR_INIT;

	assert_false(process_spawn(&process, &loop, spawn, &error));
	assert_string_equal(error.text, why);
	assert_int_equal(exit_code(process.status), code);
	assert_false(process_is_alive(&process));
	assert_false(process_has_children());
}

static void test_failed_start_reports_step_and_reason(void **state)
{
	struct limit impossible = { RLIMIT_NOFILE, { 20, 10 } };
	struct spawn spawn = SPAWN_INIT;

	(void)state;
	spawn.argv = (char *[]){ (char *)"/nope", NULL };
	assert_refused(&spawn, 127, "/nope: No such file or directory");
	spawn.argv = (char *[]){ (char *)"nope", NULL };
	assert_refused(&spawn, 127, "nope: No such file or directory");
	spawn.argv = (char *[]){ (char *)"/etc", NULL };
	assert_refused(&spawn, 126, "/etc: Permission denied");
	spawn.argv = SH("exit 0");
	spawn.cwd = "/nope";
	assert_refused(&spawn, 126, "chdir /nope: No such file or directory");
	spawn.cwd = NULL;
	spawn.limits = &impossible;
	spawn.limit_count = 1;
	assert_refused(&spawn, 126, "setrlimit: Invalid argument");
	spawn.limit_count = 0;
	spawn.fds[2] = 12345;
	assert_refused(&spawn, 126, "standard descriptors: Bad file descriptor");
}

static void test_all_attributes(void **state)
{
	struct limit limits[] = { { RLIMIT_NOFILE, { 123, 456 } }, { RLIMIT_CORE, { 0, 0 } } };
	struct spawn spawn = SPAWN_INIT;

	(void)state;
	spawn.argv = SH("umask; pwd; nice; ulimit -Sn; ulimit -Hn; cat /proc/self/oom_score_adj;"
			" grep NoNewPrivs /proc/self/status; echo $ONLY$HOME");
	spawn.envp = (char *[]){ (char *)"ONLY=this", (char *)"PATH=/usr/bin:/bin", NULL };
	spawn.cwd = "/usr";
	spawn.limits = limits;
	spawn.limit_count = 2;
	spawn.umask = 027;
	spawn.nice = 3;
	spawn.oom_score = 321;
	spawn.no_new_privs = true;
	assert_string_equal(output_of(&spawn),
			    "0027\n/usr\n3\n123\n456\n321\nNoNewPrivs:\t1\nthis");
}

static void test_another_user(void **state)
{
	gid_t groups[] = { 65532, 4242 };
	struct identity identity = {
		.set = true, .uid = 65532, .gid = 65532, .groups = groups, .group_count = 2,
	};
	struct spawn spawn = SPAWN_INIT;

	(void)state;
	if (geteuid())
		skip();
	spawn.argv = SH("grep -E '^(Uid|Gid|Groups)' /proc/self/status | tr -s '\\t ' ' '");
	spawn.identity = &identity;
	assert_string_equal(output_of(&spawn), "Uid: 65532 65532 65532 65532\n"
			    "Gid: 65532 65532 65532 65532\nGroups: 4242 65532 ");
	identity.group_count = 0;
	assert_non_null(strstr(output_of(&spawn), "Groups: "));
	assert_null(strstr(output_of(&spawn), "Groups: 4"));
}

static void test_path_of_the_child_is_searched(void **state)
{
	struct spawn spawn = SPAWN_INIT;

	(void)state;
	spawn.argv = (char *[]){ (char *)"true", NULL };
	spawn.envp = (char *[]){ (char *)"PATH=/none:/nowhere", NULL };
	assert_refused(&spawn, 127, "true: No such file or directory");
	spawn.envp = (char *[]){ (char *)"PATH=/none:/usr/bin:/bin", NULL };
	assert_string_equal(output_of(&spawn), "");
	assert_string_equal(heard.data, "it exit 0; it gone; ");
}

static void test_only_three_descriptors_are_inherited(void **state)
{
	int leak = open("/etc/passwd", O_RDONLY);

	(void)state;
	assert_string_equal(output_of_script("echo /proc/self/fd/*; readlink /proc/self/fd/0"),
			    "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3\n/dev/null");
	close(leak);
}

/* Two descriptors that exchange their numbers: neither may be closed on the way. */
static void test_descriptors_that_cross(void **state)
{
	struct spawn spawn = SPAWN_INIT;
	struct error error = ERROR_INIT;
	char text[8] = "";
	int in[2], saved = dup(0);

	(void)state;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(dup2(in[1], 0), 0);		/* our 0 becomes its output */
	spawn.argv = SH("echo out; echo err >&2");
	spawn.fds[0] = 1;
	spawn.fds[1] = spawn.fds[2] = 0;
	assert_true(process_spawn(&process, &loop, &spawn, &error));
	dup2(saved, 0);
	close(saved);
	close(in[1]);
	loop_run(&loop);
	assert_int_equal(read(in[0], text, sizeof text), 8);
	assert_memory_equal(text, "out\nerr\n", 8);
	close(in[0]);
}

static void test_sockets_that_are_passed(void **state)
{
	char listen_pid[] = "LISTEN_PID=00000000000";
	struct spawn spawn = SPAWN_INIT;
	int fd = open("/etc/passwd", O_RDONLY);

	(void)state;
	assert_int_equal(dup2(fd, 100), 100);
	spawn.argv = SH("test $LISTEN_PID = $$ && test -e /proc/self/fd/100 && echo fine;"
			" test -e /proc/self/fd/101 || echo no more");
	spawn.envp = (char *[]){ listen_pid, NULL };
	spawn.pid_text = strchr(listen_pid, '=') + 1;
	spawn.passed_fds = 98;
	assert_string_equal(output_of(&spawn), "fine\nno more");
	close(100);
	close(fd);
}

static void test_a_descriptor_by_its_number(void **state)
{
	struct spawn spawn = SPAWN_INIT;
	char bytes[4] = "";
	int ends[2];

	(void)state;
	assert_int_equal(0, pipe2(ends, O_CLOEXEC));
	spawn.extra_fd = ends[1];
	for (int i = 0; i < 2; i++) {	/* the number that it has here, and a different one */
		AUTOFREE char *command = NULL;

		spawn.extra_number = i ? ends[1] + 100 : ends[1];
		command = format_string("printf %d >/proc/self/fd/%d", i, spawn.extra_number);
		spawn.argv = SH(command);
		assert_string_equal(output_of(&spawn), "");
		assert_int_equal(1, read(ends[0], bytes, sizeof bytes));
		assert_int_equal('0' + i, *bytes);
	}
	close(ends[0]);
	close(ends[1]);
}

static void test_mask_and_dispositions_are_restored(void **state)
{
	struct spawn spawn = SPAWN_INIT;
	const char *status;

	(void)state;
	spawn.argv = (char *[]){ (char *)"cat", (char *)"/proc/self/status", NULL };
	status = output_of(&spawn);	/* without a shell, which would change them */
	assert_non_null(strstr(status, "\nSigBlk:\t0000000000000800\n"));
	assert_non_null(strstr(status, "\nSigIgn:\t0000000040011000\n"));
}

static void test_script_without_interpreter_line(void **state)
{
	char path[] = "/tmp/test_process.XXXXXX";
	int fd = mkstemp(path);
	struct spawn spawn = SPAWN_INIT;

	(void)state;
	assert_int_equal(write(fd, "echo $0 $1\n", 11), 11);
	fchmod(fd, 0700);
	close(fd);
	spawn.argv = (char *[]){ path, (char *)"word", NULL };
	assert_memory_equal(output_of(&spawn), path, sizeof path - 1);
	assert_string_equal(heard.data, "it exit 0; it gone; ");
	unlink(path);
}

/* A process between us and the child: the child must end with it, which the pipe shows. */
static void test_the_death_signal(void **state)
{
	struct spawn spawn = SPAWN_INIT;
	struct error error = ERROR_INIT;
	char byte;
	int ends[2];
	pid_t between;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	spawn.argv = (char *[]){ (char *)"sleep", (char *)"60", NULL };
	spawn.fds[1] = ends[1];
	spawn.death_signal = SIGKILL;
	between = fork();
	if (!between)
		_exit(process_spawn(&process, NULL, &spawn, &error) ? 0 : 1);
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
	while (process_has_children())
		process_reap();
}

/* ---- names ---- */

static void test_names_of_signals(void **state)
{
	static const struct { const char *name; int signo; } cases[] = {
		{ "TERM", SIGTERM }, { "SIGTERM", SIGTERM }, { "sigterm", SIGTERM },
		{ "15", 15 }, { "64", 64 }, { "HUP", SIGHUP }, { "SIGIO", SIGIO },
		{ "POLL", SIGPOLL }, { "CLD", SIGCHLD }, { "WINCH", SIGWINCH },
		{ "0", 0 }, { "65", 0 }, { "015x", 0 }, { "-1", 0 }, { "", 0 }, { "SIG", 0 },
		{ "TERMINATE", 0 }, { "RTMIN-1", 0 }, { "RTMAX+1", 0 }, { "RTMIN+99", 0 },
		{ "RTMIN+", 0 }, { "SIGSIGTERM", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("# %s\n", cases[i].name);
		assert_int_equal(signal_parse(cases[i].name), cases[i].signo);
	}
	assert_int_equal(signal_parse("RTMIN+3"), SIGRTMIN + 3);
	assert_int_equal(signal_parse("SIGRTMAX-2"), SIGRTMAX - 2);
	for (int signo = 1; signo <= SIGRTMAX; signo++)
		if (signo < 32 || signo >= SIGRTMIN)
			assert_int_equal(signal_parse(signal_name(signo)), signo);
	assert_string_equal(signal_name(SIGTERM), "SIGTERM");
	assert_string_equal(signal_name(SIGRTMIN + 3), "SIGRTMIN+3");
}

static void test_users_by_name_and_number(void **state)
{
	struct identity identity = { 0 };
	struct error error = ERROR_INIT;

	(void)state;
	assert_true(identity_parse(&identity, "root", NULL, &error));
	assert_true(identity.set && identity.uid == 0 && identity.gid == 0);
	assert_true(identity.group_count >= 1 && identity.groups[0] == 0);
	assert_string_equal(identity.home, "/root");
	assert_string_equal(identity.user, "root");
	identity_release(&identity);
	assert_false(identity.set);

	assert_true(identity_parse(&identity, "daemon:adm", NULL, &error));
	assert_true(identity.uid == 1 && identity.gid == 4 && identity.group_count == 0);
	identity_release(&identity);

	assert_true(identity_parse(&identity, "65432", NULL, &error));
	assert_true(identity.uid == 65432 && identity.gid == 65432);
	assert_true(!identity.group_count && !identity.home && !identity.user);
	identity_release(&identity);

	assert_true(identity_parse(&identity, "1000", "2000", &error));
	assert_true(identity.uid == 1000 && identity.gid == 2000);
	identity_release(&identity);
}

static void test_unknown_users(void **state)
{
	static const struct { const char *user, *group, *why; } cases[] = {
		{ "no-such", NULL, "no user \"no-such\" in /etc/passwd" },
		{ "", NULL, "no user \"\" in /etc/passwd" },
		{ "4294967295", NULL, "no user \"4294967295\" in /etc/passwd" },
		{ "root", "no-such", "no group \"no-such\" in /etc/group" },
		{ "root:no-such", NULL, "no group \"no-such\" in /etc/group" },
		{ "root:adm", "tty", "the group is given twice, by \"root:adm\" and \"tty\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct identity identity = { 0 };
		struct error error = ERROR_INIT;

		assert_false(identity_parse(&identity, cases[i].user, cases[i].group, &error));
		assert_string_equal(error.text, cases[i].why);
		assert_false(identity.set);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_exit_is_reported_once_then_gone),
		T(test_many_exits_for_one_sigchld),
		T(test_exit_by_signal),
		T(test_rest_of_group_is_swept),
		T(test_sweep_kills_what_ignores_term),
		T(test_sweep_ends_stopped_processes),
		T(test_sweep_ignores_other_groups),
		T(test_the_whole_group_is_signalled),
		T(test_no_sweep_without_loop),
		T(test_orphans_are_reaped_and_counted),
		T(test_distant_descendants_are_found),
		T(test_on_gone_may_restart_process),
		T(test_on_exit_may_free_process),
		T(test_forgotten_process_calls_nothing),
		T(test_failed_start_reports_step_and_reason),
		T(test_all_attributes),
		T(test_another_user),
		T(test_path_of_the_child_is_searched),
		T(test_only_three_descriptors_are_inherited),
		T(test_descriptors_that_cross),
		T(test_sockets_that_are_passed),
		T(test_a_descriptor_by_its_number),
		T(test_mask_and_dispositions_are_restored),
		T(test_script_without_interpreter_line),
		T(test_the_death_signal),
		cmocka_unit_test(test_names_of_signals),
		cmocka_unit_test(test_users_by_name_and_number),
		cmocka_unit_test(test_unknown_users),
	};
	sigset_t odd;

	/* The children must get these back, and reaping must work in spite of them. */
	for (int signo = 1; signo < 32; signo++)
		signal(signo, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGSYS, SIG_IGN);
	sigemptyset(&odd);
	sigaddset(&odd, SIGUSR2);
	sigprocmask(SIG_SETMASK, &odd, NULL);
	process_setup(false);
	if (!process_adopt_orphans())
		return 1;
	sigemptyset(&odd);
	sigaddset(&odd, SIGALRM);		/* the limit */
	sigprocmask(SIG_UNBLOCK, &odd, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
