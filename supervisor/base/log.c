#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "buf.h"
#include "printable.h"
#include "writer.h"

#define CLOSE_TIMEOUT 0.5		/* seconds to write what is pending, at the end */
#define REDIRECT_TIMEOUT 0.1		/* the same while the loop runs */

static struct {
	enum log_level level;
	enum log_format format;
	int file;			/* -1: stdout or stderr */
	char *output;
	struct loop *loop;
	struct writer *writer;		/* NULL: nothing is open yet; stderr on first use */
	bool told;			/* stderr knows of the writer's trouble */
	struct buf line;
} logger = { .level = LEVEL_INFO, .file = -1, .line = BUF_INIT };

/* One record; unset members are left out. */
struct record {
	enum log_level level;
	const char *text;
	size_t size;
	const struct log_origin *origin;
	struct log_subject subject;
	bool event;			/* the subject and its event end the text */
};

static const char *const level_names[] = {
#define X(code, name) [LEVEL_##code] = name,
	LOG_LEVELS(X)
#undef X
};

static const char *const level_words[] = {
	[LEVEL_DEBUG] = "DEBUG", [LEVEL_INFO] = "INFO ",
	[LEVEL_WARN]  = "WARN ", [LEVEL_ERROR] = "ERROR",
};

/* Formats the date once a second: strftime() is the most expensive part of a record. */
static void print_time(struct buf *out, bool local)
{
	static char text[32], zone[8];
	static time_t second;
	static bool was_local;
	struct timespec now;
	struct tm parts;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != second || local != was_local) {
		second = now.tv_sec;
		was_local = local;
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S",
			 local ? localtime_r(&second, &parts) : gmtime_r(&second, &parts));
		strftime(zone, sizeof zone, "%z", &parts);
	}
	if (local)
		buf_print(out, "%s.%09ld%.3s:%s", text, now.tv_nsec, zone, zone + 3);
	else
		buf_print(out, "%s.%03ldZ", text, now.tv_nsec / 1000000);
}

/* A logfmt value, quoted only if necessary. */
static void add_value(struct buf *out, const char *text)
{
	size_t size = strlen(text);

	if (size && !strpbrk(text, " =\"\\\t") && printable_is_safe(text, size))
		buf_add(out, text);
	else
		printable_quote(out, text, size);
}

static void add_name(struct buf *out, const char *name)
{
	printable_add(out, name, strlen(name), PRINTABLE_PLAIN);
}

/* Only a child's own lines may have colours: ours quote names and answers from outside. */
static void add_text(struct buf *out, const struct record *record)
{
	printable_add(out, record->text, record->size,
		      record->origin ? PRINTABLE_COLOURS : PRINTABLE_PLAIN);
}

static void print_text(struct buf *out, const struct record *record)
{
	print_time(out, false);
	buf_print(out, " %s ", level_words[record->level]);
	if (record->origin) {
		buf_add(out, "job/");
		add_name(out, record->origin->job);
		buf_print(out, "[%d] %s: ", record->origin->pid, record->origin->stream);
	}
	add_text(out, record);
	if (record->event) {
		buf_add_char(out, ' ');
		add_name(out, record->subject.name);
		buf_print(out, " %s", record->subject.event);
	}
	if (record->origin && record->origin->piece)
		buf_print(out, " [piece %u]", record->origin->piece);
}

static void print_default(struct buf *out, const struct record *record)
{
	print_time(out, true);
	buf_add_char(out, ' ');
	if (record->origin) {
		add_name(out, record->origin->job);
		buf_print(out, " %d ", record->origin->pid);
	}
	add_text(out, record);
	if (record->event) {
		buf_print(out, ": {%s ", record->subject.event);
		add_name(out, record->subject.name);
		buf_add_char(out, '}');
	}
}

static void print_logfmt(struct buf *out, const struct record *record)
{
	const struct log_origin *origin = record->origin;
	struct log_subject subject = record->subject;

	buf_add(out, "time=");
	print_time(out, false);
	buf_print(out, " level=%s", level_names[record->level]);
	if (subject.name) {
		buf_print(out, " %s=", subject.kind);
		add_value(out, subject.name);
	}
	if (subject.pid)
		buf_print(out, " pid=%d", subject.pid);
	if (origin)
		buf_print(out, " stream=%s", origin->stream);
	if (origin && origin->piece)
		buf_print(out, " partial=true seq=%u", origin->piece);
	if (subject.event)
		buf_print(out, " event=%s", subject.event);
	buf_add(out, " msg=");
	printable_quote(out, record->text, record->size);
}

/* Whole lines that are JSON objects, and have nothing to escape. */
static bool is_object(const struct record *record)
{
	json_t *object;
	bool fine;

	if (!record->origin || record->origin->piece || record->size < 2 || *record->text != '{')
		return false;
	object = printable_is_safe(record->text, record->size) ?
		json_loadb(record->text, record->size, JSON_REJECT_DUPLICATES, NULL) : NULL;
	fine = json_is_object(object);
	json_decref(object);
	return fine;
}

static void print_json(struct buf *out, const struct record *record)
{
	const struct log_origin *origin = record->origin;
	struct log_subject subject = record->subject;

	buf_add(out, "{\"time\":\"");
	print_time(out, false);
	buf_print(out, "\",\"level\":\"%s\"", level_names[record->level]);
	if (is_object(record)) {
		buf_add(out, ",\"data\":");
		buf_append(out, record->text, record->size);
	} else {
		buf_add(out, ",\"msg\":");
		printable_quote(out, record->text, record->size);
	}
	if (subject.name) {
		buf_print(out, ",\"%s\":", subject.kind);
		printable_quote(out, subject.name, strlen(subject.name));
	}
	if (subject.pid)
		buf_print(out, ",\"pid\":%d", subject.pid);
	if (origin)
		buf_print(out, ",\"stream\":\"%s\"", origin->stream);
	if (origin && origin->piece)
		buf_print(out, ",\"partial\":true,\"seq\":%u", origin->piece);
	if (subject.event)
		buf_print(out, ",\"event\":\"%s\"", subject.event);
	buf_add_char(out, '}');
}

static void (*const printers[])(struct buf *out, const struct record *record) = {
	[FORMAT_TEXT]    = print_text,
	[FORMAT_LOGFMT]  = print_logfmt,
	[FORMAT_JSON]    = print_json,
	[FORMAT_DEFAULT] = print_default,
};

static void put(const struct record *record)
{
	if (!logger.writer) {
		logger.writer = NEW(struct writer);
		writer_open(logger.writer, NULL, STDERR_FILENO);
	}
	buf_clear(&logger.line);
	printers[logger.format](&logger.line, record);
	buf_add_char(&logger.line, '\n');
	writer_add(logger.writer, logger.line.data, logger.line.used);
}

/* Reports the number of lost records once, as soon as there is room for the message. */
static void report_lost(void)
{
	unsigned long lost = logger.writer ? logger.writer->dropped : 0;
	char text[80];

	if (!lost || writer_is_full(logger.writer) || logger.writer->trouble)
		return;
	logger.writer->dropped = 0;
	snprintf(text, sizeof text, "%lu log records were lost: %s", lost,
		 logger.told ? "the log could not be written" : "nothing reads the log");
	logger.told = false;
	put(&(struct record){ .level = LEVEL_WARN, .text = text, .size = strlen(text) });
}

/* Once for each trouble, and only if stderr takes it at once. */
static void tell_trouble(void)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (!logger.writer || !logger.writer->trouble || logger.told)
		return;
	logger.told = true;
	if (poll(&ready, 1, 0) > 0 && ready.revents & POLLOUT)
		dprintf(STDERR_FILENO, "pilotfish: the log %s cannot be written, trying again: %s\n",
			logger.output, strerror(logger.writer->trouble));
}

static void emit(const struct record *record)
{
	if (record->level < logger.level)
		return;
	tell_trouble();
	report_lost();
	put(record);
}

static bool is_fifo(int fd)
{
	struct stat found;

	return fd >= 0 && !fstat(fd, &found) && S_ISFIFO(found.st_mode);
}

/* A FIFO without a reader is ENXIO; one whose reader goes breaks the pipe.  Opened for reading,
 * too, it holds the records until a reader comes (fifo(7)). */
static int open_file(const char *path)
{
	const int how = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | how, 0666);
	int both = is_fifo(fd) || (fd < 0 && errno == ENXIO) ? open(path, O_RDWR | how) : -1;

	if (both < 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return both;
}

static int open_output(const char *output, bool *is_file)
{
	*is_file = false;
	if (!strcmp(output, "stdout"))
		return STDOUT_FILENO;
	if (!strcmp(output, "stderr"))
		return STDERR_FILENO;
	*is_file = true;
	return open_file(output);
}

static void close_output(struct writer *writer, int file, double timeout)
{
	if (!writer)
		return;
	writer_flush(writer, timeout);
	writer_close(writer);
	free(writer);
	if (file >= 0)
		close(file);
}

/* Opens the new writer first: outputs that waited for room in the old one log at once. */
static bool redirect(struct loop *loop, const char *output)
{
	bool is_file;
	int old_file = logger.file, fd = open_output(output, &is_file);
	struct writer *old = logger.writer;
	char *old_name = logger.output;

	if (fd < 0)
		return false;
	logger.loop = loop;
	logger.output = copy_string(output);
	logger.file = is_file ? fd : -1;
	logger.writer = NEW(struct writer);
	writer_open(logger.writer, loop, fd);
	close_output(old, old_file, REDIRECT_TIMEOUT);
	free(old_name);
	return true;
}

/* An unchanged pipe keeps its writer, and with it the records that a slow reader has not read. */
static bool is_kept(const char *output)
{
	return logger.output && logger.file < 0 && !strcmp(logger.output, output);
}

bool log_open(struct loop *loop, const char *output, enum log_level level, enum log_format format)
{
	if (!is_kept(output) && !redirect(loop, output))
		return false;
	logger.level = level;
	logger.format = format;
	return true;
}

void log_reopen(void)
{
	if (logger.file >= 0 && !redirect(logger.loop, logger.output))
		log_error("cannot reopen the log %s: %m", logger.output);
}

void log_close(void)
{
	if (logger.writer)
		writer_flush(logger.writer, CLOSE_TIMEOUT);
	report_lost();
	close_output(steal(&logger.writer), logger.file, 0);
	free(steal(&logger.output));
	logger.file = -1;
	buf_release(&logger.line);
}

bool log_wants(enum log_level level)
{
	return level >= logger.level;
}

struct writer *log_writer(void)
{
	return logger.writer;
}

void log_child(const struct log_origin *origin, const char *text, size_t size)
{
	emit(&(struct record){ .level = LEVEL_INFO, .text = text, .size = size, .origin = origin,
			       .subject = { .kind = "job", .name = origin->job, .pid = origin->pid } });
}

void log_event(const char *source, const char *event)
{
	emit(&(struct record){ .level = LEVEL_DEBUG, .text = "event", .size = 5, .event = true,
			       .subject = { .kind = "source", .name = source, .event = event } });
}

__attribute__((format(printf, 3, 0)))
static void say(enum log_level level, struct log_subject subject, const char *format, va_list args)
{
	struct buf text = BUF_INIT;

	if (level < logger.level)
		return;
	if (subject.name && strcmp(subject.kind, "job") != 0)
		buf_print(&text, "%s ", subject.kind);
	if (subject.name)
		buf_add(&text, subject.name);
	buf_vprint(&text, format, args);
	emit(&(struct record){ .level = level, .subject = subject, .text = text.data,
			       .size = utf8_cut(text.data, text.used, LOG_PIECE) });
	buf_release(&text);
}

void log_about(enum log_level level, struct log_subject subject, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(level, subject, format, args);
	va_end(args);
}

#define DEFINE_LOG(function, level)			\
	void function(const char *format, ...)		\
	{						\
		va_list args;				\
							\
		va_start(args, format);			\
		say(level, (struct log_subject){ 0 }, format, args);	\
		va_end(args);				\
	}

DEFINE_LOG(log_debug, LEVEL_DEBUG)
DEFINE_LOG(log_info, LEVEL_INFO)
DEFINE_LOG(log_warn, LEVEL_WARN)
DEFINE_LOG(log_error, LEVEL_ERROR)
