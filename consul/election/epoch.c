#include "epoch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"

enum { NUMBER_MAX = 32 };

bool epoch_init(struct epoch *epoch, const char *path, struct error *error)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	char *end;

	*epoch = (struct epoch){ .path = path };
	if (!path || access(path, F_OK))
		return true;
	if (!file_read_regular(path, NUMBER_MAX, &text, error))
		return false;
	errno = 0;
	epoch->highest = strtoul(text.data, &end, 10);
	if (errno || end == text.data || strcmp(end, "\n"))
		return fail(error, "%s: expected a number, found \"%.20s\"", path, text.data);
	return true;
}

static bool write_file(const char *path, unsigned long number)
{
	FILE *file = fopen(path, "we");
	bool fine = file && fprintf(file, "%lu\n", number) > 0 && !fflush(file) &&
		    !fdatasync(fileno(file));

	if (file)
		fine = !fclose(file) && fine;
	return fine;
}

static void save(const struct epoch *epoch)
{
	AUTOFREE char *staged = NULL;

	if (!epoch->path)
		return;
	staged = format_string("%s.new", epoch->path);
	if (!write_file(staged, epoch->highest) || rename(staged, epoch->path))
		log_warn("cannot save epoch %lu in %s: %s", epoch->highest, epoch->path,
			 strerror(errno));
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
