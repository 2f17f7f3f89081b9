#include "descendants.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "printable.h"

enum {
	READINGS = 5,			/* of /proc at most: under hidepid parents are always missing */
	NAMED = 8,
	GENERATIONS = 64,
};

struct relation {
	pid_t pid, parent, group;
	unsigned long long started;	/* clock ticks since boot */
	bool zombie, ours;
	char name[16];
};

struct family {
	struct relation *items;
	size_t count, room;
};

static bool read_relation(const char *pid, struct relation *relation)
{
	char path[64], text[512], state, *name, *rest;
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
	name = strchr(text, '(');
	rest = strrchr(text, ')');	/* the program's name before it may contain ')' */
	*relation = (struct relation){ .pid = (pid_t)atoi(text) };
	if (!name || !rest ||
	    sscanf(rest, ") %c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		   &state, &relation->parent, &relation->group, &relation->started) != 4)
		return false;
	relation->zombie = state == 'Z';
	snprintf(relation->name, sizeof relation->name, "%.*s", (int)(rest - name - 1), name + 1);
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

bool descendants_include(pid_t ancestor, pid_t pid)
{
	struct relation relation = { .parent = pid };
	char name[16];

	for (int i = 0; i < GENERATIONS && relation.parent > 1; i++) {
		if (relation.parent == ancestor)
			return i > 0 && proc_is_ours();
		snprintf(name, sizeof name, "%d", (int)relation.parent);
		if (!read_relation(name, &relation))
			return false;
	}
	return false;
}

static void add_name(const struct relation *item, unsigned *count, struct buf *out)
{
	if (++*count > NAMED)
		return;
	buf_add(out, *count > 1 ? ", " : "");
	printable_repair(out, item->name, strlen(item->name));
	buf_print(out, "[%d]", (int)item->pid);
}

void descendants_name_group(pid_t group, struct buf *out)
{
	struct family family = { 0 };
	unsigned count = 0;

	if (proc_is_ours())
		read_family(&family);
	for (size_t i = 0; i < family.count; i++)
		if (family.items[i].group == group && !family.items[i].zombie)
			add_name(&family.items[i], &count, out);
	free(family.items);
}

void descendants_name_orphans(double seconds, bool (*is_known)(pid_t group), struct buf *out)
{
	struct family family = { 0 };
	double ticks = (double)sysconf(_SC_CLK_TCK);
	unsigned count = 0;
	struct timespec boot;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	if (proc_is_ours())
		read_family(&family);
	for (size_t i = 0; i < family.count; i++) {
		const struct relation *item = &family.items[i];
		double age = (double)boot.tv_sec + 1e-9 * (double)boot.tv_nsec -
			     (double)item->started / ticks;

		if (item->parent == getpid() && !item->zombie && age <= seconds + 2 / ticks &&
		    !is_known(item->group))
			add_name(item, &count, out);
	}
	free(family.items);
}
