#include "descendants.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"

enum { READINGS = 5 };			/* of /proc at most: under hidepid parents are always missing */

struct relation {
	pid_t pid, parent;
	bool zombie, ours;
};

struct family {
	struct relation *items;
	size_t count, room;
};

static bool read_relation(const char *pid, struct relation *relation)
{
	char path[64], text[512], *rest;
	ssize_t size;
	int fd;

	snprintf(path, sizeof path, "/proc/%.16s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = read(fd, text, sizeof text - 1);
	close(fd);
	if (size <= 0)
		return false;
	text[size] = '\0';
	rest = strrchr(text, ')');	/* the program's name before it may contain ')' */
	if (!rest || strlen(rest) < 5)
		return false;
	*relation = (struct relation){
		.pid = (pid_t)atoi(text), .parent = (pid_t)atoi(rest + 4), .zombie = rest[2] == 'Z',
	};
	return true;
}

static void add(struct family *family, const char *pid)
{
	if (family->count == family->room) {
		family->room = family->room ? 2 * family->room : 64;
		family->items = alloc_resize(family->items, family->room * sizeof *family->items);
	}
	if (read_relation(pid, &family->items[family->count]))
		family->count++;
}

static void read_family(struct family *family)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (*entry->d_name >= '1' && *entry->d_name <= '9')
			add(family, entry->d_name);
	if (folder)
		closedir(folder);
}

static int by_pid(const void *one, const void *other)
{
	return ((const struct relation *)one)->pid - ((const struct relation *)other)->pid;
}

static const struct relation *find(const struct family *family, pid_t pid)
{
	const struct relation wanted = { .pid = pid };

	if (!family->count)
		return NULL;
	return bsearch(&wanted, family->items, family->count, sizeof wanted, by_pid);
}

static bool is_ours(const struct family *family, pid_t pid)
{
	const struct relation *found = find(family, pid);

	return pid == getpid() || (found && found->ours);
}

/* A parent that ends while /proc is read leaves children whose place in the family is unknown. */
static bool lacks_parents(const struct family *family)
{
	for (size_t i = 0; i < family->count; i++)
		if (family->items[i].parent && !find(family, family->items[i].parent))
			return true;
	return false;
}

static void read_sorted(struct family *family)
{
	for (int tries = 0; tries < READINGS; tries++) {
		family->count = 0;
		read_family(family);
		if (family->count)
			qsort(family->items, family->count, sizeof *family->items, by_pid);
		if (!lacks_parents(family))
			return;
	}
}

/* A child's pid is usually higher than its parent's, so that two rounds suffice. */
static void mark(struct family *family)
{
	bool changed;

	do {
		changed = false;
		for (size_t i = 0; i < family->count; i++) {
			struct relation *item = &family->items[i];

			if (!item->ours && is_ours(family, item->parent))
				item->ours = changed = true;
		}
	} while (changed);
}

/* The pids in the /proc of another PID namespace belong to other processes. */
static bool proc_is_ours(void)
{
	char pid[16] = "";

	return readlink("/proc/self", pid, sizeof pid - 1) > 0 && atoi(pid) == getpid();
}

/* Signals those that `before` does not list; true: there were some. */
static bool signal_new(const struct family *family, const struct family *before, int signo)
{
	bool some = false;

	for (size_t i = 0; i < family->count; i++) {
		const struct relation *item = &family->items[i];
		const struct relation *known = find(before, item->pid);

		if (!item->ours || item->zombie || (known && known->ours))
			continue;
		kill(item->pid, signo);
		some = true;
	}
	return some;
}

static unsigned count_ours(const struct family *family)
{
	unsigned count = 0;

	for (size_t i = 0; i < family->count; i++)
		count += family->items[i].ours && !family->items[i].zombie;
	return count;
}

/* A process may fork after /proc was read and before its signal comes: hence read /proc again, until
 * no descendant is new. */
unsigned descendants_signal(int signo)
{
	struct family now = { 0 }, before = { 0 };
	unsigned found = 0;
	bool more = proc_is_ours();

	for (int tries = 0; more && tries < READINGS; tries++) {
		read_sorted(&now);
		mark(&now);
		more = signal_new(&now, &before, signo);
		found = tries ? found : count_ours(&now);
		free(before.items);
		before = now;
		now = (struct family){ 0 };
	}
	free(before.items);
	return found;
}
