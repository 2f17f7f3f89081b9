/* log.h - one line per record: text, logfmt, JSON or ContainerPilot's default format.
 *
 * Records go to one descriptor through a writer (writer.h) and never block the loop.  A long record
 * is cut into pieces below 16 KiB, where Docker would split it; the pieces are marked `partial`.
 * Unsafe characters are escaped; of a child's line colours pass in the formats text and default.
 * In JSON, a child's line that is a JSON object is the member `data`, else `msg`.
 * Only main.c, app.c and callbacks of events log; lower layers return errors.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct loop;
struct writer;

#define LOG_LEVELS(X) X(DEBUG, "debug") X(INFO, "info") X(WARN, "warn") X(ERROR, "error")
enum log_level {
#define X(code, name) LEVEL_##code,
	LOG_LEVELS(X)
#undef X
};

#define LOG_FORMATS(X) \
	X(TEXT, "text") X(LOGFMT, "logfmt") X(JSON, "json") X(DEFAULT, "default")
enum log_format {
#define X(code, name) FORMAT_##code,
	LOG_FORMATS(X)
#undef X
};

/* The source of a child's line. */
struct log_origin {
	const char *job;
	const char *stream;		/* "stdout" or "stderr" */
	pid_t pid;
	unsigned piece;			/* 0: a whole line; n: the n-th piece of a line */
};

/* The subject of a message: fields in the formats logfmt and JSON.  Unset members are left out. */
struct log_subject {
	const char *kind;		/* the name's key: "job", "service", "election", "template" */
	const char *name;
	const char *event;
	pid_t pid;
};

enum { LOG_PIECE = 15 * 1024 };		/* most bytes of a message in one record */

/* Before log_open() records go to stderr at once, as text, at level info. */
bool log_open(struct loop *loop, const char *output, enum log_level level,
	      enum log_format format);	/* output: "stdout", "stderr" or a path; false: errno */
void log_reopen(void);			/* after the file was moved: opens a new one */
void log_close(void);			/* writes what is pending, for at most 0.5 s */

bool log_wants(enum log_level level);
void log_child(const struct log_origin *origin, const char *text, size_t size);
void log_event(const char *source, const char *event);	/* debug */

/* While this writer is full, children's pipes are not read (output.h).  NULL: nothing is open. */
struct writer *log_writer(void);

/* A message is one record: a newline in it is escaped, like all that is unsafe (printable.h). */
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline struct log_subject subject(const char *kind, const char *name)
{
	return (struct log_subject){ .kind = kind, .name = name };
}

/* The subject comes first in the text, a job as its name, others as their kind and name: the format
 * goes on with " is ..." or ": ...". */
void log_about(enum log_level level, struct log_subject subject, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
