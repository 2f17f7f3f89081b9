/* Real groups of processes and real timers.  Each process of a group holds one end of a pipe: the
 * other end is at its end of file when the whole group is gone. */
#include "base/deadman.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail			/* ours is a function (base/error.h) */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/process.h"

enum { LIMIT = 20 };	/* seconds for a test */
static const double soon = 0.05, later = 0.2, never = 3600;

struct group {
	pid_t leader;
	int end;			/* of the pipe */
};

static struct deadman deadmen[2];
static struct group first, second;

/* A leader and a member, which wait for ever. */
static struct group start_group(void)
{
	struct group group;
	int ends[2];
	char ready;

	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	group.leader = fork();
	assert_return_code(group.leader, errno);
	if (!group.leader) {
		setpgid(0, 0);
		fork();
		if (write(ends[1], "", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	close(ends[1]);
	group.end = ends[0];
	for (int i = 0; i < 2; i++)
		assert_int_equal(read(group.end, &ready, 1), 1);
	return group;
}

static void end_group(struct group *group)
{
	if (!group->leader)
		return;
	kill(-group->leader, SIGKILL);
	waitpid(group->leader, NULL, 0);
	close(group->end);
	*group = (struct group){ 0 };
}

/* Blocks until the whole group is gone. */
static void await_end(const struct group *group)
{
	char byte;
	int status;

	assert_int_equal(read(group->end, &byte, 1), 0);
	assert_int_equal(waitpid(group->leader, &status, 0), group->leader);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void assert_lives(const struct group *group)
{
	assert_int_equal(waitpid(group->leader, NULL, WNOHANG), 0);
}

static int set_up(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	alarm(LIMIT);
	for (size_t i = 0; i < 2; i++)
		assert_true(deadman_init(&deadmen[i], &error));
	first = start_group();
	second = start_group();
	deadman_add(&deadmen[0], first.leader);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		deadman_release(&deadmen[i]);
		deadman_release(&deadmen[i]);
	}
	end_group(&first);
	end_group(&second);
	alarm(0);
	return 0;
}

static void test_kills_group_while_blocked(void **state)
{
	(void)state;
	deadman_set(&deadmen[0], boottime_now() + soon);
	await_end(&first);
}

static void test_kills_group_while_spinning(void **state)
{
	siginfo_t info = { .si_pid = 0 };

	(void)state;
	deadman_set(&deadmen[0], boottime_now() + soon);
	while (!info.si_pid)
		assert_return_code(waitid(P_PID, (id_t)first.leader, &info,
					  WEXITED | WNOWAIT | WNOHANG), errno);
	await_end(&first);
}

static void test_past_deadline_fires_at_once(void **state)
{
	(void)state;
	deadman_set(&deadmen[0], boottime_now() - never);
	await_end(&first);
	deadman_add(&deadmen[1], second.leader);
	deadman_set(&deadmen[1], 0);
	await_end(&second);
}

static void test_removed_group_survives(void **state)
{
	(void)state;
	deadman_add(&deadmen[0], second.leader);
	deadman_remove(&deadmen[0], first.leader);
	deadman_remove(&deadmen[0], first.leader);
	deadman_set(&deadmen[0], boottime_now() + soon);
	await_end(&second);
	assert_lives(&first);
}

static void test_group_added_after_firing_is_killed(void **state)
{
	(void)state;
	deadman_set(&deadmen[0], boottime_now());
	await_end(&first);
	deadman_add(&deadmen[0], second.leader);
	await_end(&second);
}

/* The end of the second group shows that the first deadline has passed. */
static void let_time_pass(void)
{
	deadman_add(&deadmen[1], second.leader);
	deadman_set(&deadmen[1], boottime_now() + later);
	await_end(&second);
}

static void test_second_deadline_replaces_first(void **state)
{
	(void)state;
	deadman_set(&deadmen[0], boottime_now() + soon);
	deadman_set(&deadmen[0], boottime_now() + never);
	let_time_pass();
	assert_lives(&first);
	deadman_set(&deadmen[0], boottime_now() + soon);
	await_end(&first);
}

static void test_stopped_deadman_kills_nothing(void **state)
{
	(void)state;
	deadman_set(&deadmen[0], boottime_now() + soon);
	deadman_stop(&deadmen[0]);
	deadman_stop(&deadmen[0]);
	let_time_pass();
	assert_lives(&first);
}

static void test_released_deadman_kills_nothing(void **state)
{
	(void)state;
	deadman_set(&deadmen[0], boottime_now() + soon);
	deadman_release(&deadmen[0]);
	let_time_pass();
	assert_lives(&first);
}

static void test_foreign_signal_kills_nothing(void **state)
{
	const union sigval value = { .sival_ptr = &deadmen[0] };

	(void)state;
	assert_return_code(sigqueue(getpid(), SIGRTMAX, value), errno);
	assert_return_code(kill(getpid(), SIGRTMAX), errno);
	let_time_pass();
	assert_lives(&first);
}

/* As a timer sends it, but from a process: siginfo points where it likes. */
static void forge(void *pointer)
{
	siginfo_t info = { .si_signo = SIGRTMAX, .si_code = SI_TIMER };
	pid_t parent = getpid(), child = fork();
	int status;

	info.si_value.sival_ptr = pointer;
	if (!child)
		_exit(syscall(SYS_rt_sigqueueinfo, parent, SIGRTMAX, &info) ? 1 : 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_forged_timer_signal_kills_nothing(void **state)
{
	(void)state;
	deadman_set(&deadmen[0], boottime_now() + never);
	forge((void *)1);
	forge(NULL);
	forge(&deadmen[0]);
	forge(&first);
	let_time_pass();
	assert_lives(&first);
}

/* No deadman is left: the handler stays. */
static void test_forged_timer_signal_after_release(void **state)
{
	(void)state;
	deadman_release(&deadmen[0]);
	deadman_release(&deadmen[1]);
	forge(&deadmen[0]);
	assert_lives(&first);
}

static void test_number_of_groups_is_not_limited(void **state)
{
	struct group groups[100];

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		groups[i] = start_group();
		deadman_add(&deadmen[1], groups[i].leader);
		deadman_add(&deadmen[1], groups[i].leader);
	}
	deadman_remove(&deadmen[1], groups[50].leader);
	deadman_set(&deadmen[1], boottime_now());
	for (size_t i = 0; i < 100; i++)
		if (i != 50)
			await_end(&groups[i]);
	assert_lives(&groups[50]);
	end_group(&groups[50]);
	for (size_t i = 0; i < 100; i++)
		if (i != 50)
			close(groups[i].end);
}

static bool ended;

static void on_signal(struct loop *loop, const struct signalfd_siginfo *info)
{
	ended = ended || info->ssi_signo == SIGCHLD;
	loop_stop(loop);
}

static void test_works_beside_a_loop_with_signalfd(void **state)
{
	struct loop loop;
	sigset_t all;

	(void)state;
	sigfillset(&all);
	loop_init(&loop);
	assert_true(loop_take_signals(&loop, &all, on_signal));
	ended = false;
	deadman_set(&deadmen[0], boottime_now() + soon);
	while (!ended)
		loop_run(&loop);
	await_end(&first);
	loop_release(&loop);
}

static void test_children_inherit_nothing(void **state)
{
	struct spawn spawn = SPAWN_INIT;
	struct process process = { .name = "it" };
	struct error error = ERROR_INIT;
	char text[8192];
	size_t size = 0;
	ssize_t got;
	int ends[2];

	(void)state;
	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	spawn.argv = (char *[]){ (char *)"cat", (char *)"/proc/self/status", NULL };
	spawn.fds[1] = ends[1];
	assert_true(process_spawn(&process, NULL, &spawn, &error));
	close(ends[1]);
	while ((got = read(ends[0], text + size, sizeof text - 1 - size)) > 0)
		size += (size_t)got;
	text[size] = '\0';
	close(ends[0]);
	waitpid(process.pid, NULL, 0);
	process_forget(&process);
	assert_non_null(strstr(text, "\nSigBlk:\t0000000000000800\n"));
	assert_non_null(strstr(text, "\nSigIgn:\t8000000000000000\n"));
	assert_non_null(strstr(text, "\nSigCgt:\t0000000000000000\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_kills_group_while_blocked),
		TEST(test_kills_group_while_spinning),
		TEST(test_past_deadline_fires_at_once),
		TEST(test_removed_group_survives),
		TEST(test_group_added_after_firing_is_killed),
		TEST(test_second_deadline_replaces_first),
		TEST(test_stopped_deadman_kills_nothing),
		TEST(test_released_deadman_kills_nothing),
		TEST(test_foreign_signal_kills_nothing),
		TEST(test_forged_timer_signal_kills_nothing),
		TEST(test_forged_timer_signal_after_release),
		TEST(test_number_of_groups_is_not_limited),
		TEST(test_works_beside_a_loop_with_signalfd),
		TEST(test_children_inherit_nothing),
	};
	sigset_t odd;

	/* The children must get these back. */
	for (int signo = 1; signo < 32; signo++)
		signal(signo, SIG_DFL);
	signal(SIGRTMAX, SIG_IGN);
	sigemptyset(&odd);
	sigaddset(&odd, SIGUSR2);
	sigprocmask(SIG_SETMASK, &odd, NULL);
	process_setup(false);
	sigemptyset(&odd);
	sigaddset(&odd, SIGALRM);		/* the limit */
	sigprocmask(SIG_UNBLOCK, &odd, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
