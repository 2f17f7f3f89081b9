/* sim_world.h - for unit tests: time, timers, and a network between candidates and sim_consul.h.
 *
 * Several candidates live in one process, each with its own loop and its own clock, which may run
 * a little faster or slower.  Nothing here waits: world_step() goes to the next instant at which
 * something happens, and lets that happen.
 *
 * The linker replaces the functions that the program calls: timers, clocks, http_send() and the
 * like, the dead-man timer, and chance.  So agent.c judges answers as in production.
 *
 * A request that its sender has given up is still under way and may arrive.  world.fate() decides
 * each request's fate; by default the request arrives after a millisecond. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "base/deadman.h"
#include "base/offload.h"
#include "consul/election/election.h"
#include "sim_serve.h"

#include <cmocka.h>

enum {
	WORLD_CANDIDATES = 3, WORLD_TIMERS = 256, WORLD_TRACE = 400, WORLD_LINE = 160,
	WORLD_LOCKS = 256,
};

enum order { ORDER_NONE, ORDER_CONSIDER, ORDER_PROMOTE, ORDER_DEMOTE, ORDER_FENCE };

/* The receiver of the orders to lead, a job and its hooks, and its state (sim_user.h). */
struct user {
	enum order order;		/* that is not answered yet */
	double answer_at;		/* by its own clock; INFINITY: never */
	bool bound;			/* from promote() until election_demoted() */
	bool primary;			/* so, and its workload was not killed */
	bool shown;			/* the role, in the catalogue */
	bool stopped;			/* on_stopped() was called */
	unsigned long epoch;		/* of the newest promotion */
	unsigned session;		/* that the lock was taken by */
	double noticed;			/* when it sees that its workload has ended; INFINITY */
	double restarts;		/* when that runs again; INFINITY */

	/* How it answers. */
	double consider_time, promote_time, demote_time, fence_time;	/* INFINITY: not at all */
	bool consents, promotes;

	unsigned orders[ORDER_FENCE + 1];	/* how many of each, so far */
	unsigned elected, deposed, leader;	/* events so far */
};

struct sim_candidate {
	struct world *world;
	int number;
	char *id;
	struct loop loop;
	struct consul_config consul_config;
	struct election_config config;
	struct agent agent;
	struct election election;
	struct subscription events;
	struct user user;
	bool running;			/* between election_init() and election_release() */
	unsigned life;			/* how often that was so */

	double clock_offset, clock_rate;
	double stuck_until;		/* the loop does not come round; the kernel's timers do */
	double frozen_until;		/* all of it, the workload too */
	double cut_until;		/* from the network */
	double unknown_until;		/* its token does not exist */
	double denied_until;		/* or has no rights */
	double deadman;			/* by its own clock; INFINITY: not set */
};

enum fate {
	FATE_FINE, FATE_LOST,		/* LOST: on its way there */
	FATE_UNANSWERED,		/* lost on its way back */
	FATE_REFUSED,			/* nothing listens there */
	FATE_ERROR,			/* 500, and not applied */
	FATE_SAYS,			/* as in message->says, and not applied */
};

struct message {
	struct list link;
	unsigned long number;		/* they are counted */
	struct sim_candidate *from;
	unsigned life;			/* of it */
	struct http_request *request;	/* NULL: its sender has given it up */
	char *method, *path, *body;
	enum fate fate;
	double sent, given_up;		/* by the candidate's clock */
	double arrives, replied;	/* replied: INFINITY while it is not */
	double delay;			/* of the answer, on its way back */
	struct { long status; const char *text; } says;
	double waits_until;		/* of a blocking query */
	unsigned long seen;		/* Consul's index when it looked last */
	struct sim_answer answer;
};

struct world {
	double now;
	struct sim_consul consul;
	struct sim_candidate candidates[WORLD_CANDIDATES];
	struct sim_candidate *current;	/* its code runs */
	struct timer *timers[WORLD_TIMERS];
	size_t timer_count;
	struct list messages;
	unsigned long asked;		/* how many there were */
	enum fate (*fate)(struct message *message);	/* may set arrives and delay, too */
	void (*step)(struct world *world);	/* after each step; NULL: nothing */
	double fork_time;		/* how long a forked process takes */
	double silent_until;		/* Consul neither hears nor says anything */
	uint64_t seed, random;

	unsigned long promoted_epoch;	/* the highest so far */
	unsigned long void_epoch;	/* up to here the lock was torn from its holder's hands */
	struct { unsigned long epoch; unsigned session; } locks[WORLD_LOCKS];	/* a ring */
	unsigned long locked;		/* how often the lock was taken */
	bool forgiving;			/* epochs are not checked */

	char trace[WORLD_TRACE][WORLD_LINE];
	unsigned long steps;
	unsigned long traced;
};

static struct world *the_world;

#define WORLD_NEVER INFINITY
#define WORLD_LATENCY 0.001

/* ---- words ---- */

static inline void world_note(struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static inline void world_note(struct world *world, const char *format, ...)
{
	char *line = world->trace[world->traced++ % WORLD_TRACE];
	int used = snprintf(line, WORLD_LINE, "%10.4f  ", world->now);
	va_list args;

	va_start(args, format);
	vsnprintf(line + used, (size_t)(WORLD_LINE - used), format, args);
	va_end(args);
}

static inline void world_print_trace(const struct world *world)
{
	unsigned long from = world->traced > WORLD_TRACE ? world->traced - WORLD_TRACE : 0;

	for (unsigned long i = from; i < world->traced; i++)
		print_error("%s\n", world->trace[i % WORLD_TRACE]);
	for (size_t i = 0; i < WORLD_CANDIDATES; i++) {
		const struct sim_candidate *candidate = &world->candidates[i];
		const struct election *election = &candidate->election;

		print_error("%s: %s, session %s, sees \"%s\"%s, bound %d, primary %d, order %d, "
			    "able %d, refused %d\n",
			    candidate->id, election_state_name(election->state),
			    election->session.id ? election->session.id : "none",
			    election->lock.view.session,
			    election->lock.view.known ? "" : " (old)", candidate->user.bound,
			    candidate->user.primary, candidate->user.order, election->candidate.able,
			    election->leading.epoch_refused);
	}
}

static inline void world_print_keys(const struct world *world)
{
	for (size_t i = 0; i < SIM_KEYS; i++) {
		const struct sim_key *key = &world->consul.keys[i];

		if (key->value)
			print_error("%s (%lu, session %x): %s\n", key->key, key->modified,
				    key->session, key->value);
	}
}

/* Routine requests would hide the others in the trace. */
static inline bool is_routine(const char *path)
{
	return strstr(path, "/renew/") || strstr(path, "/pass/");
}

/* Reports a broken invariant, with the newest part of the trace. */
static inline void world_fail(const struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static inline void world_fail(const struct world *world, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	world_print_trace(world);
	world_print_keys(world);
	fail_msg("%s  (SEED=%llu, step %lu)", text, (unsigned long long)world->seed, world->steps);
}

/* The program's log is part of it. */
#define WORLD_LOG(level) \
	void __wrap_log_##level(const char *format, ...) __attribute__((format(printf, 1, 2))); \
	void __wrap_log_##level(const char *format, ...) \
	{ \
		char text[WORLD_LINE]; \
		va_list args; \
		va_start(args, format); \
		vsnprintf(text, sizeof text, format, args); \
		va_end(args); \
		world_note(the_world, "%s " #level ": %s", the_world->current->id, text); \
	}
WORLD_LOG(debug)
WORLD_LOG(info)
WORLD_LOG(warn)
WORLD_LOG(error)

/* ---- chance ---- */

static inline uint64_t world_random(struct world *world)
{
	uint64_t x = world->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	world->random = x;
	return x * 2685821657736338717u >> 11;
}

/* Evenly in [0, 1). */
static inline double world_chance(struct world *world)
{
	return ldexp((double)world_random(world), -53);
}

static inline bool world_happens(struct world *world, double probability)
{
	return world_chance(world) < probability;
}

ssize_t __wrap_getrandom(void *bytes, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *bytes, size_t size, unsigned flags)
{
	(void)flags;
	for (size_t i = 0; i < size; i++)
		((unsigned char *)bytes)[i] = (unsigned char)world_random(the_world);
	return (ssize_t)size;
}

/* ---- clocks ---- */

static inline double candidate_now(const struct sim_candidate *candidate)
{
	return candidate->clock_offset + candidate->clock_rate * candidate->world->now;
}

/* When that is by the world's clock. */
static inline double candidate_when(const struct sim_candidate *candidate, double time)
{
	return (time - candidate->clock_offset) / candidate->clock_rate;
}

double __wrap_monotonic_now(void);
double __wrap_monotonic_now(void) { return candidate_now(the_world->current); }
double __wrap_boottime_now(void);
double __wrap_boottime_now(void) { return candidate_now(the_world->current); }

#define WORLD_EPOCH 1700000000
time_t __wrap_time(time_t *now);
time_t __wrap_time(time_t *now)
{
	time_t seconds = WORLD_EPOCH + (time_t)the_world->now;

	if (now)
		*now = seconds;
	return seconds;
}

/* ---- timers ---- */

void __wrap_timer_init(struct timer *timer, struct loop *loop, timer_fn *fn);
void __wrap_timer_init(struct timer *timer, struct loop *loop, timer_fn *fn)
{
	*timer = (struct timer){ .loop = loop, .fn = fn };
}

bool __wrap_timer_is_set(const struct timer *timer);
bool __wrap_timer_is_set(const struct timer *timer) { return timer->ev.active; }

void __wrap_timer_stop(struct timer *timer);
void __wrap_timer_stop(struct timer *timer)
{
	struct world *world = the_world;

	for (size_t i = 0; i < world->timer_count; i++)
		if (world->timers[i] == timer)
			world->timers[i] = world->timers[--world->timer_count];
	timer->ev.active = 0;
}

void __wrap_timer_set(struct timer *timer, double seconds);
void __wrap_timer_set(struct timer *timer, double seconds)
{
	struct world *world = the_world;

	__wrap_timer_stop(timer);
	if (world->timer_count == WORLD_TIMERS)
		world_fail(world, "too many timers");
	world->timers[world->timer_count++] = timer;
	timer->ev.active = 1;
	timer->ev.at = candidate_now(container_of(timer->loop, struct sim_candidate, loop)) +
		       fmax(seconds, 0);
}

static inline struct sim_candidate *timer_owner(const struct timer *timer)
{
	return container_of(timer->loop, struct sim_candidate, loop);
}

/* ---- the forked writer ---- */

static inline void process_ends(struct timer *timer)
{
	struct process *process = container_of(timer, struct process, sweep);

	process->group = 0;
	process->on_gone(process);
}

/* `run` has its effect at once, but the process takes world->fork_time. */
bool __wrap_process_fork(struct process *process, struct loop *loop, process_run_fn *run,
			 void *argument, struct error *error);
bool __wrap_process_fork(struct process *process, struct loop *loop, process_run_fn *run,
			 void *argument, struct error *error)
{
	(void)error;
	process->status = run(argument) << 8;
	process->group = 1;
	list_init(&process->link);
	timer_init(&process->sweep, loop, process_ends);
	__wrap_timer_set(&process->sweep, the_world->fork_time);
	return true;
}

void __wrap_offload_start(struct offload *offload, struct loop *loop);
void __wrap_offload_start(struct offload *offload, struct loop *loop)
{
	(void)loop;
	offload->run(offload);
	offload->on_done(offload);
}

/* ---- the dead man ---- */

static inline struct sim_candidate *deadman_owner(struct deadman *deadman)
{
	return container_of(container_of(deadman, struct election, leading.deadman), struct sim_candidate,
			    election);
}

bool __wrap_deadman_init(struct deadman *deadman, struct error *error);
bool __wrap_deadman_init(struct deadman *deadman, struct error *error)
{
	(void)error;
	deadman->made = true;
	deadman_owner(deadman)->deadman = WORLD_NEVER;
	return true;
}

void __wrap_deadman_set(struct deadman *deadman, double deadline);
void __wrap_deadman_set(struct deadman *deadman, double deadline)
{
	assert_true(deadman->made);
	deadman_owner(deadman)->deadman = deadline;
}

void __wrap_deadman_stop(struct deadman *deadman);
void __wrap_deadman_stop(struct deadman *deadman)
{
	deadman_owner(deadman)->deadman = WORLD_NEVER;
}

void __wrap_deadman_release(struct deadman *deadman);
void __wrap_deadman_release(struct deadman *deadman)
{
	if (deadman->made)
		__wrap_deadman_stop(deadman);
	deadman->made = false;
}

/* ---- requests ---- */

static inline void message_free(struct message *message)
{
	list_remove(&message->link);
	free(message->method);
	free(message->path);
	free(message->body);
	buf_release(&message->answer.body);
	free(message);
}

static inline struct message *message_of(const struct http_request *request)
{
	list_each(node, &the_world->messages) {
		struct message *message = list_entry(node, struct message, link);

		if (message->request == request)
			return message;
	}
	return NULL;
}

bool __wrap_http_is_busy(const struct http_request *request);
bool __wrap_http_is_busy(const struct http_request *request) { return request->http; }

void __wrap_http_cancel(struct http_request *request);
void __wrap_http_cancel(struct http_request *request)
{
	struct message *message = request->http ? message_of(request) : NULL;

	request->http = NULL;
	if (!message)
		return;
	message->request = NULL;
	if (message->fate == FATE_LOST || (message->answer.status && message->replied == WORLD_NEVER))
		message_free(message);		/* nothing will come of it */
}

void __wrap_http_send(struct http *http, struct http_request *request);
void __wrap_http_send(struct http *http, struct http_request *request)
{
	struct sim_candidate *from = container_of(http->loop, struct sim_candidate, loop);
	struct world *world = from->world;
	struct message *message = NEW(struct message);
	const char *path = strstr(request->url, "/v1/");
	AUTOFREE char *wait = sim_parameter(path, "wait");
	AUTOFREE char *index = sim_parameter(path, "index");

	__wrap_http_cancel(request);
	request->http = http;
	*message = (struct message){
		.number = ++world->asked, .from = from, .life = from->life, .request = request,
		.method = copy_string(request->method),
		.path = copy_string(path), .body = copy_string(request->body ? request->body : ""),
		.sent = candidate_now(from),
		.given_up = candidate_now(from) + request->timeout,
		.arrives = world->now + WORLD_LATENCY, .delay = WORLD_LATENCY,
		.replied = WORLD_NEVER,
		.waits_until = index ? world->now + sim_duration(wait) * 17 / 16 : world->now,
		.answer.body = BUF_INIT,
	};
	list_append(&world->messages, &message->link);
	if (world->fate)
		message->fate = world->fate(message);
	if (from->cut_until > world->now || world->silent_until > world->now)
		message->fate = FATE_LOST;
	if (!is_routine(path) || message->fate)
		world_note(world, "%s asks (%d) %s %s%s%.60s", from->id, message->fate, message->method, message->path,
		   message->body[0] ? " " : "", message->body);
}

/* By which of its sessions an answer is a proof, if it is a good one; 0: none.  That a session lives
 * protects by the lock delay; without one only what puts its end off does. */
static inline unsigned message_session(struct message *message)
{
	static const char pattern[] = "00000000-0000-0000-0000-";
	const struct { const char *path, *text; } rows[] = {
		{ "/v1/session/renew/", message->path },
		{ "/v1/session/create", message->answer.body.data },
		{ "/v1/txn", message->body },
	};
	size_t count = message->from->config.lock_delay > 0 ? 3 : 2;
	unsigned number = 0;

	for (size_t i = 0; i < count; i++) {
		const char *at = strstr(rows[i].text, pattern);

		if (at && !strncmp(message->path, rows[i].path, strlen(rows[i].path)))
			sscanf(at + strlen(pattern), "%12x", &number);
	}
	return number;
}

static inline void message_prove(struct message *message)
{
	struct sim_consul *consul = &message->from->world->consul;
	unsigned number = message_session(message);
	const char *holder = strstr(message->answer.body.data, "\"Session\":\"");

	if (number)
		consul->sessions[number].proof = fmax(consul->sessions[number].proof,
						      message->sent);
	if (number || !holder)
		return;
	sscanf(holder, "\"Session\":\"00000000-0000-0000-0000-%12x", &number);
	if (consul->sessions[number].owner == message->from->number)
		consul->sessions[number].proof = fmax(consul->sessions[number].proof,
						      consul->sessions[number].applied);
}

/* Its answer, or that there is none: 0. */
static inline void message_end(struct message *message, long status, const char *text)
{
	struct sim_candidate *from = message->from;
	struct http_request *request = message->request;

	message->request = NULL;
	if (!request)
		return;
	from->world->current = from;
	request->http = NULL;
	request->status = status;
	request->index = status ? message->answer.index : 0;
	request->error.text[0] = '\0';
	if (!status)
		snprintf(request->error.text, sizeof request->error.text, "%s", text);
	if (!request->reply.data)
		request->reply = (struct buf)BUF_INIT;
	buf_clear(&request->reply);
	if (status)
		buf_add(&request->reply, text);
	if (status == 200)
		message_prove(message);
	if (!is_routine(message->path) || status != 200)
		world_note(from->world, "%s hears %ld of %s %s", from->id, status,
			   message->method, message->path);
	request->on_reply(request);
}

/* Consul gets it, or looks again whether there is something new. */
static inline void message_serve(struct message *message)
{
	struct sim_candidate *from = message->from;
	struct world *world = from->world;
	struct sim_question question = {
		.method = message->method, .path = message->path, .body = message->body,
		.who = from->number, .former = message->life != from->life,
		.denied = from->denied_until > world->now,
		.unknown = from->unknown_until > world->now,
		.waited = world->now >= message->waits_until,
	};

	message->seen = world->consul.index;
	if (message->fate == FATE_SAYS) {
		sim_say(&message->answer, message->says.status, "%s", message->says.text);
		message->answer.index = world->consul.index;
	} else if (message->fate == FATE_ERROR) {
		sim_say(&message->answer, 500, "rpc error making call: EOF");
	} else {
		sim_serve(&world->consul, &question, &message->answer);
	}
	if (!message->answer.status)
		return;
	if (message->answer.status == 200 && message_session(message))
		world->consul.sessions[message_session(message)].applied = message->sent;
	if (message->answer.status >= 400 && message->answer.status != 404)
		message->answer.index = 1;	/* as Consul's errors have */
	message->replied = message->fate == FATE_UNANSWERED ? WORLD_NEVER
							    : world->now + message->delay;
}

#endif
