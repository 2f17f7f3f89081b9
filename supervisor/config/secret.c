#include "secret.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "config.h"

#define SHOWN "(secret)"
#define LEAST_PART 6		/* the shortest beginning of a secret that counts as one */

void secret_collect(const json_t *tree, struct strv *secrets)
{
	static const char *const keys[] = { "token", "auth" };
	const json_t *consul = json_object_get(tree, "consul"),
		     *address = json_is_string(consul) ? consul : json_object_get(consul, "address");
	const char *text = json_string_value(address), *at = text ? strchr(text, '@') : NULL;

	/* Without a scheme it does not look like a URL. */
	if (at && at > text && !strstr(text, "://"))
		strv_push_taken(secrets, copy_bytes(text, (size_t)(at - text)));
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *value = json_string_value(json_object_get(consul, keys[i]));

		if (value && *value)
			strv_push(secrets, value);
	}
}

/* The length of the longest secret that begins here; with `parts`, of the beginning of one. */
static size_t match(const struct strv *secrets, const char *text, bool parts)
{
	size_t longest = 0;

	for (size_t i = 0; i < secrets->count; i++) {
		const char *secret = secrets->items[i];
		size_t size = strlen(secret), same = 0;

		while (same < size && text[same] == secret[same])
			same++;
		if ((same == size || (parts && same >= LEAST_PART)) && same > longest)
			longest = same;
	}
	return longest;
}

/* The length of "user:password" if the text is behind the "://" of a URL with it, else 0. */
static size_t match_userinfo(const char *start, const char *text)
{
	size_t size = strcspn(text, "/?# \t\n\"'<>@");

	return text - start >= 3 && !memcmp(text - 3, "://", 3) && text[size] == '@' ? size : 0;
}

static void hide(const struct strv *secrets, bool parts, const char *text, struct buf *out)
{
	const char *start = text;

	while (*text) {
		size_t size = match_userinfo(start, text);

		if (!size)
			size = match(secrets, text, parts);
		if (size)
			buf_add(out, SHOWN);
		else
			buf_add_char(out, *text);
		text += size ? size : 1;
	}
}

static bool is_loopback(const char *host)
{
	size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");

	return (length == 9 && !strncasecmp(host, "localhost", 9)) ||
	       (length == 5 && !strncmp(host, "[::1]", 5)) ||
	       (!strncmp(host, "127.", 4) && strspn(host, "0123456789.") == length);
}

bool secret_is_sent_openly(const struct consul_config *consul)
{
	return (consul->token || consul->token_file || consul->auth) &&
	       !strncmp(consul->address, "http://", 7) && !is_loopback(consul->address + 7);
}

void secret_unset(struct strv *env)
{
	static const char *const names[] = {
		"CONSUL_HTTP_TOKEN", "CONSUL_HTTP_TOKEN_FILE", "CONSUL_HTTP_AUTH",
		"CONSUL_HTTP_AUTH_FILE",
	};
	const char *address = strv_get(env, "CONSUL_HTTP_ADDR");
	const char *host = address ? strstr(address, "://") : NULL;
	size_t size = host ? match_userinfo(address, host + 3) : 0;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		strv_unset(env, names[i]);
	if (size) {
		AUTOFREE char *clean = format_string("%.*s%s", (int)(host + 3 - address), address,
						     host + 3 + size + 1);

		strv_set(env, "CONSUL_HTTP_ADDR", clean);
	}
}

void secret_hide(const struct strv *secrets, struct buf *text)
{
	struct buf out = BUF_INIT;

	hide(secrets, false, text->data, &out);
	buf_release(text);
	*text = out;
}

void secret_hide_in_messages(const struct strv *secrets, struct strv *messages)
{
	for (size_t i = 0; i < messages->count; i++) {
		struct buf out = BUF_INIT;

		hide(secrets, true, messages->items[i], &out);
		free(messages->items[i]);
		messages->items[i] = buf_take(&out);
	}
}

/* NULL: the value contains no secret. */
static json_t *hidden(const struct strv *secrets, json_t *value)
{
	struct buf text = BUF_INIT, out = BUF_INIT;
	json_t *shown = NULL;

	if (json_is_string(value))
		buf_add(&text, json_string_value(value));
	else if (json_is_integer(value))
		buf_print(&text, "%lld", (long long)json_integer_value(value));
	hide(secrets, false, text.data, &out);
	if (strcmp(text.data, out.data))
		shown = json_string(out.data);
	buf_release(&text);
	buf_release(&out);
	return shown;
}

void secret_hide_in_tree(const struct strv *secrets, json_t *tree)
{
	const char *key;
	json_t *value, *shown;
	void *next;
	size_t i;

	json_object_foreach_safe(tree, next, key, value) {
		shown = hidden(secrets, value);
		secret_hide_in_tree(secrets, value);
		if (shown)
			json_object_set_new(tree, key, shown);
	}
	json_array_foreach(tree, i, value) {
		shown = hidden(secrets, value);
		secret_hide_in_tree(secrets, value);
		if (shown)
			json_array_set_new(tree, i, shown);
	}
}
