/* Input: a template, a NUL, and JSON.  Renders the template, and uses it as a format, with that data. */
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void render(const char *text, size_t size, json_t *dot)
{
	const struct template_options options = { .profile = TEMPLATE_GO };
	const struct template_input input = {
		.dot = dot, .limits = { .memory = 1 << 20, .output = 1 << 20, .steps = 20000, .seconds = 1 },
	};
	struct template_output output = { .text = BUF_INIT };
	struct error error = ERROR_INIT;
	struct template *template = template_parse("f", text, size, &options, &error);

	if (template && !template_render(template, &input, &output, &error) == !error.text[0])
		__builtin_trap();	/* failed without a message, or a message without a failure */
	template_free(template);
	template_output_release(&output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char format[] = "{{printf .f .d .n (index .l 0) (index .l 1) .l}}{{println .d | printf .f}}";
	const char *text = (const char *)data, *end = memchr(text, '\0', size);
	size_t length = end ? (size_t)(end - text) : size;
	json_t *dot = end ? json_loadb(end + 1, size - length - 1, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) :
		      NULL, *args;

	render(text, length, dot);
	args = json_pack("{s:o, s:O?, s:i, s:[f, b]}", "f", json_stringn_nocheck(text, length), "d", dot,
			 "n", -7, "l", 2.5, 1);
	render(format, strlen(format), args);
	json_decref(args);
	json_decref(dot);
	return 0;
}
