#include "s6.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "s6_files.h"
#include "s6_job.h"

/* The services of s6-rc, and the needs of all jobs that begin after the scripts of cont-init.d. */
struct overlay {
	struct import *import;
	struct s6_service *services;
	size_t count;
	const char *last_script;	/* the job of the last script; NULL: none */
};

/* ---- s6-rc.d ---- */

static struct s6_service *find_service(const struct overlay *overlay, const char *name)
{
	for (size_t i = 0; i < overlay->count; i++)
		if (!strcmp(overlay->services[i].name, name))
			return &overlay->services[i];
	return NULL;
}

static bool read_kind(struct overlay *overlay, struct s6_service *service, const char *type)
{
	static const char *const kinds[] = {
		[S6_LONGRUN] = "longrun", [S6_ONESHOT] = "oneshot", [S6_BUNDLE] = "bundle",
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(type, kinds[i])) {
			service->kind = (enum s6_kind)i;
			return true;
		}
	return import_fail(overlay->import, "%s/type:1:1: found \"%.40s\", expected longrun, oneshot or bundle", service->folder,
			   type);
}

static bool read_service(struct overlay *overlay, const char *parent, const char *name)
{
	AUTOFREE char *folder = format_string("%s/%s", parent, name), *type = NULL;
	struct s6_service *service = &overlay->services[overlay->count];
	bool fine;

	if (!s6_is_folder(folder))
		return true;
	type = s6_text(overlay->import, folder, "type", &fine);
	if (!type)
		return fine;
	overlay->count++;
	service->name = copy_string(name);
	service->path = s6_image_path(folder);
	service->folder = steal(&folder);
	return read_kind(overlay, service, type) &&
	       s6_names(overlay->import, service->folder, "contents", &service->contents) &&
	       s6_names(overlay->import, service->folder, "dependencies", &service->dependencies);
}

/* Marks the service, its contents, and the dependencies of all these. */
static void want(struct overlay *overlay, struct s6_service *service)
{
	const struct strv *lists[] = { &service->contents, &service->dependencies };

	if (service->wanted)
		return;
	service->wanted = true;
	for (size_t list = 0; list < 2; list++)
		for (size_t i = 0; i < lists[list]->count; i++) {
			struct s6_service *other = find_service(overlay, lists[list]->items[i]);

			if (other)
				want(overlay, other);
		}
}

/* s6-overlay starts these bundles; without them, all services are wanted. */
static void want_all(struct overlay *overlay)
{
	struct s6_service *bundles[] = { find_service(overlay, "user"), find_service(overlay, "user2") };
	bool is_limited = bundles[0] && bundles[0]->kind == S6_BUNDLE;

	for (size_t i = 0; i < 2 && is_limited; i++)
		if (bundles[i])
			want(overlay, bundles[i]);
	for (size_t i = 0; i < overlay->count; i++) {
		struct s6_service *service = &overlay->services[i];

		if (!service->wanted && is_limited && service->kind != S6_BUNDLE)
			import_note(overlay->import, ": %s is left out: it is not in the bundle user.", service->name);
		service->wanted = service->wanted || !is_limited;
	}
}

static void add_need(json_t *needs, const struct s6_service *service)
{
	static const char *const states[] = { [S6_LONGRUN] = "running", [S6_ONESHOT] = "exitSuccess" };
	const char *state = service->is_ready_by_fd ? "healthy" : states[service->kind];
	AUTOFREE char *need = format_string("%s %s", service->job, state);

	json_array_append_new(needs, import_string(need));
}

/* A bundle stands for its contents. */
static void add_needs(struct overlay *overlay, json_t *needs, const struct strv *names, const char *job)
{
	for (size_t i = 0; i < names->count; i++) {
		struct s6_service *service = find_service(overlay, names->items[i]);

		if (!service && strcmp(names->items[i], "base") != 0)
			import_note(overlay->import, "jobs[%s].needs: there is no service %s.", job, names->items[i]);
		if (!service || service->seen)
			continue;
		service->seen = true;
		if (service->kind == S6_BUNDLE)
			add_needs(overlay, needs, &service->contents, job);
		else if (service->job)
			add_need(needs, service);
	}
}

static bool is_consumer(const struct s6_service *service)
{
	return s6_has(service->folder, "consumer-for");
}

static bool add_service(struct overlay *overlay, struct s6_service *service)
{
	if (!service->wanted || service->kind == S6_BUNDLE)
		return true;
	if (is_consumer(service)) {
		import_note(overlay->import, ": the logger %s is left out: pilotfish logs all output.", service->name);
		return true;
	}
	return service->kind == S6_LONGRUN ? s6_add_longrun(overlay->import, service, NULL)
					   : s6_add_oneshot(overlay->import, service, NULL);
}

/* Needs follow when it is known which services tell that they are ready. */
static void set_needs(struct overlay *overlay, const struct s6_service *service)
{
	json_t *needs, *job;
	size_t i;

	if (!service->job)
		return;
	for (i = 0; i < overlay->count; i++)
		overlay->services[i].seen = false;
	needs = json_array();
	add_needs(overlay, needs, &service->dependencies, service->job);
	json_array_foreach(json_object_get(overlay->import->tree, "jobs"), i, job)
		if (json_array_size(needs) && json_string_value(json_object_get(job, "name")) == service->job)
			json_object_set(job, "needs", needs);
	json_decref(needs);
}

static bool read_rc(struct overlay *overlay, const char *path)
{
	CLEANUP(strv_release) struct strv names = { 0 };

	if (!import_list_folder(overlay->import, path, &names))
		return false;
	overlay->services = alloc((names.count + 1) * sizeof *overlay->services);
	for (size_t i = 0; i < names.count; i++)
		if (!read_service(overlay, path, names.items[i]))
			return false;
	want_all(overlay);
	for (size_t i = 0; i < overlay->count; i++)
		if (!add_service(overlay, &overlay->services[i]))
			return false;
	for (size_t i = 0; i < overlay->count; i++)
		set_needs(overlay, &overlay->services[i]);
	return true;
}

/* ---- services.d and cont-init.d ---- */

static json_t *after_scripts(const struct overlay *overlay)
{
	AUTOFREE char *need = overlay->last_script ? format_string("%s exitSuccess", overlay->last_script) : NULL;

	return need ? json_pack("[o]", import_string(need)) : NULL;
}

typedef bool add_fn(struct overlay *overlay, struct s6_service *service);

static bool add_each(struct overlay *overlay, const char *path, mode_t type, add_fn *add)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	bool fine = import_list_folder(overlay->import, path, &names);

	for (size_t i = 0; i < names.count && fine; i++) {
		CLEANUP(s6_service_release) struct s6_service service = {
			.name = copy_string(names.items[i]), .folder = format_string("%s/%s", path, names.items[i]),
		};
		struct stat status;

		service.path = s6_image_path(service.folder);
		if (!stat(service.folder, &status) && (status.st_mode & S_IFMT) == type)
			fine = add(overlay, &service);
	}
	return fine;
}

static bool add_script(struct overlay *overlay, struct s6_service *script)
{
	bool is_first = !overlay->last_script;

	if (!s6_add_script(overlay->import, script, after_scripts(overlay)))
		return false;
	overlay->last_script = script->job;
	if (is_first)
		import_note(overlay->import, "jobs[%s]: scripts of cont-init.d run one after the other. If one fails, nothing "
			    "that follows starts, as with S6_BEHAVIOUR_IF_STAGE2_FAILS = 2.", script->job);
	return true;
}

static bool read_scripts(struct overlay *overlay, const char *path)
{
	return add_each(overlay, path, S_IFREG, add_script);
}

static bool add_longrun(struct overlay *overlay, struct s6_service *service)
{
	if (!s6_has(service->folder, "run"))
		return true;
	if (s6_has(service->folder, "down")) {
		import_note(overlay->import, ": %s is left out: its file down keeps it from starting.", service->name);
		return true;
	}
	return s6_add_longrun(overlay->import, service, after_scripts(overlay));
}

static bool read_services(struct overlay *overlay, const char *path)
{
	return add_each(overlay, path, S_IFDIR, add_longrun);
}

static bool note_finish(struct overlay *overlay, const char *path)
{
	import_note(overlay->import, ": the scripts in %s are left out. A job with when = { source = \"global\"; once = "
		    "\"shutdown\"; } runs when the shutdown begins.", path);
	return true;
}

/* ---- the whole ---- */

static const struct {
	const char *name;		/* of the folder, below the one to import */
	bool (*read)(struct overlay *overlay, const char *path);
} parts[] = {
	{ "s6-rc.d", read_rc }, { "s6-overlay/s6-rc.d", read_rc }, { "etc/s6-overlay/s6-rc.d", read_rc },
	{ "cont-init.d", read_scripts }, { "etc/cont-init.d", read_scripts },
	{ "services.d", read_services }, { "etc/services.d", read_services },
	{ "cont-finish.d", note_finish }, { "etc/cont-finish.d", note_finish },
};

static bool has_types(const char *path)
{
	struct import import = { .path = path };
	CLEANUP(strv_release) struct strv names = { 0 };
	bool found = false;

	if (!import_list_folder(&import, path, &names))
		return false;
	for (size_t i = 0; i < names.count && !found; i++) {
		AUTOFREE char *folder = format_string("%s/%s", path, names.items[i]);

		found = s6_is_folder(folder) && s6_has(folder, "type");
	}
	return found;
}

/* "cont-init.d" of a path that ends so; NULL: it has no such name. */
static bool is_part(const char *path, const char *name)
{
	size_t length = strlen(path), size = strlen(name);

	while (length && path[length - 1] == '/')
		length--;
	return length >= size && !strncmp(path + length - size, name, size) &&
	       (length == size || path[length - size - 1] == '/');
}

bool s6_recognises(const char *path, const char *text)
{
	for (size_t i = 0; !text && i < sizeof parts / sizeof *parts; i++)
		if (is_part(path, parts[i].name) || s6_is_folder_in(path, parts[i].name))
			return true;
	return !text && has_types(path);
}

static bool read_parts(struct overlay *overlay, const char *path)
{
	bool fine = true, found = false;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (is_part(path, parts[i].name))
			return parts[i].read(overlay, path);
	for (size_t i = 0; i < sizeof parts / sizeof *parts && fine; i++) {
		AUTOFREE char *part = format_string("%s/%s", path, parts[i].name);
		bool is_second = overlay->services && parts[i].read == read_rc;

		if (s6_is_folder(part) && !is_second) {
			found = true;
			fine = parts[i].read(overlay, part);
		}
	}
	return fine && (found || read_rc(overlay, path));
}

bool s6_read(struct import *import)
{
	struct overlay overlay = { .import = import };
	bool fine = read_parts(&overlay, import->path);

	if (!json_array_size(json_object_get(import->tree, "jobs")) && fine)
		fine = import_fail(import, "%s: found no service, expected folders of services with run or type", import->path);
	import_note(import, ": If the image also has a CMD, make it a job with essential = true: then pilotfish ends with it "
		    "and its exit code.");
	for (size_t i = 0; i < overlay.count; i++)
		s6_service_release(&overlay.services[i]);
	free(overlay.services);
	return fine;
}
