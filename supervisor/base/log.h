/* log.h - one line a record: text, logfmt, JSON or ContainerPilot's default.
 *
 * Records go to one descriptor by a writer (writer.h) and never block the loop.  A record is
 * cut below 16 KiB, where Docker would split it, and its pieces are marked `partial`.
 * Only main.c, app.c and callbacks of events log; what is below them returns errors.
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

/* Where a line of a child comes from. */
struct log_origin {
	const char *job;
	const char *stream;		/* "stdout" or "stderr" */
	pid_t pid;
	unsigned piece;			/* 0: a whole line; else its n-th part */
};

enum { LOG_PIECE = 15 * 1024 };		/* bytes of a message in one record */

/* Before log_open() records go straight to stderr, text, at level info. */
bool log_open(struct loop *loop, const char *output, enum log_level level,
	      enum log_format format);	/* output: "stdout", "stderr" or a path; false: errno */
void log_reopen(void);			/* after the file was moved away */
void log_close(void);			/* writes what is left, for as long as 0.5 s */

bool log_wants(enum log_level level);
void log_child(const struct log_origin *origin, const char *text, size_t size);
void log_event(const char *source, const char *event);	/* debug */

/* Does the reader of our output keep up?  If not, children's pipes are left full until it
 * does (output.h). */
struct writer *log_writer(void);

/* Each line of what they say is a record. */
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
