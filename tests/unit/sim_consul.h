/* sim_consul.h - for unit tests: a model of Consul, as far as elections use it.
 *
 * One agent and its servers in one: services with TTL checks, sessions, keys with locks, lock
 * delays, indexes, transactions.  It has no network and no clock: the caller passes the time
 * (sim_serve), and lets the model reach that time first (sim_expire).  Status codes and bodies
 * are those of Consul 1.8.7, as tried; so are the effects on its indexes of a lock delay, of a plain
 * PUT on a locked key, and of the same lock taken twice.
 *
 * A session ends at twice its TTL, as Consul's do.  `on_lock` and `on_unlock` learn whose lock was
 * taken or freed, and how; there a test checks the invariants of that instant. */
#ifndef SIM_CONSUL_H
#define SIM_CONSUL_H

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

enum { SIM_KEYS = 16, SIM_CHECKS = 16, SIM_ID = 40 };

struct sim_key {
	char *key, *value;		/* key NULL: free.  value NULL: deleted */
	unsigned session;		/* the holder; 0: none */
	unsigned long created, modified, locks;
	double delayed;			/* the lock delay's end */
};

struct sim_check {
	char *service, *id;		/* NULL: free */
	double ttl, expires;
	bool passing;
};

struct sim_session {
	int owner;			/* for tests: the candidate that made it */
	bool alive;
	double ttl, lock_delay, expires;
	char *name, *check;		/* check: or NULL */
	/* By the owner's clock, when the newest request was sent that ... */
	double applied;			/* was served, and needs the session to live */
	double proof;			/* and that the owner knows of */
};

enum sim_cause { SIM_BY_HOLDER, SIM_BY_TIME, SIM_BY_OTHERS };

struct sim_consul {
	double now;
	unsigned long index;
	struct sim_key keys[SIM_KEYS];
	struct sim_check checks[SIM_CHECKS];
	struct sim_session *sessions;	/* the first is none */
	unsigned session_count;
	double ttl_min;
	bool leaderless;
	char *strange;			/* the first question that it does not know */
	void (*on_lock)(struct sim_consul *consul, const struct sim_key *key);
	void (*on_unlock)(struct sim_consul *consul, unsigned session, enum sim_cause cause);
};

struct sim_question {
	const char *method, *path, *body;	/* body: "" is none */
	int who;
	bool former;			/* in a former life of it, as which it cannot be blamed */
	bool unknown;			/* the token does not exist */
	bool denied;			/* it has no right to anything */
	bool waited;			/* for long enough: answer a blocking query at once */
};

struct sim_answer {
	long status;			/* 0: none yet, it waits */
	unsigned long index;
	struct buf body;
};

/* ---- small things ---- */

static inline char *sim_decode_base64(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	CLEANUP(buf_release) struct buf out = BUF_INIT;
	unsigned bits = 0, count = 0;

	for (; *text && *text != '='; text++) {
		bits = bits << 6 | (unsigned)(strchr(digits, *text) - digits);
		count += 6;
		if (count >= 8)
			buf_add_char(&out, (char)(bits >> (count -= 8)));
	}
	return buf_take(&out);
}

static inline char *sim_encode_base64(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	CLEANUP(buf_release) struct buf out = BUF_INIT;
	unsigned bits = 0, count = 0;

	for (; *text; text++) {
		bits = bits << 8 | (unsigned char)*text;
		for (count += 8; count >= 6;)
			buf_add_char(&out, digits[bits >> (count -= 6) & 63]);
	}
	if (count)
		buf_add_char(&out, digits[bits << (6 - count) & 63]);
	while (out.used % 4)
		buf_add_char(&out, '=');
	return buf_take(&out);
}

/* "10s", "1500ms", "1m30s": Go's durations. */
static inline double sim_duration(const char *text)
{
	static const struct { const char *name; double seconds; } units[] = {
		{ "ms", 1e-3 }, { "h", 3600 }, { "m", 60 }, { "s", 1 },
	};
	double sum = 0;

	while (text && *text) {
		char *end;
		double number = strtod(text, &end);
		size_t i = 0;

		while (i < 4 && strncmp(end, units[i].name, strlen(units[i].name)))
			i++;
		if (i == 4 || end == text)
			return -1;
		sum += number * units[i].seconds;
		text = end + strlen(units[i].name);
	}
	return sum;
}

/* The part of a path behind `prefix`, without its query and percent signs. */
static inline char *sim_rest(const char *path, const char *prefix)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT;

	for (path += strlen(prefix); *path && *path != '?'; path++) {
		unsigned code;

		if (*path == '%' && sscanf(path + 1, "%2x", &code) == 1) {
			buf_add_char(&out, (char)code);
			path += 2;
		} else {
			buf_add_char(&out, *path);
		}
	}
	return buf_take(&out);
}

/* NULL: not in the query. */
static inline char *sim_parameter(const char *path, const char *name)
{
	const char *at = strchr(path, '?');
	size_t size = strlen(name);

	for (; at; at = strchr(at + 1, '&')) {
		if (strncmp(at + 1, name, size) || !strchr("=&", at[1 + size]))
			continue;
		return at[1 + size] == '=' ? copy_bytes(at + 2 + size, strcspn(at + 2 + size, "&"))
					   : copy_string("");
	}
	return NULL;
}

static inline void sim_say(struct sim_answer *answer, long status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static inline void sim_say(struct sim_answer *answer, long status, const char *format, ...)
{
	va_list args;

	answer->status = status;
	buf_clear(&answer->body);
	va_start(args, format);
	buf_vprint(&answer->body, format, args);
	va_end(args);
}

/* ---- keys ---- */

static inline struct sim_key *sim_find_key(struct sim_consul *consul, const char *key)
{
	for (size_t i = 0; i < SIM_KEYS; i++)
		if (consul->keys[i].key && !strcmp(consul->keys[i].key, key))
			return &consul->keys[i];
	return NULL;
}

static inline struct sim_key *sim_make_key(struct sim_consul *consul, const char *name)
{
	struct sim_key *key = sim_find_key(consul, name);

	for (size_t i = 0; !key; i++)
		if (!consul->keys[i].key)
			key = &consul->keys[i];
	if (!key->key)
		key->key = copy_string(name);
	return key;
}

static inline bool sim_key_exists(const struct sim_key *key)
{
	return key && key->value;
}

static inline void sim_set(struct sim_consul *consul, struct sim_key *key, const char *value)
{
	if (!key->value)
		key->created = consul->index + 1;
	if (key->value && !strcmp(key->value, value))
		return;
	free(key->value);
	key->value = copy_string(value);
	key->modified = ++consul->index;
}

/* As `curl -X PUT`: the session stays, the count of locks does not. */
static inline void sim_put(struct sim_consul *consul, const char *name, const char *value)
{
	struct sim_key *key = sim_make_key(consul, name);

	key->locks = 0;
	sim_set(consul, key, value);
}

static inline void sim_free_lock(struct sim_consul *consul, struct sim_key *key,
				 enum sim_cause cause)
{
	unsigned session = key->session;

	key->session = 0;
	key->modified = ++consul->index;
	if (session && consul->on_unlock)
		consul->on_unlock(consul, session, cause);
}

static inline void sim_delete(struct sim_consul *consul, const char *name, enum sim_cause cause)
{
	struct sim_key *key = sim_find_key(consul, name);

	if (!sim_key_exists(key))
		return;
	sim_free_lock(consul, key, cause);
	key->value = (free(key->value), NULL);
	key->locks = 0;
}

/* ---- sessions ---- */

static inline struct sim_session *sim_find_session(struct sim_consul *consul, const char *id,
						   unsigned *number)
{
	unsigned found = 0;

	if (sscanf(id, "00000000-0000-0000-0000-%12x", &found) != 1 || !found ||
	    found >= consul->session_count || !consul->sessions[found].alive)
		return NULL;
	*number = found;
	return &consul->sessions[found];
}

static inline void sim_end_session(struct sim_consul *consul, unsigned number,
				   enum sim_cause cause)
{
	struct sim_session *session = &consul->sessions[number];

	session->alive = false;
	for (size_t i = 0; i < SIM_KEYS; i++) {
		struct sim_key *key = &consul->keys[i];

		if (!key->key || key->session != number)
			continue;
		key->delayed = consul->now + session->lock_delay;
		sim_free_lock(consul, key, cause);
	}
}

static inline void sim_end_by_check(struct sim_consul *consul, const char *check,
				    enum sim_cause cause)
{
	for (unsigned i = 1; i < consul->session_count; i++)
		if (consul->sessions[i].alive && consul->sessions[i].check &&
		    !strcmp(consul->sessions[i].check, check))
			sim_end_session(consul, i, cause);
}

static inline size_t sim_live_sessions(const struct sim_consul *consul, int owner)
{
	size_t count = 0;

	for (unsigned i = 1; i < consul->session_count; i++)
		count += consul->sessions[i].alive && consul->sessions[i].owner == owner;
	return count;
}

static inline struct sim_check *sim_find_check(struct sim_consul *consul, const char *id)
{
	for (size_t i = 0; i < SIM_CHECKS; i++)
		if (consul->checks[i].id && !strcmp(consul->checks[i].id, id))
			return &consul->checks[i];
	return NULL;
}

/* ---- time ---- */

static inline double sim_next_expiry(const struct sim_consul *consul)
{
	double next = INFINITY;

	for (unsigned i = 1; i < consul->session_count; i++)
		if (consul->sessions[i].alive && !consul->leaderless)
			next = fmin(next, consul->sessions[i].expires);
	for (size_t i = 0; i < SIM_CHECKS; i++)
		if (consul->checks[i].id && consul->checks[i].passing)
			next = fmin(next, consul->checks[i].expires);
	return next;
}

static inline void sim_expire(struct sim_consul *consul, double now)
{
	consul->now = now;
	for (size_t i = 0; i < SIM_CHECKS; i++) {
		struct sim_check *check = &consul->checks[i];

		if (!check->id || !check->passing || check->expires > now)
			continue;
		check->passing = false;
		sim_end_by_check(consul, check->id, SIM_BY_TIME);
	}
	for (unsigned i = 1; i < consul->session_count; i++)
		if (consul->sessions[i].alive && consul->sessions[i].expires <= now &&
		    !consul->leaderless)
			sim_end_session(consul, i, SIM_BY_TIME);
}

/* The cluster has lost its leader, or has one again: that one counts all sessions anew. */
static inline void sim_set_leaderless(struct sim_consul *consul, bool leaderless)
{
	if (consul->leaderless && !leaderless)
		for (unsigned i = 1; i < consul->session_count; i++)
			consul->sessions[i].expires = consul->now + 2 * consul->sessions[i].ttl;
	consul->leaderless = leaderless;
}

/* As a development agent that was started again. */
static inline void sim_lose_data(struct sim_consul *consul)
{
	for (unsigned i = 1; i < consul->session_count; i++)
		consul->sessions[i].alive = false;
	for (size_t i = 0; i < SIM_KEYS; i++) {
		free(consul->keys[i].key);
		free(consul->keys[i].value);
		consul->keys[i] = (struct sim_key){ 0 };
	}
	for (size_t i = 0; i < SIM_CHECKS; i++) {
		free(consul->checks[i].id);
		free(consul->checks[i].service);
		consul->checks[i] = (struct sim_check){ 0 };
	}
	consul->index = 1;
}

static inline void sim_consul_init(struct sim_consul *consul)
{
	*consul = (struct sim_consul){ .index = 10, .session_count = 1, .ttl_min = 10 };
	consul->sessions = NEW(struct sim_session);
}

static inline void sim_consul_release(struct sim_consul *consul)
{
	sim_lose_data(consul);
	for (unsigned i = 1; i < consul->session_count; i++) {
		free(consul->sessions[i].name);
		free(consul->sessions[i].check);
	}
	free(consul->sessions);
	free(consul->strange);
}

#endif
