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

/* ---- for the owner ---- */

bool epoch_init(struct epoch *epoch, struct loop *loop, const char *path, struct error *error)
{
	*epoch = (struct epoch){
		.path = path,
		.on_saved = epoch->on_saved,
		.loop = loop,
		.writer = { .name = "the writer of an epoch", .on_gone = on_written },
	};
	if (!path)
		return true;
	epoch->staged = format_string("%s.new", path);
	if (!access(path, F_OK) && !file_read_number(path, &epoch->highest, error))
		return false;
	epoch->saved = epoch->highest;
	return true;
}

void epoch_stop(struct epoch *epoch)
{
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

void epoch_catch_up(struct epoch *epoch)
{
	struct error ignored = ERROR_INIT;
	unsigned long number;

	if (epoch->path && file_read_number(epoch->path, &number, &ignored) &&
	    number > epoch->highest)
		epoch->saved = epoch->highest = number;
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
