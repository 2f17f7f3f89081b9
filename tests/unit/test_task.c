#include "base/task.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "base/loop.h"

struct fixture {
	struct loop loop;
	struct task tasks[2];
	struct timer tick;
	double last, longest;		/* between two ticks */
	int begun, done, unwound;
};

static struct fixture *fixture;

/* Our own processor time: on a busy machine, others' time between two ticks proves nothing. */
static double spent_now(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
	return (double)spent.tv_sec + 1e-9 * (double)spent.tv_nsec;
}

static void on_tick(struct timer *timer)
{
	double now = spent_now();

	if (now - fixture->last > fixture->longest)
		fixture->longest = now - fixture->last;
	fixture->last = now;
	timer_set(timer, 0.001);
}

/* Uses a good part of the stack. */
static int burn(struct task *task, double seconds, int depth)
{
	volatile char room[1000] = { 1 };

	if (depth)
		return burn(task, seconds, depth - 1) + room[0];
	while (task_spent(task) < seconds)
		if (!task_pause(task))
			return -1000000;
	return 0;
}

static void compute(struct task *task)
{
	fixture->begun++;
	if (burn(task, 0.15, 1000) < 0)
		fixture->unwound++;
}

static void on_done(struct task *task)
{
	assert_false(task_is_running(task));
	if (++fixture->done == 2)
		loop_stop(&fixture->loop);
}

static void set_up(struct fixture *f)
{
	fixture = f;
	loop_init(&f->loop);
	for (int i = 0; i < 2; i++)
		task_init(&f->tasks[i], &f->loop, compute, on_done);
	timer_init(&f->tick, &f->loop, on_tick);
}

static void the_loop_goes_on_while_tasks_compute(void **state)
{
	struct fixture f = { .last = spent_now() };

	(void)state;
	set_up(&f);
	on_tick(&f.tick);
	task_start(&f.tasks[0]);
	task_start(&f.tasks[1]);
	loop_run(&f.loop);
	assert_int_equal(f.done, 2);
	assert_int_equal(f.unwound, 0);
	assert_true(f.longest < 0.1);
	timer_stop(&f.tick);
	loop_release(&f.loop);
}

static void on_cancel(struct timer *timer)
{
	if (fixture->begun < 2) {	/* a busy machine */
		timer_set(timer, 0.05);
		return;
	}
	task_cancel(&fixture->tasks[0]);
	task_cancel(&fixture->tasks[1]);
	assert_false(task_is_running(&fixture->tasks[0]));
	loop_stop(&fixture->loop);
}

static void a_cancelled_task_ends_without_a_result(void **state)
{
	struct fixture f = { 0 };
	struct timer cancel;

	(void)state;
	set_up(&f);
	timer_init(&cancel, &f.loop, on_cancel);
	task_start(&f.tasks[0]);
	task_start(&f.tasks[1]);
	timer_set(&cancel, 0.05);
	loop_run(&f.loop);
	assert_int_equal(f.done, 0);
	assert_int_equal(f.unwound, 2);
	loop_release(&f.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_loop_goes_on_while_tasks_compute),
		cmocka_unit_test(a_cancelled_task_ends_without_a_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
