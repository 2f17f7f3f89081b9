/* Parses and renders any bytes as a template, in each profile.  The cases make a good corpus.
 *
 * Keys that begin with b, l and p have values of 512 KB: blanks, letters, pairs.  A render has a second,
 * which it may notice late, but not by more than two. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/task.h"
#include "template/dependency.h"
#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char fixture[] =
	"[{\"Node\":\"n1\",\"Address\":\"10.0.0.1\",\"Port\":80,\"Name\":\"web\",\"Tags\":[\"a\"],\"Key\":\"a/b\","
	"\"Value\":\"v\",\"ServiceMeta\":{\"k\":\"1\"},\"Checks\":[{\"CheckID\":\"c\",\"Status\":\"critical\"}]}]";

enum { LARGE = 512 * 1024 };

struct source {
	struct template_provider data;
	json_t *list, *string;
};

/* Made once: they are what takes longest. */
static json_t *large(int kind)
{
	static json_t *values[3];
	char *text;

	if (values[kind])
		return values[kind];
	text = alloc(LARGE + 1);
	for (int i = 0; i < LARGE; i++)
		text[i] = kind == 0 ? ' ' : (char)('a' + i % 26);
	for (int i = 0; kind == 2 && i + 9 <= LARGE; i += 9)
		snprintf(text + i, 10, "%06d:v,", 999999 - i / 9);
	text[LARGE - 1] = 'X';
	values[kind] = json_stringn(text, LARGE);
	free(text);
	return values[kind];
}

static bool look_up(struct template_provider *self, const struct dependency *dependency,
		    const char *name, json_t **value)
{
	const struct source *source = (const struct source *)self;

	const char *letters = "blp", *kind = strchr(letters, *dependency->name ? *dependency->name : '-');

	*value = kind && dependency->kind == DEPENDENCY_KEY ? large((int)(kind - letters)) :
		 !strncmp(name, "kv.block", 8) || !strncmp(name, "kv.get", 6) ||
		 !strncmp(name, "file", 4) ? source->string : source->list;
	return strcmp(name, "kv.block(none)") != 0;
}

static void render(const char *text, size_t size, enum template_profile profile,
		   const struct template_input *input)
{
	const struct template_options options = { .profile = profile, .missing_key = MISSING_ZERO };
	struct template_output output = { .text = BUF_INIT };
	struct error error = ERROR_INIT;
	struct template *template = template_parse("f", text, size, &options, &error);

	double begin = processor_now();

	if (template)
		template_render(template, input, &output, &error);
	if (processor_now() - begin > 3)
		__builtin_trap();
	template_free(template);
	template_output_release(&output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *const env[] = { "A=1", "B=a,b=c", "EMPTY=", NULL };
	struct source source = { { look_up }, json_loads(fixture, 0, NULL), json_string("{\"a\":[1,\"x\"]}") };
	struct template_input input = {
		.dot = source.list, .env = env, .data = &source.data,
		.limits = { .memory = 16 << 20, .output = 2 << 20, .steps = 20000, .seconds = 1 },
	};

	for (enum template_profile profile = TEMPLATE_GO; profile <= TEMPLATE_SOCKADDR; profile *= 2)
		render((const char *)data, size, profile, &input);
	json_decref(source.list);
	json_decref(source.string);
	return 0;
}
