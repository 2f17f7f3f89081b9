/* Input: a document, as JSON, in the place of the status and of the graph.  All that is made of these for
 * people, drawings and Prometheus is made of it.
 *
 * Oracle: what a terminal or a drawing gets has no control character, not even in part, and each line of
 * the metrics is a comment or a sample.
 *
 * options: -max_len=4096
 */
#include <ctype.h>
#include <jansson.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "command/graph_text.h"
#include "command/status_table.h"
#include "metrics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth)
		__builtin_trap();
}

static void is_for_people(const struct buf *text)
{
	for (size_t i = 0; i < text->used; i++) {
		unsigned char c = (unsigned char)text->data[i];

		require(c == '\n' || c == '\t' || (c >= ' ' && c != 0x7f));
	}
}

static void are_samples(const struct buf *text)
{
	bool begins = true;

	for (size_t i = 0; i < text->used; i++) {
		char c = text->data[i];

		require(!begins || c == '#' || c == '_' || isalpha((unsigned char)c));
		begins = c == '\n';
	}
	require(begins);
}

static void print_all(const json_t *document)
{
	static void (*const drawings[])(const json_t *graph, struct buf *out) = {
		graph_text_dot, graph_text_mermaid,
	};
	CLEANUP(buf_release) struct buf out = BUF_INIT;

	status_table_print(document, false, &out);
	is_for_people(&out);
	for (size_t i = 0; i < sizeof drawings / sizeof *drawings; i++) {
		buf_clear(&out);
		drawings[i](document, &out);
		is_for_people(&out);
	}
	for (int format = EXPOSITION_PROMETHEUS; format <= EXPOSITION_OPEN; format++) {
		buf_clear(&out);
		metrics_print(document, (enum exposition_format)format, &out);
		are_samples(&out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(json_decrefp) json_t *document = json_loadb((const char *)data, size, 0, NULL);

	if (json_is_object(document))
		print_all(document);
	return 0;
}
