/* template-cases FILE.json... - run cases of templates whose expected output came from Go.
 *
 * The files describe their own format.  Prints each failed case with its expected and its actual output;
 * the last line is "N passed, N failed".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "template/reply.h"
#include "template/template.h"

static const char *text_of(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* The fixture of a case as a provider. */
struct fixture {
	struct template_provider data;
	json_t *values;
};

static bool look_up(struct template_provider *self, const struct dependency *dependency,
		    const char *name, json_t **value)
{
	const struct fixture *fixture = (const struct fixture *)self;

	(void)dependency;
	*value = json_object_get(fixture->values, name);
	return *value;
}

static void complain(json_t *test, const char *what, const char *expected, const char *found)
{
	printf("%s: %s\n  expected: %s\n  found:    %s\n", text_of(test, "id"), what, expected, found);
}

static bool same_list(json_t *test, const char *key, const struct strv *found)
{
	json_t *list = json_object_get(test, key);
	AUTOFREE char *text = strv_join(found, " ");
	size_t count = json_array_size(list);
	bool same = count == found->count;

	for (size_t i = 0; same && i < count; i++)
		same = !strcmp(json_string_value(json_array_get(list, i)), found->items[i]);
	if (!same) {
		AUTOFREE char *expected = json_dumps(list, JSON_ENCODE_ANY);
		complain(test, key, expected ? expected : "[]", text);
	}
	return same;
}

static bool same_text(json_t *test, const struct buf *found)
{
	json_t *expect = json_object_get(test, "expect");
	bool same = json_string_length(expect) == found->used &&
		    !memcmp(json_string_value(expect), found->data, found->used);

	if (!same)
		complain(test, "output", json_string_value(expect), found->data);
	return same;
}

/* FILE:LINE:COL: */
static bool same_place(json_t *test, const struct error *error)
{
	json_t *line = json_object_get(test, "line");
	const char *colon = strchr(error->text, ':');
	long found = colon ? strtol(colon + 1, NULL, 10) : 0;
	AUTOFREE char *expected = format_string("an error in line %d", (int)json_integer_value(line));

	if (!json_is_integer(line) || found == json_integer_value(line))
		return true;
	complain(test, "place", expected, error->text);
	return false;
}

static bool judge(json_t *test, bool fine, const struct template_output *output,
		  const struct error *error)
{
	bool wrong = json_is_true(json_object_get(test, "error"));

	if (!fine && wrong)
		return same_place(test, error);
	if (!fine) {
		complain(test, "fails", text_of(test, "expect"), error->text);
		return false;
	}
	if (wrong) {
		complain(test, "does not fail", "an error", output->text.data);
		return false;
	}
	if (!same_text(test, &output->text))
		return false;
	return !strcmp(text_of(test, "profile"), "go") || strcmp(text_of(test, "profile"), "containerpilot") == 0 ||
	       (same_list(test, "used", &output->used) && same_list(test, "missing", &output->missing));
}

static time_t parse_time(const char *text)
{
	struct tm tm = { 0 };

	if (!text || !strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return 0;
	return timegm(&tm);
}

static void fill_environment(json_t *test, struct strv *env)
{
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(test, "env"), name, value)
		strv_push_taken(env, format_string("%s=%s", name, json_string_value(value)));
}

static struct template_options options_of(json_t *test)
{
	const char *profile = text_of(test, "profile"), *missing = text_of(test, "missingkey");
	struct template_options options = {
		.profile = !strcmp(profile, "go") ? TEMPLATE_GO :
			   !strcmp(profile, "containerpilot") ? TEMPLATE_CONFIG : TEMPLATE_CONSUL,
		.left = text_of(test, "left"), .right = text_of(test, "right"),
	};

	options.root = options.profile == TEMPLATE_GO ? "t" : NULL;
	options.missing_key = options.profile == TEMPLATE_GO ? MISSING_DEFAULT : MISSING_ZERO;
	if (missing)
		options.missing_key = !strcmp(missing, "error") ? MISSING_ERROR :
				      !strcmp(missing, "zero") ? MISSING_ZERO : MISSING_DEFAULT;
	return options;
}

static bool run_template(json_t *test)
{
	struct fixture fixture = { { look_up }, json_object_get(test, "consul") };
	CLEANUP(template_output_release) struct template_output output = { 0 };
	CLEANUP(strv_release) struct strv env = { 0 };
	struct template_options options = options_of(test);
	struct error error = ERROR_INIT;
	const char *denied[2] = {
		json_string_value(json_array_get(json_object_get(test, "function_denylist"), 0)),
	};
	json_t *text = json_object_get(test, "template");
	struct template *template = template_parse("t", json_string_value(text),
						   json_string_length(text), &options, &error);
	struct template_input input = {
		.dot = json_object_get(test, "data"), .dot_type = text_of(test, "data_kind"),
		.data = &fixture.data, .denied = denied, .now = parse_time(text_of(test, "now")),
	};
	bool fine;

	fill_environment(test, &env);
	input.env = env.items;
	fine = template && template_render(template, &input, &output, &error);
	template_free(template);
	return judge(test, fine, &output, &error);
}

/* Does `found` have all members of `expected`, with equal values? */
static bool matches(json_t *expected, json_t *found)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_null(expected) || (json_is_array(expected) && !json_array_size(expected)))
		return !found || json_is_null(found) || (json_is_array(found) && !json_array_size(found)) ||
		       (json_is_object(found) && !json_object_size(found));
	if (json_is_array(expected)) {
		if (json_array_size(expected) != json_array_size(found))
			return false;
		json_array_foreach(expected, i, value)
			if (!matches(value, json_array_get(found, i)))
				return false;
		return true;
	}
	if (!json_is_object(expected)) {
		bool zero = (json_is_string(expected) && !json_string_length(expected)) ||
			    (json_is_integer(expected) && !json_integer_value(expected)) ||
			    json_is_false(expected);

		return json_equal(expected, found) || (zero && (!found || json_is_null(found)));
	}
	/* Templates do not see the definition of a check. */
	json_object_foreach(expected, key, value)
		if (strcmp(key, "Definition") && !matches(value, json_object_get(found, key)))
			return false;
	return true;
}

static bool same_request(json_t *test, const struct dependency *dependency)
{
	CLEANUP(buf_release) struct buf found = BUF_INIT;
	CLEANUP(buf_release) struct buf expected = BUF_INIT;
	json_t *requests = json_object_get(test, "requests"), *value;
	json_t *request = json_array_get(requests, json_array_size(requests) - 1);
	const char *key;
	size_t parameters = 0, signs = 0;
	bool same;

	dependency_request(dependency, &found);
	buf_add(&expected, text_of(request, "path"));
	same = !strncmp(found.data, expected.data, expected.used) &&
	       (!found.data[expected.used] || found.data[expected.used] == '?');
	json_object_foreach(json_object_get(request, "params"), key, value) {
		AUTOFREE char *pair = format_string("%s=%s", key, json_string_value(value));

		if (!strcmp(key, "index") || !strcmp(key, "stale") || !strcmp(key, "wait"))
			continue;
		buf_print(&expected, "&%s", pair);
		same = same && strstr(found.data, pair);
		parameters++;
	}
	for (const char *c = found.data; *c; c++)
		signs += *c == '?' || *c == '&';
	same = same && signs == parameters;
	if (!same)
		complain(test, "request", expected.data, found.data);
	return same;
}

static bool same_answer(json_t *test, const struct dependency *dependency)
{
	json_t *responses = json_object_get(test, "responses");
	json_t *requests = json_object_get(test, "requests");
	json_t *request = json_array_get(requests, json_array_size(requests) - 1);
	json_t *answer = reply_convert(dependency, json_object_get(responses, text_of(request, "path")));
	bool same = matches(json_object_get(test, "expect"), answer);

	if (!same) {
		AUTOFREE char *expected = json_dumps(json_object_get(test, "expect"), JSON_ENCODE_ANY);
		AUTOFREE char *found = answer ? json_dumps(answer, JSON_ENCODE_ANY) : NULL;
		complain(test, "answer", expected, found ? found : "nothing");
	}
	json_decref(answer);
	return same;
}

static bool run_mapping(json_t *test)
{
	static const struct { const char *name; enum dependency_kind kind; } kinds[] = {
		{ "service", DEPENDENCY_SERVICE }, { "services", DEPENDENCY_SERVICES }, { "nodes", DEPENDENCY_NODES },
		{ "node", DEPENDENCY_NODE }, { "key", DEPENDENCY_KEY }, { "list", DEPENDENCY_LIST },
		{ "datacenters", DEPENDENCY_DATACENTERS }, { "connect", DEPENDENCY_CONNECT },
		{ "caroots", DEPENDENCY_ROOTS }, { "caleaf", DEPENDENCY_LEAF },
	};
	CLEANUP(buf_release) struct buf name = BUF_INIT;
	const char *expected = text_of(test, "dependency");
	struct error error = ERROR_INIT;
	struct dependency dependency;
	size_t i = 0;

	while (strcmp(kinds[i].name, text_of(test, "kind")))
		i++;
	if (!dependency_parse(kinds[i].kind, text_of(test, "arg"), &dependency, &error)) {
		if (json_is_true(json_object_get(test, "error")) && !*expected)
			return true;
		complain(test, "fails", expected, error.text);
		return false;
	}
	dependency_name(&dependency, &name);
	if (strcmp(name.data, expected)) {
		complain(test, "dependency", expected, name.data);
		return false;
	}
	/* An answer that is an error is not converted. */
	return same_request(test, &dependency) &&
	       (json_is_true(json_object_get(test, "error")) || same_answer(test, &dependency));
}

int main(int argc, char **argv)
{
	size_t passed = 0, failed = 0, i;

	for (int file = 1; file < argc; file++) {
		json_error_t where;
		json_t *tree = json_load_file(argv[file], JSON_ALLOW_NUL, &where), *test;

		if (!tree) {
			printf("%s:%d: %s\n", argv[file], where.line, where.text);
			failed++;
			continue;
		}
		json_array_foreach(json_object_get(tree, "cases"), i, test) {
			bool fine = json_object_get(test, "kind") ? run_mapping(test) : run_template(test);

			passed += fine;
			failed += !fine;
		}
		json_decref(tree);
	}
	printf("%zu passed, %zu failed\n", passed, failed);
	return failed || !passed;
}
