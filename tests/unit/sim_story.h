/* sim_story.h - for unit tests: words in which stories of elections are told. */
#ifndef SIM_STORY_H
#define SIM_STORY_H

#include "sim_run.h"

#define LOCK "service/db/leader"

static inline struct world *new_world(const struct election_config *config, int candidates)
{
	struct world *world = world_new(config, 1);

	for (int i = 0; i < candidates; i++)
		candidate_start(&world->candidates[i]);
	return world;
}

static inline struct sim_candidate *leader_of(const struct world *world)
{
	for (size_t i = 0; i < WORLD_CANDIDATES; i++)
		if (world->candidates[i].running &&
		    world->candidates[i].election.state == ELECTION_LEADER)
			return (struct sim_candidate *)&world->candidates[i];
	return NULL;
}

static inline bool has_leader(const struct world *world) { return leader_of(world); }
static inline bool has_none(const struct world *world) { return !leader_of(world); }

static inline struct sim_candidate *await_leader(struct world *world, double seconds)
{
	if (!world_await(world, has_leader, seconds))
		world_fail(world, "no leader after %g s", seconds);
	world_run(world, 0.5);		/* the value is written, and all candidates have seen it */
	if (has_none(world))
		world_fail(world, "whoever led does so no more");
	return leader_of(world);
}

static inline const char *value_of(struct world *world)
{
	const struct sim_key *key = sim_find_key(&world->consul, LOCK);

	return key && key->value ? key->value : "";
}

static inline unsigned promotions(const struct world *world)
{
	unsigned count = 0;

	for (size_t i = 0; i < WORLD_CANDIDATES; i++)
		count += world->candidates[i].user.orders[ORDER_PROMOTE];
	return count;
}

/* Makes a session of an owner that is no running candidate; returns its number. */
static inline unsigned make_session(struct world *world, const char *name)
{
	AUTOFREE char *body = format_string("{\"Name\":\"%s\",\"TTL\":\"24h\"}", name);
	struct sim_answer answer = { .body = BUF_INIT };

	sim_serve(&world->consul, &(struct sim_question){
		.method = "PUT", .path = "/v1/session/create", .body = body, .who = 2 }, &answer);
	assert_int_equal(answer.status, 200);
	buf_release(&answer.body);
	return world->consul.session_count - 1;
}

static inline void hold_lock(struct world *world, const char *value)
{
	unsigned session = make_session(world, "somebody");

	sim_put(&world->consul, LOCK, value);
	sim_find_key(&world->consul, LOCK)->session = session;
}

#endif
