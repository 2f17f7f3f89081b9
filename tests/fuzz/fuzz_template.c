/* Parses and renders any bytes as a template, in each profile.  The cases make a good corpus. */
#include <stdint.h>
#include <string.h>

#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char fixture[] =
	"[{\"Node\":\"n1\",\"Address\":\"10.0.0.1\",\"Port\":80,\"Name\":\"web\",\"Tags\":[\"a\"],\"Key\":\"a/b\","
	"\"Value\":\"v\",\"ServiceMeta\":{\"k\":\"1\"},\"Checks\":[{\"CheckID\":\"c\",\"Status\":\"critical\"}]}]";

struct source {
	struct template_provider data;
	json_t *list, *string;
};

static bool look_up(struct template_provider *self, const struct dependency *dependency,
		    const char *name, json_t **value)
{
	const struct source *source = (const struct source *)self;

	(void)dependency;
	*value = !strncmp(name, "kv.block", 8) || !strncmp(name, "kv.get", 6) ||
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

	if (template)
		template_render(template, input, &output, &error);
	template_free(template);
	template_output_release(&output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *const env[] = { "A=1", "B=a,b=c", "EMPTY=", NULL };
	struct source source = { { look_up }, json_loads(fixture, 0, NULL), json_string("{\"a\":[1,\"x\"]}") };
	struct template_input input = {
		.dot = source.list, .env = env, .data = &source.data,
		.limits = { .memory = 1 << 20, .output = 1 << 20, .steps = 20000, .seconds = 1 },
	};

	for (enum template_profile profile = TEMPLATE_GO; profile <= TEMPLATE_CONSUL; profile *= 2)
		render((const char *)data, size, profile, &input);
	json_decref(source.list);
	json_decref(source.string);
	return 0;
}
