#include "epoch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"

bool epoch_init(struct epoch *epoch, const char *path, struct error *error)
{
	*epoch = (struct epoch){ .path = path };
	return !path || access(path, F_OK) || file_read_number(path, &epoch->highest, error);
}

void epoch_catch_up(struct epoch *epoch)
{
	struct error ignored = ERROR_INIT;
	unsigned long number;

	if (epoch->path && file_read_number(epoch->path, &number, &ignored) &&
	    number > epoch->highest)
		epoch->highest = number;
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
