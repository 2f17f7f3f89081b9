#include "respond.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/printable.h"

void respond_text(struct exchange *exchange, int status, const char *text)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT;

	printable_add(&line, text, strlen(text), PRINTABLE_PLAIN);
	buf_add_char(&line, '\n');
	exchange_answer(exchange, status, "text/plain; charset=utf-8", line.data, line.used);
}

void respond_json(struct exchange *exchange, json_t *document)
{
	AUTOFREE char *text = json_dumps(document, JSON_COMPACT | JSON_PRESERVE_ORDER);

	if (text)
		exchange_answer(exchange, 200, "application/json", text, strlen(text));
	else
		respond_text(exchange, 500, "the document could not be made");
	json_decref(document);
}
