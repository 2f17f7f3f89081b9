#include "side_files.h"

#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/process.h"

static void start_next(struct side_files *files);

static void end(struct side_files *files, const struct error *error)
{
	side_files_release(files);
	files->on_done(files, error);
}

static void end_step(struct side_files *files)
{
	files->next++;
	start_next(files);
}

static void on_committed(struct placement *placement)
{
	struct side_files *files = placement->owner;

	if (!placement->good) {
		files->error = placement->error;
		end(files, &files->error);
		return;
	}
	files->changed |= placement->state == TARGET_DIFFERS || files->new_is_change;
	log_about(LEVEL_INFO, subject("template", files->template), ": wrote %s, %zu bytes",
		  files->files[files->next].path, placement->text.used);
	end_step(files);
}

static void on_staged(struct placement *placement)
{
	struct side_files *files = placement->owner;

	if (placement->good && placement->state != TARGET_SAME) {
		placement_commit(placement, on_committed);
	} else if (placement->good) {
		end_step(files);
	} else {
		files->error = placement->error;
		end(files, &files->error);
	}
}

/* An empty owner or group is ours. */
static bool set_identity(struct target_config *config, const struct template_file *file,
			 struct error *error)
{
	AUTOFREE char *user = *file->owner ? copy_string(file->owner) : format_string("%u", geteuid());

	return (!*file->owner && !*file->group) ||
	       identity_parse(&config->identity, user, *file->group ? file->group : NULL, error) ||
	       fail_in(error, "%s", file->path);
}

static void start_next(struct side_files *files)
{
	struct template_file *file = &files->files[files->next];
	struct target_config config = { .perms = -1, .create_dirs = true };

	placement_free(steal(&files->placement));
	if (files->next == files->count) {
		end(files, NULL);
		return;
	}
	config.destination = file->path;
	config.perms = file->mode;
	files->error = (struct error)ERROR_INIT;
	if (!set_identity(&config, file, &files->error)) {
		end(files, &files->error);
		return;
	}
	files->placement = placement_new(files->loop, &config, &file->text);
	files->placement->owner = files;
	identity_release(&config.identity);
	placement_stage(files->placement, on_staged);
}

void side_files_start(struct side_files *files, struct loop *loop, struct template_output *output)
{
	files->loop = loop;
	files->files = output->files;
	files->count = output->file_count;
	files->next = 0;
	files->changed = false;
	start_next(files);
}

bool side_files_are_busy(const struct side_files *files)
{
	return files->placement;
}

void side_files_release(struct side_files *files)
{
	placement_free(steal(&files->placement));
}
