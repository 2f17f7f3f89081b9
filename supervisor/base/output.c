#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "alloc.h"

static struct list lingering = LIST_INIT(lingering);	/* pipes that outlive their process */

static bool has_room(const struct output *output)
{
	const struct writer *writer = log_writer();

	return output->quiet || output->draining || !writer || !writer_is_full(writer);
}

static void log_part(struct output *output, const char *text, size_t size)
{
	if (!output->quiet)
		log_child(&output->origin, text, size);
}

/* Logs the end of a line, without a trailing CR. */
static void end_line(struct output *output, const char *text, size_t size)
{
	if (size && text[size - 1] == '\r')
		size--;
	if (output->origin.piece)
		output->origin.piece++;
	if (output->count)
		output->count->lines++;
	log_part(output, text, size);
	output->origin.piece = 0;
}

/* Logs a piece of a line that is too long to be held until its end arrives. */
static size_t log_piece(struct output *output, const char *text)
{
	size_t size = utf8_cut(text, LOG_PIECE + 1, LOG_PIECE);

	if (!size)
		size = LOG_PIECE;
	output->origin.piece++;
	log_part(output, text, size);
	return size;
}

/* Logs whole lines and pieces while the log has room.  Returns the number of bytes logged. */
static size_t log_whole(struct output *output, const char *data, size_t size)
{
	size_t done = 0;

	while (done < size && has_room(output)) {
		const char *text = data + done;
		size_t most = size - done <= LOG_PIECE ? size - done : LOG_PIECE + 1;
		const char *newline = memchr(text, '\n', most);

		if (newline) {
			end_line(output, text, (size_t)(newline - text));
			done += (size_t)(newline - text) + 1;
		} else if (most > LOG_PIECE) {
			done += log_piece(output, text);
		} else {
			break;
		}
	}
	return done;
}

static void log_held(struct output *output)
{
	struct buf *held = &output->held;

	buf_consume(held, log_whole(output, held->data, held->used));
	if (!held->used)
		buf_release(held);
}

static void take(struct output *output, const char *data, size_t size)
{
	struct buf *excerpt = output->excerpt;
	size_t done = 0;

	if (output->count)
		output->count->bytes += size;
	if (excerpt && excerpt->used < output->excerpt_most) {
		size_t room = output->excerpt_most - excerpt->used;

		buf_append(excerpt, data, size < room ? size : room);
	}
	if (!output->held.used)
		done = log_whole(output, data, size);
	buf_append(&output->held, data + done, size - done);
	if (!done)
		log_held(output);
}

static void flush_line(struct output *output)
{
	if (!output->held.used)
		return;
	end_line(output, output->held.data, output->held.used);
	buf_release(&output->held);
}

/* Reads at most `most` bytes.  False: the pipe has ended. */
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

/* Reads all that the pipe holds now.  Lines that find no room in the log count as lost (writer.h).
 */
static void drain(struct output *output)
{
	int waiting = 0;
	bool open = true;

	output->draining = true;
	log_held(output);
	ioctl(output->fd, FIONREAD, &waiting);
	for (size_t most = (size_t)waiting; most && open; ) {
		size_t turn = most < OUTPUT_TURN ? most : OUTPUT_TURN;

		open = pull(output, turn);
		most -= turn;
	}
	flush_line(output);
	output->draining = false;
}

static void wait_for_room(struct output *output)
{
	io_stop(&output->io);
	writer_wait(log_writer(), &output->room);
}

static void on_room(struct room_waiter *room)
{
	struct output *output = container_of(room, struct output, room);

	log_held(output);
	if (has_room(output))
		io_set(&output->io, output->fd, IO_READ);
	else
		wait_for_room(output);
}

static void on_readable(struct io *io, int events)
{
	struct output *output = container_of(io, struct output, io);

	(void)events;
	log_held(output);
	if (!has_room(output)) {
		wait_for_room(output);
	} else if (!pull(output, OUTPUT_TURN)) {
		drain(output);
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
		.held = BUF_INIT,
		.excerpt_most = OUTPUT_EXCERPT,
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
	buf_release(&output->held);
	free(output->job);
	free(output);
}

void output_leave(struct output *output)
{
	drain(output);
	output->excerpt = NULL;
	output->count = NULL;
	if (output->ended)
		output_free(output);
	else
		list_append(&lingering, &output->link);
}

void output_free_left(void)
{
	while (!list_empty(&lingering)) {
		struct output *output = list_entry(lingering.next, struct output, link);

		drain(output);
		output_free(output);
	}
}
