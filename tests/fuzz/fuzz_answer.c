/* Input: a byte that selects a reader of Consul's answers, and the answer.  Of the readers of sets
 * the answer may be two, separated by a NUL: an older and a newer one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "config/config.h"
#include "consul/agent.h"
#include "consul/answer.h"
#include "consul/election/lock.h"
#include "consul/watch/answer_set.h"
#include "consul/watch/blocking_query.h"
#include "consul/watch/fingerprint.h"
#include "template/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEY "service/db/leader"

static void require(bool truth)
{
	if (!truth)
		__builtin_trap();
}

static json_t *parse(const char *text, size_t size)
{
	json_error_t where;

	return json_loadb(text, size, JSON_DECODE_ANY, &where);
}

/* ---- sets ---- */

static void require_document(const struct event *event, enum watch_kind kind, const json_t *before,
			     const json_t *now)
{
	CLEANUP(json_decrefp) json_t *document = answer_set_document(event, kind, before, now);
	AUTOFREE char *text = document ? json_dumps(document, 0) : NULL;

	require(text != NULL);
}

static void try_set(enum watch_kind kind, const json_t *older, const json_t *newer)
{
	static const enum topic topics[] = { TOPIC_SERVICE, TOPIC_KEYS, TOPIC_KEYS };
	const struct blocking_query query = {
		.path = "/v1/x", .topic = topics[kind], .subject = "a", .prefix = kind == WATCH_PREFIX,
		.identity = answer_set_identity(kind),
	};
	struct source source = { .name = (char *)"watch.a" };
	const struct event event = { .source = &source, .code = EVENT_CHANGED };
	struct error error = ERROR_INIT, second = ERROR_INIT;
	CLEANUP(json_decrefp) json_t *before = answer_set_read(kind, older, &error);
	CLEANUP(json_decrefp) json_t *now = answer_set_read(kind, newer, &second);
	CLEANUP(json_decrefp) json_t *both = NULL, *rights = NULL;

	require(!before == (error.text[0] != '\0') && !now == (second.text[0] != '\0'));
	if (!before || !now)
		return;
	require(answer_set_equal(now, now));
	require_document(&event, kind, before, now);
	require_document(&event, kind, NULL, now);
	both = blocking_query_keep(&query, before, now);
	require(json_array_size(both) >= json_array_size(now));
	rights = blocking_query_rights(&query, both);
	require(json_array_size(rights) <= 64);
}

/* ---- fingerprints ---- */

static void try_fingerprint(enum fingerprint_kind kind, const json_t *older, const json_t *newer)
{
	struct error error = ERROR_INIT, second = ERROR_INIT;
	CLEANUP(json_decrefp) json_t *before = fingerprint_read(kind, older, &error);
	CLEANUP(json_decrefp) json_t *now = fingerprint_read(kind, newer, &second);
	CLEANUP(json_decrefp) json_t *changes = NULL, *none = NULL;

	require(!before == (error.text[0] != '\0') && !now == (second.text[0] != '\0'));
	if (!before || !now)
		return;
	changes = fingerprint_changes(before, now);
	none = fingerprint_changes(now, now);
	require(json_object_size(none) == 0);
	fingerprint_has(changes, "service", "a");
	fingerprint_has_any(changes, "node");
}

/* ---- answers for templates ---- */

static void try_dependency(enum dependency_kind kind, json_t *body)
{
	struct dependency dependency;
	struct error error = ERROR_INIT;
	json_t *value;

	if (!dependency_parse(kind, kind == DEPENDENCY_SERVICES || kind == DEPENDENCY_NODES ||
			      kind == DEPENDENCY_DATACENTERS ? "" : "a", &dependency, &error))
		return;
	value = reply_convert(&dependency, body);
	if (value) {
		AUTOFREE char *text = json_dumps(value, JSON_ENCODE_ANY);

		require(text != NULL || kind >= DEPENDENCY_KEY);	/* values of keys may be any bytes */
	}
	json_decref(value);
}

/* ---- locks ---- */

/* UTF-8 without control characters, and terminated. */
static void require_text(const char text[LOCK_TEXT])
{
	size_t length = strnlen(text, LOCK_TEXT);
	json_t *string;

	require(length < LOCK_TEXT);
	string = json_string(text);
	require(string != NULL);
	json_decref(string);
	for (size_t i = 0; i < length; i++)
		require((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static void try_lock(const json_t *answer)
{
	struct lock_view view;

	lock_read(answer, KEY, &view);
	require_text(view.session);
	require_text(view.id);
	require_text(view.address);
	require_text(view.to);
	require_text(view.paused_by);
	require_text(view.request.leader);
	require_text(view.request.to);
	require_text(view.request.by);
	require(strnlen(view.request.action, sizeof view.request.action) < sizeof view.request.action);
	require(view.epoch <= view.modified);
	lock_is_fresh(&view.request);
}

static const char *encode(const char *text, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static char out[8192];
	size_t used = 0;

	for (size_t i = 0; i < size && used < sizeof out - 8; i += 3) {
		unsigned long three = (unsigned long)(unsigned char)text[i] << 16 |
			(i + 1 < size ? (unsigned long)(unsigned char)text[i + 1] << 8 : 0) |
			(i + 2 < size ? (unsigned char)text[i + 2] : 0);

		for (int shift = 18; shift >= 0; shift -= 6)
			out[used++] = digits[three >> shift & 63];
		if (i + 1 >= size)
			out[used - 2] = '=';
		if (i + 2 >= size)
			out[used - 1] = '=';
	}
	out[used] = '\0';
	return out;
}

/* The text as the value of the lock, of its request, and of its pause. */
static void try_values(const char *text, size_t size)
{
	static const char *const keys[] = { KEY, KEY "/request", KEY "/pause" };
	CLEANUP(json_decrefp) json_t *answer = json_array();

	for (size_t i = 0; i < 3; i++) {
		json_array_append_new(answer, json_pack("{ss ss si ss}", "Key", keys[i], "Value",
			encode(text, size), "ModifyIndex", 7, "Session", "01234567-89ab-cdef-0123-456789abcdef"));
		try_lock(answer);
	}
}

static void try_receipt(const char *text, size_t size)
{
	struct agent_request request = { .http.reply = BUF_INIT };
	json_t *receipt;

	buf_append(&request.http.reply, text, size);
	receipt = agent_receipt(&request);
	answer_text(receipt, "ID");
	json_decref(receipt);
	buf_release(&request.http.reply);
}

/* ---- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1, *middle;
	CLEANUP(json_decrefp) json_t *older = NULL, *newer = NULL;
	unsigned kind;

	if (!size--)
		return 0;
	kind = data[0] >> 3;
	middle = memchr(text, '\0', size);
	older = parse(text, middle ? (size_t)(middle - text) : size);
	newer = middle ? parse(middle + 1, size - (size_t)(middle - text) - 1) : json_incref(older);
	switch (data[0] & 7) {
	case 0: try_set(kind % (WATCH_PREFIX + 1), older, newer); break;
	case 1: try_fingerprint(kind % FINGERPRINT_KINDS, older, newer); break;
	case 2: try_dependency(kind % DEPENDENCY_FILE, older); break;
	case 3: try_lock(older); break;
	case 4: try_values(text, size); break;
	case 5: try_receipt(text, size); break;
	}
	return 0;
}
