#include "base/offload.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"

/* A job that reads one byte of a pipe, as from a disk that answers when we want. */
struct job {
	struct offload offload;
	int from;
	char byte;
	bool blocks_signals;
	int *done, *released;
	struct loop *loop;
};

struct fixture {
	struct loop loop;
	int pipe[2];
	int done, released;
	struct job *job;
	struct timer timer;
};

static struct job *job_of(struct offload *offload)
{
	return container_of(offload, struct job, offload);
}

static void run(struct offload *offload)
{
	struct job *job = job_of(offload);
	sigset_t blocked;

	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	job->blocks_signals = sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGRTMIN);
	assert_int_equal(read(job->from, &job->byte, 1), 1);
}

static void on_done(struct offload *offload)
{
	struct job *job = job_of(offload);

	++*job->done;
	assert_false(offload_is_running(offload));
	loop_stop(job->loop);
}

static void release(struct offload *offload)
{
	struct job *job = job_of(offload);

	++*job->released;
	loop_stop(job->loop);
	free(job);
}

static void on_timer(struct timer *timer)
{
	struct fixture *fixture = container_of(timer, struct fixture, timer);

	assert_int_equal(write(fixture->pipe[1], "x", 1), 1);
}

static int set_up(void **state)
{
	struct fixture *fixture = NEW(struct fixture);

	loop_init(&fixture->loop);
	timer_init(&fixture->timer, &fixture->loop, on_timer);
	assert_int_equal(pipe(fixture->pipe), 0);
	fixture->job = NEW(struct job);
	*fixture->job = (struct job){
		.offload = { .run = run, .on_done = on_done, .release = release },
		.from = fixture->pipe[0], .loop = &fixture->loop,
		.done = &fixture->done, .released = &fixture->released,
	};
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	close(fixture->pipe[0]);
	close(fixture->pipe[1]);
	free(fixture);
	return 0;
}

/* The timer that ends the wait of the job fires: the loop goes on. */
static void loop_does_not_wait(void **state)
{
	struct fixture *fixture = *state;

	offload_start(&fixture->job->offload, &fixture->loop);
	assert_true(offload_is_running(&fixture->job->offload));
	assert_false(offload_wait(&fixture->job->offload, 0.01));
	timer_set(&fixture->timer, 0.01);
	loop_run(&fixture->loop);
	assert_int_equal(fixture->done, 1);
	assert_int_equal(fixture->released, 0);
	assert_int_equal(fixture->job->byte, 'x');
	assert_true(fixture->job->blocks_signals);
	free(fixture->job);
	loop_release(&fixture->loop);
}

static void job_can_be_awaited(void **state)
{
	struct fixture *fixture = *state;

	offload_start(&fixture->job->offload, &fixture->loop);
	on_timer(&fixture->timer);
	assert_true(offload_wait(&fixture->job->offload, 10));
	assert_int_equal(fixture->done, 1);
	free(fixture->job);
	loop_release(&fixture->loop);
}

static void abandoned_job_is_released_when_it_returns(void **state)
{
	struct fixture *fixture = *state;

	offload_start(&fixture->job->offload, &fixture->loop);
	offload_abandon(&fixture->job->offload);
	assert_int_equal(fixture->released, 0);
	timer_set(&fixture->timer, 0.01);
	loop_run(&fixture->loop);
	assert_int_equal(fixture->done, 0);
	assert_int_equal(fixture->released, 1);
	loop_release(&fixture->loop);
}

static void released_loop_waits_for_what_returns(void **state)
{
	struct fixture *fixture = *state;

	offload_start(&fixture->job->offload, &fixture->loop);
	on_timer(&fixture->timer);
	loop_release(&fixture->loop);
	assert_int_equal(fixture->released, 1);
}

/* The job is lost; its thread does not touch the loop that has gone. */
static void released_loop_leaves_what_hangs(void **state)
{
	struct fixture *fixture = *state;
	struct job *job = fixture->job;

	offload_start(&job->offload, &fixture->loop);
	loop_release(&fixture->loop);
	assert_int_equal(fixture->released, 0);
	on_timer(&fixture->timer);
	while (!*(volatile bool *)&job->offload.returned)
		usleep(1000);
	assert_int_equal(fixture->done, 0);
	free(job);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(loop_does_not_wait),
		TEST(job_can_be_awaited),
		TEST(abandoned_job_is_released_when_it_returns),
		TEST(released_loop_waits_for_what_returns),
		TEST(released_loop_leaves_what_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
