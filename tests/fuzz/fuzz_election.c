/* Input: what goes wrong in an election of three candidates (tests/unit/sim_run.h), in virtual time.
 *
 * The first byte selects the profile, and whether Consul lies.  Then each byte is an action: a fault
 * of test_election_walk.c, a value that another program writes, an answer, or the passing of time.
 *
 * Oracle: the guarantees G1 to G6 of election.h as sim_user.h checks them after each step, and a
 * leader soon after the last fault.  A Consul that lies confirms what it has not done; then
 * only the order of calls is checked (G3, G4, I5, I9), and that every candidate can leave.
 *
 * options: -max_len=1024
 */
#define main walk_main
int walk_main(void);
#include "../unit/test_election_walk.c"
#undef main

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	ACTIONS_MOST = 48, TEXTS_MOST = 64, STEPS_MOST = 40,
	FAULTS = sizeof faults / sizeof *faults,
};

static struct input {
	const uint8_t *at, *end;
	char *texts[TEXTS_MOST];	/* that messages point into */
	size_t text_count;
	struct { const char *what, *text; long status; int times; } says;
	bool lies;
} input;

static unsigned take(void)
{
	return input.at < input.end ? *input.at++ : 0;
}

/* Up to the next NUL.  Without session ids, by which the simulation keeps its books. */
static const char *take_text(void)
{
	const uint8_t *end = memchr(input.at, '\0', (size_t)(input.end - input.at));
	size_t length = (size_t)((end ? end : input.end) - input.at);
	char *text;

	if (input.text_count == TEXTS_MOST)
		return "";
	text = copy_bytes((const char *)input.at, length);
	input.at += length + (end != NULL);
	if (strstr(text, "00000000-0000"))
		*text = '\0';
	return input.texts[input.text_count++] = text;
}

/* ---- actions ---- */

static void act_value(struct world *world)
{
	static const char *const keys[] = { LOCK, LOCK "/request", LOCK "/pause" };
	const char *key = keys[take() % 3];

	sim_put(&world->consul, key, take_text());
}

static enum fate answered(struct message *message)
{
	if (!input.says.times || !strstr(message->path, input.says.what))
		return troubled(message);
	input.says.times--;
	message->says.status = input.says.status;
	message->says.text = input.says.text;
	return FATE_SAYS;
}

static void act_answer(struct world *world)
{
	static const char *const paths[] = {
		"/v1/", "/v1/session/renew/", "/v1/session/create", "/v1/session/info/", "/v1/txn",
		"/v1/kv/", "/v1/agent/check/", "/v1/session/node", "/v1/agent/service/register",
	};
	static const long statuses[] = { 500, 404, 403, 429, 400, 503, 301, 200 };
	unsigned which = take();

	(void)world;
	input.says.what = paths[which % (sizeof paths / sizeof *paths)];
	input.says.status = statuses[take() % (input.lies ? 8 : 7)];
	input.says.times = (int)(take() % 8);
	input.says.text = take_text();
}

static void act_time(struct world *world)
{
	static const double spans[] = { 0.001, 0.02, 0.1, 0.5, 1, 3, 8, 25 };
	double end = world->now + spans[take() % 8];
	int steps = 0;

	while (steps++ < 10 * STEPS_MOST && world_step(world, end))
		;
}

static void act(struct world *world)
{
	static void (*const actions[])(struct world *) = { act_value, act_answer, act_time, act_time };
	unsigned action = take() % (FAULTS + sizeof actions / sizeof *actions);

	world->random = (uint64_t)(take() | take() << 8) * 2654435769u + 88172645463325252u;
	if (action < FAULTS)
		faults[action](world);
	else
		actions[action - FAULTS](world);
	for (int i = 0; i < STEPS_MOST && world_step(world, world->now + 5); i++)
		;
}

/* ---- worlds ---- */

/* Nothing that Consul says is a proof, and no epoch means anything. */
static void allow_lies(struct world *world)
{
	world->forgiving = true;
	world->void_epoch = ULONG_MAX;
	world->consul.sessions[0].proof = INFINITY;
}

static void leave_all(struct world *world)
{
	heal(world);
	for (size_t i = 0; i < WORLD_CANDIDATES; i++) {
		struct sim_candidate *candidate = &world->candidates[i];

		world->current = candidate;
		if (!candidate->running)
			continue;
		candidate->user.demote_time = candidate->user.fence_time = 0.1;
		election_leave(&candidate->election, REASON_SHUTDOWN, 4);
	}
	world_run(world, 90);
	for (size_t i = 0; i < WORLD_CANDIDATES; i++)
		if (world->candidates[i].running && !world->candidates[i].user.stopped)
			world_fail(world, "%s does not stop", world->candidates[i].id);
}

static void recover(struct world *world)
{
	const struct sim_key *key = sim_find_key(&world->consul, LOCK);

	if (sim_key_exists(key) && !key->session)
		sim_delete(&world->consul, LOCK, SIM_BY_OTHERS);
	check_recovery(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *world;
	unsigned first;

	input = (struct input){ .at = data, .end = data + size };
	first = take();
	input.lies = first & 0x80;
	world = new_walk(first & 0x7f);
	world->fate = answered;
	if (input.lies)
		allow_lies(world);
	for (int i = 0; i < ACTIONS_MOST && input.at < input.end; i++)
		act(world);
	input.says.times = 0;
	if (input.lies)
		leave_all(world);
	else
		recover(world);
	world_free(world);
	while (input.text_count)
		free(input.texts[--input.text_count]);
	return 0;
}
