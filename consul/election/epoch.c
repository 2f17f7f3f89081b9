#include "epoch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/offload.h"

enum { RETRY_SECONDS = 2 };

/* ---- the forked writer; async-signal-safe calls only ---- */

static bool write_all(int fd, const char *text)
{
	size_t size = strlen(text);

	return write(fd, text, size) == (ssize_t)size && !fdatasync(fd) && !close(fd);
}

/* Returns 0 or an errno. */
static int write_file(void *argument)
{
	const struct epoch *epoch = argument;
	int fd = open(epoch->staged, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0644);

	errno = fd < 0 ? errno : EIO;
	if (fd < 0 || !write_all(fd, epoch->text) || rename(epoch->staged, epoch->path))
		return errno;
	return 0;
}

/* ---- saving ---- */

static void complain(const struct epoch *epoch, const char *why)
{
	log_warn("cannot save epoch %lu in %s: %s", epoch->writing, epoch->path, why);
}

static void save(struct epoch *epoch)
{
	struct error error = ERROR_INIT;

	if (epoch_is_saved(epoch) || process_is_alive(&epoch->writer))
		return;
	epoch->writing = epoch->highest;
	snprintf(epoch->text, sizeof epoch->text, "%lu\n", epoch->writing);
	if (process_fork(&epoch->writer, epoch->loop, write_file, epoch, &error))
		return;
	complain(epoch, error.text);
	epoch->saved = epoch->writing;
}

static void on_written(struct process *process)
{
	struct epoch *epoch = container_of(process, struct epoch, writer);
	char text[64];

	status_print(process->status, text);
	if (process->status)
		complain(epoch, WIFEXITED(process->status) ? strerror(WEXITSTATUS(process->status))
							   : text);
	epoch->saved = epoch->writing;
	save(epoch);
	if (epoch_is_saved(epoch))
		epoch->on_saved(epoch);
}

bool epoch_is_saved(const struct epoch *epoch)
{
	return !epoch->path || epoch->saved == epoch->highest;
}

/* ---- reading ---- */

struct reading {
	struct offload offload;
	struct epoch *epoch;		/* not for the thread */
	char *path;
	unsigned long number;		/* 0: there is no file */
	bool good;
	struct error error;
};

static struct reading *reading_of(struct offload *offload)
{
	return container_of(offload, struct reading, offload);
}

static void read_file(struct offload *offload)
{
	struct reading *reading = reading_of(offload);

	reading->good = (access(reading->path, F_OK) && errno == ENOENT) ||
			file_read_number(reading->path, &reading->number, &reading->error);
}

static void release_reading(struct offload *offload)
{
	free(reading_of(offload)->path);
	free(reading_of(offload));
}

static void retry_later(struct epoch *epoch, const struct error *error)
{
	if (!epoch->complained)
		log_error("no election without its epoch file: %s", error->text);
	epoch->complained = true;
	timer_set(&epoch->retry, RETRY_SECONDS);
}

static void on_read(struct offload *offload)
{
	struct reading *reading = reading_of(offload);
	struct epoch *epoch = reading->epoch;

	epoch->reading = NULL;
	if (reading->good) {
		epoch->saved = epoch->highest = reading->number;
		epoch->on_read(epoch);
	} else {
		retry_later(epoch, &reading->error);
	}
	release_reading(offload);
}

void epoch_read(struct epoch *epoch)
{
	if (!epoch->path) {
		epoch->on_read(epoch);
		return;
	}
	epoch->reading = NEW(struct reading);
	*epoch->reading = (struct reading){
		.offload = { .run = read_file, .on_done = on_read, .release = release_reading },
		.epoch = epoch,
		.path = copy_string(epoch->path),
	};
	offload_start(&epoch->reading->offload, epoch->loop);
}

static void on_retry(struct timer *timer)
{
	epoch_read(container_of(timer, struct epoch, retry));
}

/* ---- for the owner ---- */

void epoch_init(struct epoch *epoch, struct loop *loop, const char *path)
{
	*epoch = (struct epoch){
		.path = path,
		.on_read = epoch->on_read,
		.on_saved = epoch->on_saved,
		.loop = loop,
		.writer = { .name = "the writer of an epoch", .on_gone = on_written },
	};
	timer_init(&epoch->retry, loop, on_retry);
	if (path)
		epoch->staged = format_string("%s.new", path);
}

void epoch_stop(struct epoch *epoch)
{
	timer_stop(&epoch->retry);
	if (epoch->reading)
		offload_abandon(&steal(&epoch->reading)->offload);
	process_signal(&epoch->writer, SIGKILL);
	process_forget(&epoch->writer);
	epoch->saved = epoch->highest;
}

void epoch_release(struct epoch *epoch)
{
	epoch_stop(epoch);
	free(epoch->staged);
	*epoch = (struct epoch){ .path = NULL };
}

void epoch_see(struct epoch *epoch, unsigned long seen)
{
	if (seen <= epoch->highest)
		return;
	epoch->highest = seen;
	save(epoch);
}

void epoch_forget(struct epoch *epoch)
{
	epoch->highest = 0;
	save(epoch);
}
