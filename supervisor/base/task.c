#include "task.h"

#include <sys/mman.h>
#include <time.h>

#include "loop.h"

#ifdef __SANITIZE_ADDRESS__
#include <dlfcn.h>
#include <sanitizer/common_interface_defs.h>
#endif

static const double slice = 0.004;
enum { CALLS_PER_LOOK = 32 };		/* of task_yield(), at the clock */

/* As much as the main stack has; only pages that are used are there.  The lowest is a guard. */
#define STACK_SIZE ((size_t)8 << 20)
#define GUARD_SIZE ((size_t)65536)

double processor_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- one stack and the other ---- */

#ifdef __SANITIZE_ADDRESS__
static const void *loop_stack;
static size_t loop_size;

/* The sanitizer's own warns of what we tell it anyway. */
static void swap(ucontext_t *from, ucontext_t *to)
{
	static int (*real)(ucontext_t *, const ucontext_t *);

	if (!real)
		*(void **)&real = dlsym(dlopen("libc.so.6", RTLD_LAZY), "swapcontext");
	real(from, to);
}
#endif

/* AddressSanitizer has to know on which stack we are; `leaves`: the old one is not used again. */
static void switch_stack(struct task *task, ucontext_t *from, ucontext_t *to, bool leaves)
{
#ifdef __SANITIZE_ADDRESS__
	void *fake = NULL;
	bool inwards = to == &task->own;

	__sanitizer_start_switch_fiber(leaves ? NULL : &fake, inwards ? task->stack : loop_stack,
				       inwards ? STACK_SIZE : loop_size);
	swap(from, to);
	if (inwards)
		__sanitizer_finish_switch_fiber(fake, NULL, NULL);
	else
		__sanitizer_finish_switch_fiber(fake, &loop_stack, &loop_size);
#else
	(void)task;
	(void)leaves;
	swapcontext(from, to);
#endif
}

static _Thread_local struct task *running;	/* NULL: the loop itself, or an offload's thread */

static void enter(void)
{
	struct task *task = running;

#ifdef __SANITIZE_ADDRESS__
	__sanitizer_finish_switch_fiber(NULL, &loop_stack, &loop_size);
#endif
	task->run(task);
	task->ended = true;
	switch_stack(task, &task->own, &task->caller, true);
}

static bool make_stack(struct task *task)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		return false;
	mprotect(stack, GUARD_SIZE, PROT_NONE);
	task->stack = stack;
	getcontext(&task->own);
	task->own.uc_stack.ss_sp = stack;
	task->own.uc_stack.ss_size = STACK_SIZE;
	task->own.uc_link = NULL;
	makecontext(&task->own, enter, 0);
	return true;
}

static void drop_stack(struct task *task)
{
	if (task->stack)
		munmap(task->stack, STACK_SIZE);
	task->stack = NULL;
}

/* Without memory for a stack the loop has to wait for the whole task. */
static void resume(struct task *task, double end)
{
	struct task *outer = running;

	task->slice_end = end;
	task->slice_start = processor_now();
	running = task;
	if (!task->begun && !make_stack(task)) {
		task->run(task);
		task->ended = true;
	} else {
		task->begun = true;
		switch_stack(task, &task->caller, &task->own, false);
	}
	running = outer;
	task->spent += processor_now() - task->slice_start;
	if (task->ended)
		drop_stack(task);
}

bool task_pause(struct task *task)
{
	if (!task->cancelled && task->stack && monotonic_now() >= task->slice_end)
		switch_stack(task, &task->own, &task->caller, false);
	return !task->cancelled;
}

bool task_yield(void)
{
	static _Thread_local unsigned calls;

	if (!running)
		return true;
	return ++calls % CALLS_PER_LOOK ? !running->cancelled : task_pause(running);
}

double task_spent(const struct task *task)
{
	return task->spent + processor_now() - task->slice_start;
}

/* ---- the queue ---- */

static void on_slice(struct ev_loop *ev, ev_timer *watcher, int revents)
{
	struct loop *loop = container_of(watcher, struct loop, slice);
	double begin = monotonic_now(), end = begin + slice;

	(void)revents;
	for (bool first = true; !list_empty(&loop->tasks) && (first || monotonic_now() < end);
	     first = false) {
		struct task *task = list_entry(loop->tasks.next, struct task, link);

		list_remove(&task->link);
		resume(task, end);
		if (task->ended) {
			task->queued = false;
			task->on_done(task);
		} else {
			list_append(&loop->tasks, &task->link);
		}
	}
	if (list_empty(&loop->tasks) || ev_is_active(watcher))
		return;
	/* As long a rest as the slice took: the scheduler wakes a process late that never sleeps. */
	ev_now_update(ev);
	ev_timer_set(watcher, monotonic_now() - begin, 0);
	ev_timer_start(ev, watcher);
}

void task_init(struct task *task, struct loop *loop, task_fn *run, task_fn *on_done)
{
	*task = (struct task){ .loop = loop, .run = run, .on_done = on_done };
}

void task_start(struct task *task)
{
	struct loop *loop = task->loop;

	task->begun = task->ended = task->cancelled = false;
	task->spent = 0;
	task->queued = true;
	list_append(&loop->tasks, &task->link);
	if (ev_is_active(&loop->slice))
		return;
	ev_timer_init(&loop->slice, on_slice, 0, 0);
	ev_timer_start(loop->ev, &loop->slice);
}

bool task_is_running(const struct task *task)
{
	return task->queued;
}

void task_cancel(struct task *task)
{
	if (!task->queued)
		return;
	list_remove(&task->link);
	task->queued = false;
	if (list_empty(&task->loop->tasks))
		ev_timer_stop(task->loop->ev, &task->loop->slice);
	task->cancelled = true;
	if (task->begun)
		resume(task, 0);
}
