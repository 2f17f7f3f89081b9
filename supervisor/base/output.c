#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "alloc.h"

static struct list left = LIST_INIT(left);

static void log_piece(struct output *output, const char *text, size_t size)
{
	if (!output->quiet)
		log_child(&output->origin, text, size);
}

/* The end of a line: without the CR of those who think of terminals. */
static void end_line(struct output *output, const char *text, size_t size)
{
	if (size && text[size - 1] == '\r')
		size--;
	if (output->origin.piece)
		output->origin.piece++;
	log_piece(output, text, size);
	output->origin.piece = 0;
}

/* Log what is too long to be held until its end comes. */
static void shed(struct output *output)
{
	struct buf *line = &output->line;
	size_t from = 0;

	while (line->used - from > LOG_PIECE) {
		size_t size = utf8_cut(line->data + from, line->used - from, LOG_PIECE);

		if (!size)
			size = LOG_PIECE;
		output->origin.piece++;
		log_piece(output, line->data + from, size);
		from += size;
	}
	buf_consume(line, from);
}

static void take(struct output *output, const char *data, size_t size)
{
	struct buf *tail = output->tail;

	if (tail && tail->used < OUTPUT_TAIL)
		buf_append(tail, data, size < OUTPUT_TAIL - tail->used ? size
							 : OUTPUT_TAIL - tail->used);
	while (size) {
		const char *newline = memchr(data, '\n', size);
		size_t length = newline ? (size_t)(newline - data) : size;

		if (newline && !output->line.used && length <= LOG_PIECE) {
			end_line(output, data, length);
		} else {
			buf_append(&output->line, data, length);
			shed(output);
			if (newline) {
				end_line(output, output->line.data, output->line.used);
				buf_clear(&output->line);
			}
		}
		length += newline ? 1 : 0;
		data += length;
		size -= length;
	}
}

static void flush_line(struct output *output)
{
	if (!output->line.used)
		return;
	end_line(output, output->line.data, output->line.used);
	buf_clear(&output->line);
}

/* Read at most `most` bytes.  False: the pipe has ended. */
static bool pull(struct output *output, size_t most)
{
	static char chunk[OUTPUT_TURN];
	ssize_t n;

	do
		n = read(output->fd, chunk, most < sizeof chunk ? most : sizeof chunk);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		take(output, chunk, (size_t)n);
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static void on_room(struct room_waiter *room)
{
	struct output *output = container_of(room, struct output, room);

	io_set(&output->io, output->fd, IO_READ);
}

static void on_readable(struct io *io, int events)
{
	struct output *output = container_of(io, struct output, io);
	struct writer *writer = output->quiet ? NULL : log_writer();

	(void)events;
	if (writer && writer_is_full(writer)) {
		io_stop(io);
		writer_wait(writer, &output->room);
	} else if (!pull(output, OUTPUT_TURN)) {
		flush_line(output);
		io_stop(io);
		output->ended = true;
		if (!list_empty(&output->link))
			output_free(output);
	}
}

struct output *output_new(struct loop *loop, const char *job, const char *stream, int *child)
{
	struct output *output;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	output = NEW(struct output);
	*output = (struct output){
		.fd = ends[0],
		.job = copy_string(job),
		.line = BUF_INIT,
		.room = { .on_room = on_room },
	};
	output->origin = (struct log_origin){ .job = output->job, .stream = stream };
	list_init(&output->link);
	list_init(&output->room.link);
	io_init(&output->io, loop, on_readable);
	io_set(&output->io, output->fd, IO_READ);
	*child = ends[1];
	return output;
}

void output_free(struct output *output)
{
	if (!output)
		return;
	io_stop(&output->io);
	close(output->fd);
	list_remove(&output->link);
	list_remove(&output->room.link);
	buf_release(&output->line);
	free(output->job);
	free(output);
}

void output_leave(struct output *output)
{
	int waiting = 0;
	bool open = !output->ended;

	ioctl(output->fd, FIONREAD, &waiting);
	for (size_t most = (size_t)waiting; most && open; ) {
		size_t turn = most < OUTPUT_TURN ? most : OUTPUT_TURN;

		open = pull(output, turn);
		most -= turn;
	}
	flush_line(output);
	output->tail = NULL;
	if (output->ended)
		output_free(output);
	else
		list_append(&left, &output->link);
}

void output_free_left(void)
{
	while (!list_empty(&left))
		output_free(list_entry(left.next, struct output, link));
}
