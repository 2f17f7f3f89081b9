/* Input: a byte that selects the log's format and how the bytes arrive, and the output of a child.
 *
 * Each record is one line of UTF-8 without unsafe characters (printable.h), but for colours in the
 * formats text and default; a JSON record is valid JSON; and the records' messages together are the
 * child's output. */
#include <fcntl.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/output.h"
#include "base/printable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINE_MOST = 16 * 1024 };		/* Docker splits longer records */

static int file = -1;
static struct loop loop;

static void require(bool truth)
{
	if (!truth)
		__builtin_trap();
}

/* ESC [ 1;31 m */
static size_t colour_length(const char *text, size_t size)
{
	size_t length = 2;

	if (size < 3 || text[0] != '\x1b' || text[1] != '[')
		return 0;
	while (length < size && strchr("0123456789;:", text[length]) && text[length])
		length++;
	return length < size && text[length] == 'm' ? length + 1 : 0;
}

static void require_safe(const char *text, size_t size, bool colours)
{
	size_t from = 0;

	for (size_t i = 0; colours && i < size; i++) {
		size_t length = colour_length(text + i, size - i);

		if (!length)
			continue;
		require(printable_is_safe(text + from, i - from));
		from = i + length;
		i = from - 1;
	}
	require(printable_is_safe(text + from, size - from));
}

static void require_json(const char *text, size_t size)
{
	json_error_t where;
	json_t *record = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);

	require(json_is_object(record) && json_is_string(json_object_get(record, "msg")));
	json_decref(record);
}

static void require_records(const char *text, size_t size, enum log_format format)
{
	while (size) {
		const char *newline = memchr(text, '\n', size);
		size_t length = newline ? (size_t)(newline - text) : 0;

		require(newline != NULL);
		require_safe(text, length, format == FORMAT_TEXT || format == FORMAT_DEFAULT);
		if (format == FORMAT_JSON)
			require_json(text, length);
		text += length + 1;
		size -= length + 1;
	}
}

static void start(void)
{
	file = memfd_create("log", 0);
	require(file >= 0);
	loop_init(&loop);
}

/* In pieces of `piece` bytes, so that a line or a character is torn. */
static void feed(const uint8_t *data, size_t size, size_t piece)
{
	int child = -1;
	struct output *output = output_new(&loop, "a job", "stdout", &child);

	require(output != NULL);
	output->origin.pid = 7;
	fcntl(child, F_SETFL, O_NONBLOCK);
	while (size) {
		size_t part = size < piece ? size : piece;
		ssize_t written = write(child, data, part);

		ev_run(loop.ev, EVRUN_NOWAIT);
		if (written < 0)
			continue;
		data += written;
		size -= (size_t)written;
	}
	close(child);
	output_leave(output);
	ev_run(loop.ev, EVRUN_NOWAIT);
	output_free_left();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = { 1, 7, 512, 4096, 65536, 15 * 1024, 15 * 1024 + 1, 3 };
	char path[32];
	enum log_format format;
	off_t end;
	char *text;

	if (!size)
		return 0;
	if (file < 0)
		start();
	format = data[0] & 3;
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	require(ftruncate(file, 0) == 0);
	require(log_open(&loop, path, LEVEL_DEBUG, format));
	feed(data + 1, size - 1, pieces[data[0] >> 2 & 7]);
	if (data[0] & 0x20) {
		AUTOFREE char *line = strndup((const char *)data + 1, size - 1);

		log_info("%s", line);
		log_event(line, "healthy");
	}
	log_close();
	end = lseek(file, 0, SEEK_END);
	text = end > 0 ? mmap(NULL, (size_t)end, PROT_READ, MAP_SHARED, file, 0) : NULL;
	require(text != MAP_FAILED);
	require_records(text, (size_t)end, format);
	if (text)
		munmap(text, (size_t)end);
	return 0;
}
